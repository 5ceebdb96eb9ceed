"""Comparisons on benchmarks that train the found cells: what is not known is not shown, what was done is said."""

from __future__ import annotations

import csv
from pathlib import Path

import darts_factory as factory
import pytest

from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.comparison import render_comparison
from nasrepro.reporting.comparison_table import full_table, views
from nasrepro.reporting.describe import describe
from nasrepro.reporting.figures import all_figures
from nasrepro.reporting.findings import findings
from nasrepro.reporting.style import styled

METHODS = ["random", "randomnas", "gdas"]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = [factory.watched(run) if run.spec.method != "random" else run for run in factory.records(METHODS, 2)]
    return render_comparison(runs, tmp_path_factory.mktemp("r") / "out", title="Cells", command="nasrepro compare")


def test_nothing_is_said_of_the_rest_of_the_space() -> None:
    analysis = analyze(factory.records(METHODS, 3))
    assert analysis.trained
    assert not analysis.exact_random
    worth, others = views(analysis, "")[:2]
    assert [column.key for column in worth.columns] == ["method", "seeds", "test", "params", "vs_random"]
    assert [column.label for column in others.columns] == ["Method", "Test accuracy (%), best epoch"]
    assert not any(row.reference for row in full_table(analysis).rows)
    assert not any("best cell" in text or "uniform cell" in text for text in findings(analysis))
    assert "the random runs, paired by seed number" in " ".join(worth.notes)


def test_notes_say_how_cells_were_judged_and_sizes_are_of_the_trained_networks() -> None:
    runs = factory.records(["gdas"], 2)
    analysis = analyze(runs)
    worth, others = views(analysis, "")[:2]
    assert any("after its last epoch" in note and "100 minus this accuracy" in note for note in worth.notes)
    assert any("without auxiliary head" in note for note in worth.notes)
    assert any("the very test images that are scored" in note for note in others.notes)
    sizes = [run.found.params / 1e6 for run in runs if run.found]
    assert worth.rows[0]["params"].value == pytest.approx(sum(sizes) / 2)


def test_rankings_of_few_cells_say_what_chance_does() -> None:
    analysis = analyze(factory.records(["gdas"], 3))
    ranking = views(analysis, "")[2]
    note = ranking.notes[0]
    assert "over 12 probe cells" in note
    assert "With n = 12 cells, τ between unrelated rankings scatters by 0.22." in note
    assert "dead" not in note
    assert {"tau_live", "tau.live_params"}.isdisjoint(column.key for column in ranking.columns)
    with styled():
        drawn = {drawing.name: drawing for drawing in all_figures(analysis, "")}
    assert "n = 12 cells" in drawn["tau"].caption
    assert "Crosses" not in drawn["one-shot-vs-truth"].caption


def test_answers_on_the_way_have_no_truth_so_no_curve() -> None:
    point = factory.factory.record("gdas", 0).trace
    runs = [run.model_copy(update={"trace": point}) for run in factory.records(["gdas"], 2)]
    with styled():
        assert "anytime" not in [drawing.name for drawing in all_figures(analyze(runs), "")]


def test_the_supernet_is_described_without_stages() -> None:
    facts = {fact.label: fact.text for fact in describe(factory.records(["gdas"], 1))}
    assert facts["Supernets"].startswith("4 channels, 5 cells, images of 8×8 pixels")
    assert facts["τ over"].startswith("12 fixed probe cells")
    assert "2 training runs per found cell" in facts["Ground truth"]


def test_the_whole_page_is_made(page: Path) -> None:
    figures = {path.stem for path in (page.parent / "figures").iterdir()}
    assert figures == {"accuracy", "tau", "watched", "sharing", "one-shot-vs-truth", "cells"}
    with (page.parent / "table.csv").open(newline="") as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    assert float(rows["gdas"]["test.best.mean"]) == pytest.approx(float(rows["gdas"]["test.mean"]) + 0.5)
    assert 0.1 < float(rows["gdas"]["params.mean"]) < 1
    assert rows["gdas"]["regret.mean"] == rows["gdas"]["percentile.mean"] == ""
