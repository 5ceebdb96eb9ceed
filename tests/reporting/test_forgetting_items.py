"""Items on forgetting and on sampling drawn from synthetic records: one run, levels, columns of τ and of errors."""

from __future__ import annotations

import csv
from pathlib import Path
from statistics import fmean

import factory
import pytest

from nasrepro.papers.catalog import item
from nasrepro.papers.figure import FigureItem, Place
from nasrepro.papers.table import Column, TableItem
from nasrepro.records.record import RunRecord
from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.derived_series import series_of
from nasrepro.reporting.ours import OursGroup, grouped
from nasrepro.reporting.reproduction import render_reproduction
from nasrepro.reporting.reproduction_figure import means_table
from nasrepro.reporting.reproduction_values import judge_rows, values_of
from nasrepro.reporting.series import judge, levels_of, within
from nasrepro.reporting.series_figure import series_figure
from nasrepro.reporting.style import styled

SETTINGS = {"training": {"epochs": 20, "watched_cells": 12}}


def run(
    method: str, seed: int, *, forgets: float = 0.0, test: float | None = None, noise: float = 4.0, look: int = 50
) -> RunRecord:
    record = factory.with_settings(factory.record(method, seed, test=test, tau_noise=noise), SETTINGS)  # type: ignore[arg-type]
    return factory.watched(record, looks=look, forgets=forgets)


def figure(name: str) -> FigureItem:
    found = item(name)
    assert isinstance(found, FigureItem)
    return found


def table(name: str) -> TableItem:
    found = item(name)
    assert isinstance(found, TableItem)
    return found


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def forgetting() -> OursGroup:
    """GDAS forgets, RandomNAS does not."""
    records = [
        run(method, seed, forgets=60.0 * (method == "gdas")) for method in ("randomnas", "gdas") for seed in range(10)
    ]
    return OursGroup("ours, nb201-digits, laptop", records, fresh=True)


def test_a_fall_after_the_first_quarter_is_told_from_a_rise(forgetting: OursGroup) -> None:
    gdas, randomnas, *fluctuation = judge(figure("nsas/figure-1"), forgetting)
    assert (gdas.verdict, randomnas.verdict) == ("holds", "contradicted")
    assert {own.verdict for own in fluctuation} == {"no bound stated"}
    for own, method in zip(fluctuation, ("randomnas", "gdas"), strict=True):
        changes = {
            record.spec.seed: series_of(record, "change of watched cells")
            for record in forgetting.records
            if record.spec.method == method
        }
        expected = {seed: fmean(y for x, y in points if x > 10) for seed, points in changes.items()}
        assert own.values == pytest.approx(expected), "of all looks in the second 10 of 20 epochs"


def test_a_range_of_the_way_leaves_out_where_it_begins() -> None:
    assert within([2.0, 4.0, 6.0, 8.0], 0.5, 1) == [6, 8]
    assert within([2.0, 4.0, 6.0, 8.0], 0, 0.75) == [2, 4, 6]
    assert within([number / 3 for number in range(1, 8)], 0, 3 / 7) == pytest.approx([1 / 3, 2 / 3, 1])
    assert within([8.0], 0.2, 0.5) == []


def test_a_run_without_points_in_the_range_is_not_measured(forgetting: OursGroup) -> None:
    whole = figure("nsas/figure-1")
    place = Place(curve="gdas_change", share=0.5, since=0.499)
    claim = whole.claims[-1].model_copy(update={"at": place})
    (own,) = judge(whole.model_copy(update={"claims": [claim]}), forgetting)
    assert sorted(own.values) == list(range(10)), "the border is part of the range that ends there"
    claim = claim.model_copy(update={"at": place.model_copy(update={"share": 0.4995})})
    (own,) = judge(whole.model_copy(update={"claims": [claim]}), forgetting)
    assert own.verdict == "not measured"
    assert own.measured.sought == "'change of watched cells' at 49.9 % to 49.95 % of the way"


