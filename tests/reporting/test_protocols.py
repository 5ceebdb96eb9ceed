"""Several protocols side by side: a row each, tested among themselves, and never mixed."""

from __future__ import annotations

import csv
from pathlib import Path

import factory
import pytest

from nasrepro.errors import UserError
from nasrepro.records.record import RunRecord
from nasrepro.records.store import read_folder
from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.comparison import render_comparison
from nasrepro.reporting.comparison_table import full_table
from nasrepro.reporting.describe import caption, short_caption
from nasrepro.reporting.figures import row_looks
from nasrepro.reporting.findings import findings, unfinished

ROWS = ["random · sound", "rea · sound", "gdas · sound", "gdas · as-released", "randomnas · as-released"]


def runs(seeds: int = 10, **options: object) -> list[RunRecord]:
    """GDAS under two protocols, the others under one."""
    under = [("gdas", "as-released"), ("gdas", "sound"), ("randomnas", "as-released"), ("rea", "sound")]
    kinds = [*under, ("random", "sound")]
    return [
        factory.record(method, seed, protocol=protocol, **options)  # type: ignore[arg-type]
        for method, protocol in kinds
        for seed in range(seeds)
    ]


def test_protocols_share_a_table_only_where_that_is_asked_for() -> None:
    with pytest.raises(UserError, match="different protocol cannot share"):
        analyze(runs(1))
    analysis = analyze(runs(2), several_protocols=True)
    assert [result.method for result in analysis.methods] == ROWS
    assert [(result.name, result.protocol) for result in analysis.methods][3] == ("gdas", "as-released")
    assert analysis.protocols == ["sound", "as-released"]
    assert all(len({r.spec.protocol for r in result.records}) == 1 for result in analysis.methods)


def test_one_protocol_has_plain_rows_even_where_several_are_allowed() -> None:
    records = factory.records(["gdas", "rea"], 3)
    analysis = analyze(records, several_protocols=True)
    assert [result.method for result in analysis.methods] == ["rea", "gdas"]
    assert "protocol" not in {column.key for column in full_table(analysis).columns}
    assert "protocol sound;" in short_caption(records)


def test_only_rows_of_one_protocol_are_tested_against_each_other() -> None:
    analysis = analyze(runs(), several_protocols=True)
    assert set(analysis.pairs) == {
        ("random · sound", "rea · sound"),
        ("random · sound", "gdas · sound"),
        ("rea · sound", "gdas · sound"),
        ("gdas · as-released", "randomnas · as-released"),
    }
    assert analysis.winner is None
    # the exact mean of one uniform cell belongs to the truth, which all rows share
    assert [result.method for result in analysis.methods if result.versus_random] == ROWS[1:]


def test_random_runs_are_a_reference_for_their_own_protocol() -> None:
    analysis = analyze(runs(exact=False), several_protocols=True)
    assert [result.method for result in analysis.methods if result.versus_random] == ["rea · sound", "gdas · sound"]


def test_a_row_still_has_one_setting_and_each_seed_once() -> None:
    other = factory.other_settings(factory.record("gdas", 99, protocol="as-released"))
    with pytest.raises(UserError, match="one row never mixes them"):
        analyze([*runs(2), other], several_protocols=True)
    again = factory.record("gdas", 1, protocol="as-released")
    again = again.model_copy(update={"key": "f" * 20})
    with pytest.raises(UserError, match="have seed 1; a row has each seed once"):
        analyze([*runs(2), again], several_protocols=True)


def test_captions_name_the_protocols_and_what_was_not_run_under_all() -> None:
    words = "protocols sound and as-released, a row each (random and rea under sound only; randomnas under as-released"
    records = analyze(runs(2), several_protocols=True).records
    assert words in short_caption(records)
    assert "Scale and protocol: laptop, sound and as-released, a row each" in caption(records)
    both = [r for r in records if r.spec.method == "gdas"]
    assert "protocols sound and as-released, a row each;" in short_caption(both)


def test_a_method_has_one_colour_and_another_dash_per_protocol() -> None:
    styles = row_looks(analyze(runs(2), several_protocols=True))
    sound, released = styles["gdas · sound"], styles["gdas · as-released"]
    assert (sound.color, sound.marker) == (released.color, released.marker)
    assert sound.dash != released.dash
    assert styles["randomnas · as-released"].color != released.color


def test_the_page_has_a_row_each_and_says_so(tmp_path: Path) -> None:
    records = runs(3)
    records[0] = factory.record("gdas", 0, protocol="as-released", status="diverged")
    page = render_comparison(records, tmp_path / "out", title="Both", command="nasrepro compare")
    with (page.parent / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ROWS
    assert [row["protocol"] for row in rows] == [name.split(" · ")[1] for name in ROWS]
    assert [row["n"] for row in rows] == ["3", "3", "3", "2", "3"]
    text = page.read_text()
    for words in (
        "protocols sound and as-released",
        "only rows of one protocol are tested against each other",
        "<b>gdas · as-released</b>, seed 0: diverged",
    ):
        assert words in text
    stored = [record.spec.protocol for record in read_folder(page.parent / "records")]
    assert sorted(stored) == ["as-released"] * 6 + ["sound"] * 9
    assert unfinished(analyze(records, several_protocols=True))[0][0] == "gdas · as-released"


def test_findings_do_not_claim_more_than_was_tested() -> None:
    sentences = findings(analyze(runs(12), several_protocols=True))
    (between,) = [s for s in sentences if "paired over seeds" in s]
    assert "of one protocol" in between
