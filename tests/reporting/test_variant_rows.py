"""Several settings of one method in one table: a row each, called by what differs."""

from __future__ import annotations

import csv
from pathlib import Path

import factory
import numpy as np
import pytest
from pydantic import JsonValue

from nasrepro.errors import UserError
from nasrepro.records.record import RunRecord
from nasrepro.records.scores import RunScores
from nasrepro.records.spec import Protocol
from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.cell_figure import cell_figure
from nasrepro.reporting.comparison import render_comparison
from nasrepro.reporting.comparison_table import full_table, pair_table, views
from nasrepro.reporting.describe import caption, short_caption
from nasrepro.reporting.dot_rows import DotRow, draw_rows
from nasrepro.reporting.figures import row_looks
from nasrepro.reporting.findings import findings
from nasrepro.reporting.space_sources import RankSources
from nasrepro.reporting.style import looks, new_figure, styled


def run(
    method: str, seed: int, tau: JsonValue = 10.0, *, lr: float = 0.1, protocol: Protocol = "sound", test: float = 94.0
) -> RunRecord:
    record = factory.record(method, seed, protocol=protocol, test=test + 0.01 * seed)
    return factory.with_settings(record, {"sampler": {"tau": tau, "size": 5}, "training": {"lr": lr}})


def runs(seeds: int = 3) -> list[RunRecord]:
    """Three temperatures of GDAS, in no order, beside two other methods."""
    level = {10.0: 94.0, 0.5: 92.0, None: 95.0}
    gdas = [run("gdas", seed, tau, test=value) for tau, value in level.items() for seed in range(seeds)]
    return [*gdas, *factory.records(["random", "randomnas"], seeds)]


ROWS = ["random", "gdas · tau=0.5", "gdas · tau=10", "gdas · tau=null", "randomnas"]


def test_rows_are_called_by_what_differs_and_stand_together_by_value() -> None:
    analysis = analyze(runs())
    assert [result.method for result in analysis.methods] == ROWS
    assert [result.name for result in analysis.methods][1:4] == ["gdas"] * 3
    assert [result.settings for result in analysis.methods][:3] == ["", "sampler.tau=0.5", "sampler.tau=10"]
    for result in analysis.methods:
        assert len({str(record.spec.settings) for record in result.records}) == 1, "a row never has two settings"
        assert result.seeds == [0, 1, 2]


def test_one_setting_has_a_plain_name() -> None:
    analysis = analyze([record for record in runs() if record.spec.settings.get("sampler", {}) != {}][:3])
    assert [result.method for result in analysis.methods] == ["gdas"]
    assert "settings" not in {column.key for column in full_table(analysis).columns}


def test_the_block_is_named_where_the_last_part_is_not_clear() -> None:
    first = factory.record("gdas", 0)
    kinds = [(1, 1, 7), (2, 1, 7), (1, 2, 7)]
    records = [
        factory.with_settings(first, {"sampler": {"lr": a, "beta": 0.5}, "training": {"lr": b, "steps": c}})
        for a, b, c in kinds
    ]
    assert [result.method for result in analyze(records).methods] == [
        f"gdas · sampler.lr={a} · training.lr={b}" for a, b in [(1, 1), (1, 2), (2, 1)]
    ]


def test_a_setting_that_some_records_lack_is_said_to_be_unset() -> None:
    old = factory.with_settings(factory.record("gdas", 0), {"sampler": {"size": 5}, "training": {"lr": 0.1}})
    assert [result.method for result in analyze([old, run("gdas", 0)]).methods] == ["gdas · tau=10", "gdas · tau unset"]


def test_pairs_are_tested_seed_by_seed_also_between_settings_of_one_method() -> None:
    analysis = analyze(runs(12))
    tested = analysis.pairs["gdas · tau=0.5", "gdas · tau=10"]
    assert (tested.comparison.n, tested.significant) == (12, True)
    assert tested.comparison.difference == pytest.approx(-2.0)
    assert analysis.winner == "gdas · tau=null"
    assert any("better than every other row here" in sentence for sentence in findings(analysis))
    assert "every other row" in " ".join(views(analysis, "")[0].notes)
    assert pair_table(analysis).title == "Tests between the rows"