def test_a_share_of_the_way_is_the_nearest_point(forgetting: OursGroup) -> None:
    whole = figure("nsas/figure-1")
    places = {share: Place(curve="gdas_mean", share=share) for share in (0.0, 0.26, 1.0)}
    claims = [whole.claims[0].model_copy(update={"at": place, "minus": None}) for place in places.values()]
    first, quarter, last = judge(whole.model_copy(update={"claims": claims}), forgetting)
    watched = forgetting.records[10].watched
    assert watched is not None
    mean = [sum(look.after.right) * 100 / watched.images / 12 for look in watched.looks]
    assert first.values[0] == pytest.approx(mean[0])
    assert quarter.values[0] == pytest.approx(mean[12]), "the 13th of 50 looks"
    assert last.values[0] == pytest.approx(mean[-1])


def test_figure_1_shows_one_run_with_levels_and_means_of_the_others(forgetting: OursGroup, tmp_path: Path) -> None:
    whole = figure("nsas/figure-1")
    with styled():
        drawing = series_figure(whole, forgetting, 1)
    assert drawing is not None
    assert "One run each: RandomNAS and GDAS." in drawing.caption
    assert "Dashed in the color of a curve: the cell's stand-alone test accuracy" in drawing.caption
    assert "thin lines" not in drawing.caption, "50 points of ten seeds are drawn as means with bands"
    assert drawing.svg.count("cell 4") == 2
    curve = whole.curves["gdas_4"]
    watched = forgetting.records[10].watched
    assert watched is not None
    assert set(levels_of(forgetting, curve)[0].values()) == {watched.truth[3]}
    assert levels_of(forgetting, whole.curves["gdas_mean"]) == {}
    means = means_table(whole, [forgetting])
    assert [column.key for column in means.columns[3:]] == [key for key in whole.curves if key[-1] not in "1234"]
    assert len(means.rows) == 10, "of 50 looks as many as people read"
    assert [row["x"].value for row in means.rows] == [2.0 * part for part in range(1, 11)]
    data = rows_of(render_reproduction(whole, [forgetting], tmp_path / "out").parent / "data.csv")
    assert len([row for row in data if row["series"] == "watched cell 2"]) == 2 * 10 * 50
    assert len([row for row in data if row["series"] == "truth of watched cell 2"]) == 2 * 10 * 2


def test_few_points_keep_their_single_seeds() -> None:
    group = OursGroup("ours", [run("gdas", seed, look=10) for seed in range(4)], fresh=True)
    with styled():
        drawing = series_figure(figure("nsas/figure-3"), group, 1)
    assert drawing is not None
    assert "thin lines are single seeds (0-3, n = 4)" in drawing.caption


def ranked(seeds: int) -> OursGroup:
    """NSAS ranks better and finds worse."""
    records = [
        run(method, seed, noise=2.0 if "nsas" in method else 30.0, test=90.0 - ("nsas" in method) + 0.01 * seed)
        for method in ("randomnas", "randomnas-nsas", "gdas", "gdas-nsas", "gdas-ac")
        for seed in range(seeds)
    ]
    return OursGroup("ours, nb201-digits, laptop", records, fresh=True)


def test_a_column_of_tau_is_the_ranking_at_the_end_and_is_judged() -> None:
    whole, group = table("nsas/figure-4"), ranked(10)
    result = group.result(whole.row("GDAS-NSAS").variant)
    assert result is not None
    assert result.ranking is not None
    assert values_of(whole, whole.column("tau"), group.analysis, result) == result.ranking.taus
    assert [own.verdict for own in judge_rows(whole, group)] == ["contradicted"]
    of_tau = whole.model_copy(update={"claims": [*whole.claims, whole.claims[0].model_copy(update={"column": "tau"})]})
    assert [own.verdict for own in judge_rows(of_tau, group)] == ["contradicted", "holds"]
    assert [own.verdict for own in judge_rows(of_tau, ranked(5))] == ["inconclusive"] * 2


