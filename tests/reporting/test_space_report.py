"""The page of a whole-space ranking: complete, self-contained, the same bytes every time, whole or absent."""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import space_factory
import truth_factory
from test_comparison import Page

from nasrepro.errors import UserError
from nasrepro.reporting import space_report
from nasrepro.reporting.space_ranking import CELLS, PARAMS
from nasrepro.reporting.space_report import RankReport
from nasrepro.reporting.space_sources import is_rank_report, read_sources

COMMAND = "nasrepro rank gdas,randomnas --seeds 0-2"
FIGURES = {"density", "tau-space", "best-scored", "probes", "tau"}


def never(benchmark: str) -> truth_factory.TruthTable:
    raise AssertionError(f"the truth of {benchmark} was opened")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def report() -> RankReport:
    """Two methods on three seeds, one of which diverged."""
    return RankReport.of(space_factory.sources({"randomnas": 1.0, "gdas": 0.4}, 3, diverged=[("gdas", 2)]))


@pytest.fixture(scope="module")
def out(report: RankReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports") / "rank"
    report.write(folder, title="A <title> & more", command=COMMAND)
    return folder


def test_every_file_is_there(out: Path, report: RankReport) -> None:
    assert {path.name for path in out.iterdir()} == {
        *("index.html", "numbers.json", "table.csv", "table.md", "table.tex", "figures", "records", "scores"),
        "truth.npz",
    }
    assert {path.name for path in (out / "figures").iterdir()} == {
        f"{n}.{e}" for n in FIGURES for e in ("svg", "png", "pdf")
    }
    assert {path.name for path in (out / "records").iterdir()} == {f"{r.key}.json.gz" for r in report.sources.records}
    assert {path.stem for path in (out / "scores").iterdir()} == set(report.sources.scores)
    assert is_rank_report(out)


def test_the_page_needs_nothing_from_elsewhere_and_escapes(out: Path) -> None:
    text = (out / "index.html").read_text()
    page = Page(text)
    assert page.open == []
    assert page.scripts == 0
    assert not re.search(r"https?:|@import|url\((?!#)|<link|<img", text)
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        assert link[1:] in page.ids if link.startswith("#") else (out / link).is_file()
    assert "A &lt;title&gt; &amp; more" in text
    assert COMMAND in text
    assert "the loss became NaN at step 120" in text
    for words in ("15,625 of 15,625 cells (cells, not classes)", "toy test after 25 epochs", "synthetic_100%"):
        assert words in text


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes most of the time; the same figures are drawn for other tests here."""
    monkeypatch.setattr(space_report, "space_figures", lambda *_: [])
    monkeypatch.setattr(space_report, "tau_figure", lambda *_: None)


def test_no_missing_number_shows_as_nan(out: Path, tmp_path: Path) -> None:
    flat = space_factory.file(flat=np.ones(15625))
    RankReport.of(flat).write(tmp_path / "flat", title="t", command="c")
    for folder in (out, tmp_path / "flat"):
        for name in ("index.html", "table.csv", "table.md", "table.tex", "numbers.json"):
            text = (folder / name).read_text().replace("the loss became NaN", "")
            text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL)
            assert not re.search(r"\b(nan|NaN|inf|None|Infinity)\b", text), name


def test_tables_and_json_hold_the_numbers_of_the_ranking(out: Path, report: RankReport) -> None:
    content = json.loads((out / "numbers.json").read_text())
    with (out / "table.csv").open(newline="") as file:
        rows = {row["ranking"]: row for row in csv.DictReader(file)}
    gdas = report.ranking.ordering("gdas", "loss")
    assert gdas is not None
    assert rows["gdas by loss"]["seeds"] == "0-1"
    assert float(rows["gdas by loss"]["tau.mean"]) == pytest.approx(np.mean(gdas.taus))
    assert float(rows[PARAMS]["tau.mean"]) == pytest.approx(report.ranking.baselines[PARAMS][CELLS]["tau"])
    assert float(rows["a perfect ranking"]["tau.mean"]) == pytest.approx(content["truth"]["noise_ceiling"])
    (entry,) = [e for e in content["rankings"] if (e["name"], e["by"]) == ("gdas", "loss")]
    assert [run["values"]["cells"]["tau"] for run in entry["runs"]] == list(gdas.taus)
    assert [run["seed"] for run in entry["runs"]] == [0, 1]
    assert {run["key"] for run in entry["runs"]} <= set(report.sources.scores)
    assert content["sets"]["classes"] == 5044
    assert {(d["first"], d["second"]) for d in content["differences"]} == {
        (d.first, d.second) for d in report.ranking.differences
    }


def test_latex_environments_are_balanced(out: Path) -> None:
    text = (out / "table.tex").read_text()
    assert text.count(r"\begin{") == text.count(r"\end{")
    plain = re.sub(r"\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")
    assert text.isascii()


def test_what_a_report_holds_renders_it_again(out: Path, tmp_path: Path) -> None:
    sources, about = read_sources(out, never)
    RankReport.of(sources).write(tmp_path / "again", title=about["title"], command=about["command"])
    assert contents(tmp_path / "again") == contents(out)


def test_a_report_without_its_truth_asks_for_it_and_compares(
    report: RankReport, tmp_path: Path, no_figures: None
) -> None:
    report.write(tmp_path / "out", title="t", command="c", keep_truth=False)
    assert not (tmp_path / "out" / "truth.npz").exists()
    found, _ = read_sources(tmp_path / "out", lambda name: truth_factory.truth(name))
    assert np.array_equal(found.table.primary.mean, report.ranking.table.primary.mean)
    with pytest.raises(UserError, match="another truth of 'toy-bench'"):
        read_sources(tmp_path / "out", lambda name: replace(truth_factory.truth(name), fingerprint="0" * 64))


def test_a_file_of_scores_is_ranked_without_records(tmp_path: Path) -> None:
    worth = truth_factory.worth()
    worth[:5] = np.nan
    made = RankReport.of(space_factory.file(mine=worth, theirs=-worth))
    made.write(tmp_path / "out", title="t", command="c")
    assert {path.name for path in (tmp_path / "out" / "figures").iterdir()} == {
        f"{name}.{end}" for name in FIGURES - {"probes", "tau"} for end in ("svg", "png", "pdf")
    }
    text = (tmp_path / "out" / "index.html").read_text()
    assert "15,620 of 15,625 cells" in text
    assert "mine.csv" in text
    sources, about = read_sources(tmp_path / "out", never)
    assert (sources.records, about["file"]["name"]) == ((), "mine.csv")
    for run, values in zip(sources.runs(), (worth, -worth), strict=True):
        assert np.array_equal(run.scores["score"], values, equal_nan=True)


@pytest.mark.parametrize("name", ["numbers.json", "truth.npz", "scores", "records"])
def test_damage_is_named(out: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(out, tmp_path / "out")
    path = tmp_path / "out" / name
    path = sorted(path.iterdir())[0] if path.is_dir() else path
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(UserError) as caught:
        read_sources(tmp_path / "out", never)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
