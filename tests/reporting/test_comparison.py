"""A rendered comparison: complete, honest, self-contained, whole or absent."""

from __future__ import annotations

import csv
import gzip
import json
import re
import statistics
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import factory
import pytest
from scipy import stats

from nasrepro.errors import UserError
from nasrepro.records.record import RunRecord
from nasrepro.records.store import read_folder
from nasrepro.reporting import comparison
from nasrepro.reporting.comparison import render_comparison, terminal_comparison

METHODS = ["random", "random-search", "rea", "randomnas", "gdas"]
COMMAND = "nasrepro compare --methods gdas --seeds 0-2"
VOID = {"meta", "br", "link", "img", "hr", "input"}


def render(records: list[RunRecord], out: Path) -> Path:
    return render_comparison(records, out, title="A <title> & more", command=COMMAND)


def rows_of(out: Path) -> dict[str, dict[str, str]]:
    with (out / "table.csv").open(newline="") as file:
        return {row["method"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[RunRecord]]:
    """Five methods on three seeds, one run diverged and one failed, several scorings."""
    out = tmp_path_factory.mktemp("reports") / "new" / "compare"
    records = factory.records(METHODS, 3, extra_scorings=True)
    records[-1] = factory.record("gdas", 2, status="diverged")
    records[4] = factory.record("random-search", 1, status="failed")
    render(records, out)
    return out, records


class Page(HTMLParser):
    """Collects what the tests ask of a page, and that its elements are balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.scripts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.scripts += tag == "script"
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src"):
                self.links.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_file_of_the_report_is_there(mixed: tuple[Path, list[RunRecord]]) -> None:
    out, records = mixed
    tables = {"table.csv", "table.md", "table.tex", "random.csv"}
    assert {p.name for p in out.iterdir()} == {"index.html", *tables, "figures", "records"}
    names = {"accuracy", "anytime", "one-shot-vs-truth", "tau", "cells"}
    assert {p.name for p in (out / "figures").iterdir()} == {f"{n}.{e}" for n in names for e in ("svg", "png", "pdf")}
    assert {p.name for p in (out / "records").iterdir()} == {f"{record.key}.json.gz" for record in records}
    assert [p.name for p in out.parent.iterdir()] == ["compare"]


def test_csv_has_the_agreed_columns(mixed: tuple[Path, list[RunRecord]]) -> None:
    row = rows_of(mixed[0])["gdas"]
    assert list(row)[:3] == ["method", "seeds", "n"]
    expected = {f"test.{part}" for part in ("mean", "std", "low", "high", "n")}
    expected |= {"cifar100.test.mean", "cifar100.test.std", "digits.valid.mean", "regret.mean", "regret.std"}
    expected |= {
        "tau.mean",
        "tau.std",
        "tau_loss.mean",
        "tau.params",
        "tau.live_params",
        "tau.macs",
        "steps",
        "samples",
    }
    expected |= {"queries.valid", "seconds.mean", "percentile.mean", "diverged", "failed"}
    assert expected <= set(row)


def test_csv_values_are_those_of_the_records(mixed: tuple[Path, list[RunRecord]]) -> None:
    out, records = mixed
    rows = rows_of(out)
    assert set(rows) == set(METHODS)
    for method, row in rows.items():
        done = [r for r in records if r.spec.method == method and r.status == "done"]
        values = [r.scores[0].value for r in done]
        assert float(row["test.mean"]) == pytest.approx(statistics.mean(values))
        assert float(row["test.std"]) == pytest.approx(statistics.stdev(values))
        assert float(row["regret.mean"]) == pytest.approx(factory.OPTIMUM - statistics.mean(values))
        assert int(row["n"]) == len(done)
        assert float(row["cifar100.test.mean"]) == pytest.approx(statistics.mean(v - 20 for v in values))
    assert (rows["gdas"]["seeds"], rows["gdas"]["diverged"], rows["gdas"]["failed"]) == ("0-1", "1", "0")
    assert (rows["random-search"]["seeds"], rows["random-search"]["failed"]) == ("0,2", "1")
    taus = [
        stats.kendalltau(r.probes.checkpoints[-1].accuracy, r.probes.truth).statistic
        for r in records
        if r.spec.method == "randomnas" and r.probes
    ]
    assert float(rows["randomnas"]["tau.mean"]) == pytest.approx(statistics.mean(taus))
    assert rows["rea"]["tau.mean"] == ""


def test_the_page_needs_nothing_from_elsewhere(mixed: tuple[Path, list[RunRecord]]) -> None:
    out, _ = mixed
    text = (out / "index.html").read_text()
    page = Page(text)
    assert page.open == []
    assert page.scripts == 0
    assert not re.search(r"https?:|@import|url\((?!#)|<link|<img", text)
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        assert link[1:] in page.ids if link.startswith("#") else (out / link).is_file()


def test_the_page_says_what_went_wrong_and_escapes_it(mixed: tuple[Path, list[RunRecord]]) -> None:
    text = (mixed[0] / "index.html").read_text()
    assert "disk &lt;full&gt;" in text
    assert "the loss became NaN at step 120" in text
    assert "A &lt;title&gt; &amp; more" in text
    assert COMMAND in text


def test_captions_state_what_was_measured(mixed: tuple[Path, list[RunRecord]]) -> None:
    out, _ = mixed
    for name in ("index.html", "table.md"):
        text = (out / name).read_text().replace("\\", "")
        for word in ("nb201-digits", "synthetic_100%", "digits test after 60 epochs", "scale laptop", "seeds 0-2"):
            assert word in text
        for word in ("torch 2.13.0", "Testchip 9000", "60 probe cells"):
            assert word in text
    svg = (out / "figures" / "tau.svg").read_text()
    assert "Testchip 9000" in svg


def test_no_nan_leaks_into_numbers(mixed: tuple[Path, list[RunRecord]], tmp_path: Path) -> None:
    render([factory.record("gdas", 0, full=False, exact=False)], tmp_path / "one")
    for folder in (mixed[0], tmp_path / "one"):
        for name in ("index.html", "table.csv", "table.md", "table.tex"):
            text = (folder / name).read_text().replace("the loss became NaN", "")
            text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL)
            assert not re.search(r"\b(nan|NaN|inf|None)\b", text), name


def test_latex_environments_and_braces_are_balanced(mixed: tuple[Path, list[RunRecord]]) -> None:
    text = (mixed[0] / "table.tex").read_text()
    stack: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert stack == []
    plain = re.sub(r"\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")
    assert len(re.findall(r"(?<!\\)\$", plain)) % 2 == 0
    assert text.isascii()
    labels = re.findall(r"\\label\{(.*?)\}", text)
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    ("seeds", "present", "absent"),
    [(3, r"underpowered \(n", r"\bp \S+ 0\."), (12, r"\bp \S+ 0\.", r"underpowered \(n")],
)
def test_few_seeds_are_called_underpowered_and_many_get_p(
    seeds: int, present: str, absent: str, tmp_path: Path
) -> None:
    render(factory.records(["random", "rea"], seeds, full=False), tmp_path / "out")
    for name in ("index.html", "table.md"):
        text = (tmp_path / "out" / name).read_text()
        assert re.search(present, text)
        assert not re.search(absent, text)
    assert bool(rows_of(tmp_path / "out")["rea"]["vs_random.p"]) is (seeds == 12)


def test_only_a_shown_winner_is_bold(tmp_path: Path) -> None:
    for seeds in (3, 12):
        render(factory.records(["random", "rea"], seeds, full=False), tmp_path / str(seeds))
    assert "**rea**" in (tmp_path / "12" / "table.md").read_text()
    assert "**" not in (tmp_path / "3" / "table.md").read_text()


def test_a_changed_record_changes_its_row_and_no_other(tmp_path: Path) -> None:
    records = factory.records(["random", "rea"], 3, full=False)
    render(records, tmp_path / "out")
    before = rows_of(tmp_path / "out")
    records[-1] = factory.record("rea", 2, test=50.0, full=False)
    render(records, tmp_path / "out")
    after = rows_of(tmp_path / "out")
    assert after["random"] == before["random"]
    assert after["rea"]["test.mean"] != before["rea"]["test.mean"]


def test_the_records_are_copied_as_they_are(mixed: tuple[Path, list[RunRecord]]) -> None:
    out, records = mixed
    for record in records:
        content = json.loads(gzip.decompress((out / "records" / f"{record.key}.json.gz").read_bytes()))
        assert RunRecord.model_validate(content) == record


def test_a_report_of_earlier_days_is_read_and_its_plain_copies_make_room(tmp_path: Path) -> None:
    records = factory.records(["rea"], 2, full=False)
    render(records, tmp_path / "out")
    folder = tmp_path / "out" / "records"
    for path in folder.iterdir():
        (folder / path.name.removesuffix(".gz")).write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert read_folder(folder) == records
    render(read_folder(folder), tmp_path / "out")
    assert {path.name for path in folder.iterdir()} == {f"{record.key}.json.gz" for record in records}
    assert read_folder(folder) == records


def test_rendering_twice_gives_the_same_bytes(mixed: tuple[Path, list[RunRecord]], tmp_path: Path) -> None:
    out, records = mixed
    render(list(reversed(records)), tmp_path / "again")
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        assert (tmp_path / "again" / path.relative_to(out)).read_bytes() == path.read_bytes(), path.name


def test_failures_alone_still_make_a_report(tmp_path: Path) -> None:
    page = render([factory.record("gdas", 0, status="failed")], tmp_path / "out")
    assert "disk &lt;full&gt;" in page.read_text()
    assert rows_of(tmp_path / "out")["gdas"]["failed"] == "1"


def test_a_mixed_set_leaves_no_trace(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="smoke"):
        render([factory.record("gdas", 0), factory.record("gdas", 1, scale="smoke")], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_crash_while_writing_keeps_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [factory.record("rea", 0, full=False)]
    render(records, tmp_path / "out")
    before = (tmp_path / "out" / "index.html").read_bytes()

    def crash(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(comparison, "write_copies", crash)
    with pytest.raises(UserError, match="No space left"):
        render(records, tmp_path / "out")
    assert (tmp_path / "out" / "index.html").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_strangers_files_are_neither_replaced_nor_lost(tmp_path: Path) -> None:
    records = [factory.record("rea", 0, full=False)]
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("precious")
    with pytest.raises(UserError, match="no report of nasrepro"):
        render(records, mine)
    assert (mine / "thesis.tex").read_text() == "precious"
    render(records, tmp_path / "out")
    (tmp_path / "out" / "notes.md").write_text("read me")
    render(records, tmp_path / "out")
    assert (tmp_path / "out" / "notes.md").read_text() == "read me"


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match="file"):
            render([factory.record("rea", 0, full=False)], out)


def test_the_terminal_shows_the_same_numbers(mixed: tuple[Path, list[RunRecord]]) -> None:
    import io

    from rich.console import Console

    out, records = mixed
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(terminal_comparison(records))
    text = console.export_text()
    assert f"{float(rows_of(out)['rea']['test.mean']):.2f}" in text
    assert "underpowered" in text


def test_reporting_needs_no_torch() -> None:
    code = (
        "import sys, nasrepro.reporting.comparison, nasrepro.reporting.reproduction, nasrepro.reporting.figures;"
        "assert not {'torch', 'nasrepro.oracles'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