def test_tau_of_another_benchmark_stands_only_where_the_paper_looked_nothing_up() -> None:
    whole, group = table("nsas/figure-4"), ranked(2)
    result = group.result(whole.row("GDAS").variant)
    assert result is not None
    assert len(values_of(whole, whole.column("tau"), group.analysis, result)) == 2
    looked_up = whole.model_copy(update={"trained": False})
    assert values_of(looked_up, whole.column("tau"), group.analysis, result) == {}


def test_figure_4_has_rows_that_the_paper_has_not_and_forms_no_difference(tmp_path: Path) -> None:
    whole = table("nsas/figure-4")
    out = render_reproduction(whole, grouped(whole, ranked(10).records, []), tmp_path / "out").parent
    rows = rows_of(out / "table.csv")
    assert [row["source"] for row in rows if row["row"].startswith("GDAS")] == [
        *(["paper", "ours, nb201-digits, laptop"] * 2),
        "not in the paper, ours not run",
        "ours, nb201-digits, laptop",
    ]
    printed = [row["tau.mean"] for row in rows if row["source"] == "paper"]
    assert printed == ["0.0909", "0.4242", "-0.1818", "0.303"]
    assert not any(row["tau.ours_minus_paper.value"] for row in rows)
    verdicts = [row["verdict"] for row in rows_of(out / "claims.csv")]
    assert verdicts == ["contradicted"]
    page = (out / "index.html").read_text()
    assert "GDAS-AC, not in the paper" in page
    assert "−0.1818" in (out / "table.md").read_text(), "printed with a true minus"
    assert "Not in the paper, and added by us: GDAS-AC." in page
    assert "4 rows, 4 have numbers of ours beside them" in page
    assert "with the NSAS loss RandomNAS finds better cells" in page
    assert 'href="claims.csv"' in page
    assert "reproduced" not in page.split("</style>")[1].replace("nasrepro reproduce", "")


def sampled(seed: int, method: str, test: float) -> RunRecord:
    return factory.record(method, seed, test=test)


def test_an_error_is_what_an_accuracy_leaves(tmp_path: Path) -> None:
    whole = table("en2as/table-3")
    records = [
        sampled(seed, method, value + seed)
        for method, value in (("randomnas", 90.0), ("en2as", 92.0))
        for seed in (0, 1)
    ]
    groups = grouped(whole, records, [])
    out = render_reproduction(whole, groups, tmp_path / "out").parent
    ours = {row["row"]: row for row in rows_of(out / "table.csv") if row["source"].startswith("ours")}
    assert float(ours["Random sampling + RS"]["error.mean"]) == pytest.approx(9.5)
    assert float(ours["Novelty search + EA"]["error.std"]) == pytest.approx(0.5**0.5)
    assert ours["Novelty search + EA"]["ptb_test.mean"] == "", "a quoted column has nothing of ours"
    assert "digits.test.mean" not in ours["Novelty search + EA"], "the error stands for the benchmark's own scoring"
    best, *others = judge_rows(whole, groups[0])
    assert best.values == {0: pytest.approx(-2.0), 1: pytest.approx(-2.0)}
    assert {own.verdict for own in others} == {"not measured"}
    assert others[0].measured.sought == "'Test error (%)' of en2as and randomnas+ea"


def test_a_score_that_is_an_error_already_is_not_turned() -> None:
    whole = table("en2as/table-3")
    record = sampled(0, "en2as", 90.0)
    scores = [score.model_copy(update={"higher_is_better": False}) for score in record.scores]
    group = OursGroup("ours", [record.model_copy(update={"scores": scores})], fresh=True)
    (result,) = analyze(group.records).methods
    assert values_of(whole, whole.column("error"), group.analysis, result) == {}
    best = Column(key="b", label="Best", scoring="test", of="trace-best", error=True, higher_is_better=False)
    group = OursGroup("ours", [record], fresh=True)
    (result,) = analyze(group.records).methods
    assert values_of(whole, best, group.analysis, result) == {0: pytest.approx(10.0)}