def test_each_variant_has_a_look_of_its_own_which_a_protocol_only_dashes() -> None:
    other = [run("gdas", 0, tau, protocol="as-released") for tau in (0.5, 10.0)]
    analysis = analyze([*runs(2), *other], several_protocols=True)
    styles = row_looks(analysis)
    colors = {styles[f"gdas · sound · tau={tau}"].color for tau in ("0.5", "10", "null")}
    assert len(colors) == 3
    sound, released = styles["gdas · sound · tau=0.5"], styles["gdas · as-released · tau=0.5"]
    assert (sound.color, sound.marker) == (released.color, released.marker)
    assert sound.dash != released.dash


def test_a_protocol_s_own_settings_make_no_variant() -> None:
    records = [run("gdas", 0), run("gdas", 0, lr=0.5, protocol="as-released")]
    names = [result.method for result in analyze(records, several_protocols=True).methods]
    assert names == ["gdas · sound", "gdas · as-released"]


def test_settings_that_share_no_seed_are_no_comparison() -> None:
    with pytest.raises(UserError, match=r"seeds 0 and 1-2 differ in sampler\.tau; one row never mixes them"):
        analyze([run("gdas", 0, 0.5), run("gdas", 1), run("gdas", 2)])
    with pytest.raises(UserError, match="have seed 1; a row has each seed once"):
        analyze([run("gdas", 1), run("gdas", 1).model_copy(update={"key": "f" * 20})])
    threads = run("gdas", 1)
    spec = threads.spec.model_copy(update={"threads": 2})
    with pytest.raises(UserError, match="differ in threads or device"):
        analyze([run("gdas", 0), threads.model_copy(update={"spec": spec})])


def test_captions_say_in_full_what_the_rows_differ_in() -> None:
    records = analyze(runs()).records
    assert "rows of gdas differ in sampler.tau;" in short_caption(records)
    assert "Variants: rows of gdas differ in sampler.tau." in caption(records)
    other = [r for r in records if r.spec.method == "randomnas"]
    both = [r for r in records if r.spec.method == "gdas"]
    both += [factory.with_settings(r, {"sampler": {"tau": tau}}) for r in other for tau in (3, 4)]
    assert "; rows of gdas and randomnas differ in sampler.tau;" in short_caption(both)
    assert "differ in" not in short_caption([record for record in records if record.spec.method != "gdas"])


def test_the_page_and_its_table_have_a_row_each(tmp_path: Path) -> None:
    page = render_comparison(runs(), tmp_path / "out", title="Ablation", command="nasrepro compare")
    with (page.parent / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ROWS
    assert rows[1]["settings"] == "sampler.tau=0.5"
    assert float(rows[1]["test.mean"]) == pytest.approx(92.01)
    text = page.read_text()
    assert all(text.count(name) >= 3 for name in ROWS)


def test_found_cells_are_drawn_by_row() -> None:
    with styled():
        drawing = cell_figure(analyze(runs()), "made up")
    assert drawing is not None
    assert "Seeds of one row that found the same cell" in drawing.caption
    assert "gdas · tau=0.5" in drawing.svg


def test_rankings_of_the_space_are_told_apart_by_settings_too() -> None:
    records = [run("gdas", seed, tau) for tau in (0.5, 10.0) for seed in (0, 1)]
    scores = {record.key: RunScores(np.zeros(3), np.ones(3)) for record in records}
    sources = RankSources(None, tuple(records), scores)  # type: ignore[arg-type]
    assert [(scored.name, scored.seed) for scored in sources.runs()] == [
        (name, seed) for name in ("gdas · tau=0.5", "gdas · tau=10") for seed in (0, 1)
    ]


def test_a_long_name_leaves_the_panel_its_width() -> None:
    axes = new_figure(5, 3).subplots()
    look = next(iter(looks(["a"]).values()))
    given = ["randomnas · as-released", "e2nas · a=1 · bcdefghij=10 · k=3"]
    draw_rows(axes, [DotRow(name, [1.0, 2.0], look) for name in given])
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["randomnas · as-released", "e2nas\na=1 · bcdefghij=10 · k=3"]
