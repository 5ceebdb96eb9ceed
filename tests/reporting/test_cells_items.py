"""Figures about all cells of a small space: the numbers of runs, verdicts on what is said of them, tables and pages."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from text_factory import record, records

from nasrepro.metrics.ranking import kendall_tau
from nasrepro.papers.catalog import item
from nasrepro.papers.cells_figure import CellsItem
from nasrepro.papers.figure import FigureItem
from nasrepro.papers.table import TableItem
from nasrepro.records.record import RunRecord
from nasrepro.reporting.cells_tables import known_runs, places_table, worth_table
from nasrepro.reporting.cells_values import (
    Trainings,
    functions_of,
    judge_cells,
    quantity_of,
    rank_of,
    shared_matrices,
)
from nasrepro.reporting.ours import OursGroup, grouped
from nasrepro.reporting.reproduction import render_reproduction
from nasrepro.reporting.series import points_of
from nasrepro.reporting.series_figure import drawn_points, series_figure
from nasrepro.spaces.darts_rnn import RnnSpace

SPACE = RnnSpace(2)


def cells_item(name: str) -> CellsItem:
    found = item(name)
    assert isinstance(found, CellsItem)
    return found


def group_of(name: str, *methods: str) -> OursGroup:
    (group,) = grouped(item(name), records(list(methods), 10), [])
    return group


@pytest.fixture(scope="module")
def searched() -> OursGroup:
    return group_of("evaluating-search/figure-3", "random", "darts-v1", "nao", "enas")


@pytest.fixture(scope="module")
def shared() -> OursGroup:
    return group_of("evaluating-search/figure-4", "randomnas")


def test_places_count_from_the_best_cell() -> None:
    made = records(["random"], 1)[0]
    score = made.scores[0]

    def at(percentile: float | None) -> RunRecord:
        return made.model_copy(update={"scores": [score.model_copy(update={"percentile": percentile})]})

    assert rank_of(at(31.5 / 32)) == 1
    assert rank_of(at(0.5 / 32)) == 32
    assert rank_of(at(31 / 32)) == 1.5, "two equal best cells share their places"
    assert math.isnan(rank_of(at(None)))
    assert quantity_of("rank", [at(None)]) == {}


def test_equal_answers_are_counted_among_the_other_seeds() -> None:
    made = records(["enas"], 3)
    same = [record.model_copy(update={"found": made[0].found}) for record in made]
    assert quantity_of("alike", same) == {0: 1.0, 1: 1.0, 2: 1.0}
    other = made[0].found
    assert other is not None
    mixed = [*same[:2], same[2].model_copy(update={"found": other.model_copy(update={"genotype": "rnn2:9999"})})]
    assert quantity_of("alike", mixed) == {0: 0.5, 1: 0.5, 2: 0.0}
    assert quantity_of("alike", same[:1]) == {}


def test_tau_is_of_scores_and_not_of_lists_of_cells(shared: OursGroup) -> None:
    for seed, tau in quantity_of("tau", shared.records).items():
        probes = next(r.probes for r in shared.records if r.spec.seed == seed)
        assert probes is not None
        loss, truth = np.array(probes.checkpoints[-1].loss), np.array(probes.truth, dtype=float)
        assert tau == pytest.approx(kendall_tau(loss, truth))
        lists = kendall_tau(np.argsort(loss).astype(float), np.argsort(truth).astype(float))
        assert tau != pytest.approx(lists)


def test_cells_that_compute_the_same_are_one_function() -> None:
    cells = [genotype.id for genotype in SPACE]
    function = functions_of(cells)
    assert len(set(function.tolist())) == 26
    assert np.bincount(np.bincount(function)).tolist() == [0, 20, 6]


def test_shared_matrices_of_the_third_node() -> None:
    counts = [shared_matrices(genotype.id) for genotype in RnnSpace(3)]
    assert sorted(counts) == [0] * 4 + [1] * 4 + [2] * 4
    assert [shared_matrices(genotype.id) for genotype in RnnSpace(3) if genotype.nodes[2][1] == 2] == [2] * 4


def test_one_run_on_the_other_side_contradicts_what_is_said_of_every_run(searched: OursGroup) -> None:
    figure = cells_item("evaluating-search/figure-3")
    judged = judge_cells(figure, searched, None)
    every = [own for own in judged if own.claim.every]
    assert len(every) >= 4
    for own in every:
        assert own.tested is None
        assert own.verdict == ("holds" if own.fulfilled == len(own.values) == 10 else "contradicted")


def test_places_and_worth_have_a_row_for_each(searched: OursGroup, shared: OursGroup) -> None:
    figure = cells_item("evaluating-search/figure-3")
    places = places_table(known_runs(figure, [searched]))
    assert [row["who"].text for row in places.rows] == ["DARTS", "NAO", "ENAS", "random"]
    figure = cells_item("evaluating-search/figure-4")
    worth = worth_table(figure, known_runs(figure, [shared]))
    assert len(worth.rows) == 32
    truths = [row["truth"].value for row in worth.rows]
    assert truths == sorted(truths, key=lambda value: value or 0), "the best, that is the lowest, first"
    means = [row["moved"].value or 0 for row in worth.rows]
    assert sum(means) == pytest.approx(32 * 33 / 2)


def trainings() -> Trainings:
    """Orders that agree more and more with the last one."""
    rng = np.random.default_rng(0)
    final = np.linspace(80, 120, 32)
    noise = rng.normal(0, 1, (5, 32, 10)) * np.linspace(30, 1, 10)
    return Trainings(tuple(cell.id for cell in SPACE), tuple(range(1, 11)), final[None, :, None] + noise)


def test_the_order_after_a_share_of_the_training_is_held_against_the_last_one(shared: OursGroup) -> None:
    made = trainings()
    early, late = made.early_tau(0.3), made.early_tau(0.9)
    assert sorted(early) == list(range(5))
    assert np.mean(list(early.values())) < np.mean(list(late.values()))
    assert made.early_tau(0.999999) == pytest.approx(dict.fromkeys(range(5), 1.0))
    figure = cells_item("evaluating-search/figure-8")
    assert judge_cells(figure, shared, None)[0].verdict == "not measured"
    assert judge_cells(figure, shared, made)[0].values == early


@pytest.mark.parametrize(
    ("name", "methods"),
    [
        ("evaluating-search/figure-3", ["random", "nao"]),
        ("evaluating-search/figure-4", ["randomnas"]),
        ("evaluating-search/figure-8", ["randomnas"]),
    ],
)
def test_pages_hold_tables_claims_and_every_value(name: str, methods: list[str], tmp_path: Path) -> None:
    group = group_of(name, *methods)
    page = render_reproduction(item(name), [group], tmp_path / "page", {group.benchmark: trainings()})
    assert item(name).title in page.read_text(encoding="utf-8")
    with (page.parent / "data.csv").open(encoding="utf-8") as file:
        kinds = {row["what"] for row in csv.DictReader(file)}
    assert "true place of the answer" in kinds
    assert ("under shared weights" in kinds) == (methods != ["random"])
    assert "trained by itself" in kinds


def test_the_best_cell_of_the_space_and_the_best_of_all_seeds_are_rows_and_columns(tmp_path: Path) -> None:
    table = item("evaluating-search/table-3")
    assert isinstance(table, TableItem)
    group = group_of("evaluating-search/table-3", "random", "enas")
    page = render_reproduction(table, [group], tmp_path / "page")
    with (page.parent / "table.csv").open(encoding="utf-8") as file:
        rows = {(row["row"], row["source"]): row for row in csv.DictReader(file)}
    assert page.exists()
    best = rows["REAL-BEST", group.label]
    random = rows["RANDOM", group.label]
    tests = [score.value for record in group.records for score in record.scores if record.spec.method == "random"]
    lowest = min(value for value in tests if value is not None)
    keys = [key for key in random if key.startswith("best_test")]
    assert str(lowest)[:6] in " ".join(random[key] for key in keys)
    optimum = group.records[0].scores[0].optimum
    assert optimum is not None
    assert str(optimum)[:6] in " ".join(best.values())


def test_the_best_run_of_each_policy_is_the_one_that_ends_lowest() -> None:
    figure = item("evaluating-search/figure-2")
    assert isinstance(figure, FigureItem)
    made = [record("nao", seed, nodes=8, value=value) for seed, value in enumerate((120.0, 105.0, 130.0))]
    (group,) = grouped(figure, made, [])
    drawn = {panel.title: drawn_points(panel, points_of(group, panel.curves[1])) for panel in figure.panels}
    assert {title: sorted(own) for title, own in drawn.items()} == {
        "Mean over seeds": [0, 1, 2],
        "The best cell of each policy": [1],
    }
    drawing = series_figure(figure, group, 1)
    assert drawing is not None
    assert "the run that ends best" in drawing.caption
