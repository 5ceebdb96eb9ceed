"""The page about a truth: numbers against what is known of made-up truths, and the files of a report."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import truth_factory as made
from scipy import stats

from nasrepro.errors import UserError
from nasrepro.metrics.resampling import Estimate
from nasrepro.reporting.style import styled
from nasrepro.reporting.truth_agreement import Agreement, agreement, spread_ranks
from nasrepro.reporting.truth_analysis import analyze_truth, edge_effects, percent_ranks
from nasrepro.reporting.truth_cells import COLUMNS, edge_figure
from nasrepro.reporting.truth_data import Measured, seed_spread, separately_measured
from nasrepro.reporting.truth_findings import truth_findings
from nasrepro.reporting.truth_noise import assess_noise, noise_ceiling_of
from nasrepro.reporting.truth_page import TruthReport
from nasrepro.reporting.truth_tables import agreement_table, edge_table, noise_table
from nasrepro.spaces import nb201, nb201_columns

ALIVE = 15_284


@pytest.fixture(scope="module")
def report() -> TruthReport:
    return TruthReport.of(made.truth(), made.truth("other-bench", seed=3))


@pytest.fixture(scope="module")
def means() -> TruthReport:
    return TruthReport.of(made.means_only())


@pytest.fixture(scope="module")
def folder(report: TruthReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report.write(tmp_path_factory.mktemp("truth") / "page", command="nasrepro benchmark show toy").parent


def test_distribution_tells_input_independent_cells_apart(report: TruthReport) -> None:
    main = report.analysis.table.primary.mean
    everyone, dependent, blind = report.analysis.samples[:3]
    assert [s.cells for s in (everyone, dependent, blind)] == [15_625, ALIVE, 341]
    alive = main[nb201_columns.reaches_output()]
    assert dependent.median == pytest.approx(np.median(alive))
    assert dependent.std == pytest.approx(np.std(alive, ddof=1, dtype=float), rel=1e-5)
    assert blind.maximum < 15 < dependent.minimum
    assert everyone.mean == pytest.approx(main.mean(dtype=float))
    assert {str(s.measured) for s in report.analysis.samples} == {
        "toy test after 25 epochs",
        "toy valid after 25 epochs",
    }


def test_cells_that_share_a_measurement_count_once() -> None:
    shared, apart = separately_measured(made.truth()), separately_measured(made.truth(shared=False))
    assert shared.size == 5_043
    assert apart.size == ALIVE
    assert np.unique(nb201_columns.functional_classes()[shared]).size == 5_043
    assert nb201_columns.reaches_output()[shared].all()


def test_noise_of_the_made_up_truth_is_found(report: TruthReport) -> None:
    noise = report.analysis.noise_of(report.analysis.table.primary)
    assert noise.cells == 5_043
    assert noise.trials == (5, 5)
    assert noise.seed_std == pytest.approx(made.SEED_STD, rel=0.03)
    assert (noise.low_std, noise.high_std) == pytest.approx((made.SEED_STD,) * 2, rel=0.05)
    true = made.worth()[separately_measured(report.analysis.table)].var()
    expected = true / (true + made.SEED_STD**2 / 5)
    assert noise.reliability.value == pytest.approx(expected, abs=0.01)
    assert noise.reliability.low < expected < noise.reliability.high
    assert noise.ceiling_from == ""
    cells = separately_measured(report.analysis.table)
    perfect = stats.kendalltau(made.worth()[cells], report.analysis.table.primary.mean[cells]).statistic
    assert noise.ceiling == pytest.approx(perfect, abs=0.02)
    assert noise.halves < noise.tau_other_split < noise.ceiling
    # the made-up splits have noise of their own in every trial, so that images matter as little as seeds
    assert noise.halves_apart == pytest.approx(noise.halves, abs=0.03)


def test_halves_on_the_other_split_see_the_images() -> None:
    full = made.truth()
    test, valid = full.final
    shift = np.random.default_rng(5).normal(0, 4, 5_044).astype(np.float32)[nb201_columns.functional_classes()]
    assert valid.trials is not None
    other = Measured("toy", "valid", 25, valid.mean + shift, valid.counts, valid.trials + shift[:, None])
    table = type(full)("b", "s", "00", (test, other), test.key, full.skeleton)
    found = assess_noise(table, test, separately_measured(table))
    assert found.halves_apart < found.halves - 0.2


def test_shorter_trainings_agree_less(report: TruthReport) -> None:
    taus = [noise.tau_primary for noise in report.analysis.noise if noise.measured.split == "valid"]
    assert taus == sorted(taus)
    assert taus[0] < taus[-1] - 0.2
    assert math.isnan(report.analysis.noise_of(report.analysis.table.primary).tau_primary)


def test_seed_noise_is_borrowed_from_the_other_split_and_said_so() -> None:
    full = made.truth()
    test, valid = full.final
    bare = Measured("toy", "test", 25, test.mean, test.counts, None)
    table = type(full)("b", "s", "00", (bare, valid), bare.key, full.skeleton)
    analysis = analyze_truth(table)
    found = analysis.noise_of(bare)
    assert math.isnan(found.reliability.value)
    assert found.ceiling == pytest.approx(noise_ceiling_of(full, test, separately_measured(full))[0], abs=0.02)
    assert found.ceiling_from == "toy valid after 25 epochs"
    assert "† Seed noise taken from" in noise_table(analysis).notes[-1]


def test_spread_over_trials() -> None:
    trials = np.array([[1, 3, np.nan], [5, np.nan, np.nan], [2, 2, 2], [np.nan] * 3], dtype=np.float32)
    assert seed_spread(trials) == pytest.approx([math.sqrt(2), math.nan, 0, math.nan], nan_ok=True)


def test_the_best_are_of_different_classes_with_their_ranks(report: TruthReport) -> None:
    main, best = report.analysis.table.primary.mean, report.analysis.best
    classes = nb201_columns.functional_classes()
    assert len({classes[b.index] for b in best}) == len(best) == 5
    assert best[0].value == main.max()
    assert best[0].ranks["toy/test/25"] == 1
    assert [b.value for b in best] == sorted((b.value for b in best), reverse=True)
    assert best[0].members == np.count_nonzero(classes == classes[best[0].index])
    assert report.analysis.near_best >= 1


def test_edge_effects_of_an_additive_truth_are_its_terms() -> None:
    terms = np.random.default_rng(2).normal(0, 1, (6, 5))
    terms -= terms.mean(axis=1, keepdims=True)
    values = 50 + terms[np.arange(6), nb201.op_table().astype(int)].sum(axis=1)
    found = edge_effects(Measured("toy", "test", 1, values, None, None))
    assert found.difference == pytest.approx(terms)
    assert found.overall == pytest.approx(50)
    assert found.share.sum() == pytest.approx(1)
    assert found.share == pytest.approx(terms.var(axis=1) / terms.var(axis=1).sum())


def test_edge_effects_leave_missing_cells_out_and_say_how_many_are_left() -> None:
    values = made.worth()
    values[nb201.op_table()[:, 0] == nb201.POOL] = np.nan
    found = edge_effects(Measured("toy", "test", 1, values, None, None))
    assert found.cells == 12_500
    assert np.isnan(found.difference[0, nb201.POOL])
    assert "12,500 cells" in edge_table(found).notes[0]
    with styled():
        assert "–" in edge_figure(found, "").svg


def test_the_heat_map_shows_sign_and_size_in_edge_order(report: TruthReport) -> None:
    table = edge_table(report.analysis.edges)
    assert [row["edge"].text for row in table.rows[:6]] == ["0→1", "0→2", "1→2", "0→3", "1→3", "2→3"]
    assert [column.label for column in table.columns[2:7]] == ["3×3", "1×1", "skip", "pool", "none"]
    values = report.analysis.edges.difference
    assert table.rows[3]["nor_conv_3x3"].value == pytest.approx(values[3, nb201.CONV3])
    with styled():
        svg = edge_figure(report.analysis.edges, "").svg
    for op in COLUMNS:
        assert f"{abs(values[3, op]):.1f}" in svg


def test_agreement_is_that_of_the_two_rankings(report: TruthReport) -> None:
    found = report.found
    assert found is not None
    a, b = found.table.primary.mean, found.other.primary.mean
    assert found.tau.value == pytest.approx(stats.kendalltau(a, b).statistic)
    assert found.params[1].value == pytest.approx(stats.kendalltau(found.other.params, b).statistic)
    assert found.live[0].value == pytest.approx(stats.kendalltau(nb201_columns.live_conv_sizes(), a).statistic)
    assert found.gain_params.value == pytest.approx(found.tau.value - found.params[1].value)
    assert found.tau.low < found.tau.value < found.tau.high
    assert (found.cells, found.classes) == (15_625, 5_044)
    # both truths are live convolutions plus luck of their own
    assert found.within_live.sign == 0
    assert found.gain_live.sign == -1


def test_a_truth_agrees_with_itself_and_beyond_size() -> None:
    truth = made.truth()
    found = agreement(truth, truth, groups=5)
    assert (found.tau.value, found.within_params.value) == pytest.approx((1, 1))
    assert found.gain_params.sign == 1
    sentences = " ".join(truth_findings(analyze_truth(made.means_only()), found))
    assert "predicts toy-bench better than the parameter count" in sentences
    assert "knows something" in sentences


@pytest.mark.parametrize(
    ("gain", "within", "words"),
    [
        ((0.1, 0.05, 0.15), (0.3, 0.2, 0.4), ["better than", "knows something"]),
        ((0.1, -0.05, 0.25), (0.1, -0.2, 0.4), ["not distinguishably", "nothing beyond size"]),
        ((-0.1, -0.2, -0.05), (-0.3, -0.4, -0.2), ["worse than", "the two disagree"]),
    ],
)
def test_words_follow_the_intervals(report: TruthReport, gain, within, words: list[str]) -> None:
    assert report.found is not None
    parts = {**vars(report.found), "gain_params": Estimate(*gain), "within_params": Estimate(*within)}
    sentences = " ".join(truth_findings(report.analysis, Agreement(**parts)))
    assert all(word in sentences for word in words)


def test_findings_of_a_noisy_truth(report: TruthReport) -> None:
    text = " ".join(report.findings)
    for words in ("15,284 cells", "341 cells", "perfect ranking", "Shorter trainings", "3×3 on edge"):
        assert words in text
    assert "nan" not in text


def test_a_truth_of_means_says_what_it_does_not_know(means: TruthReport) -> None:
    text = " ".join(means.findings)
    assert "Single trials are not known" in text
    assert "agree" not in text
    assert means.analysis.samples[0].cells == 15_623
    assert means.analysis.near_best == 0


def test_ranks() -> None:
    assert percent_ranks(np.array([5.0, 1.0, 5.0, np.nan])) == pytest.approx(
        [200 / 3, 50 / 3, 200 / 3, math.nan], nan_ok=True
    )
    spread = spread_ranks(np.array([2.0, 1.0, 2.0, 2.0]))
    assert sorted(spread) == [12.5, 37.5, 62.5, 87.5]
    assert spread[1] == 12.5


def test_files_of_the_report(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    tables = {"distribution.csv", "best.csv", "noise.csv", "agreement.csv", "edges.csv"}
    assert names == {"index.html", "tables.md", "tables.tex", "numbers.json", "figures", *tables}
    drawn = {"distribution", "best", "seed-noise", "epochs", "agreement", "edges"}
    assert {p.name for p in (folder / "figures").iterdir()} == {
        f"{n}.{e}" for n in drawn for e in ("svg", "png", "pdf")
    }


def test_the_page_loads_nothing_and_has_every_caption(folder: Path) -> None:
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert "<script" not in page
    assert page.count("<figcaption>") == 6
    for caption in re.findall(r"<figcaption>(.*?)</figcaption>", page, re.DOTALL):
        assert "cell" in caption
        assert "truth: made up for tests (toy-bench)" in caption
    for word in ("What the numbers show", "cells, not classes", "nasrepro benchmark show toy", "numbers.json"):
        assert word in page
    for link in re.findall(r'href="([^"#]+)"', page):
        assert (folder / link).is_file(), link


def test_numbers_are_json_without_nan(folder: Path, report: TruthReport) -> None:
    def refuse(text: str) -> None:
        raise AssertionError(text)

    numbers = json.loads((folder / "numbers.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert numbers == json.loads(json.dumps(report.numbers()))
    assert numbers["agreement"]["other"] == "other-bench"
    assert numbers["noise"][0]["measured"] == "toy/test/5"
    assert np.array(numbers["edges"]["difference"]).shape == (6, 5)
    assert numbers["noise"][2]["tau_primary"] is None
    assert (numbers["best"][0]["index"], numbers["primary"]) == (report.analysis.best[0].index, "toy/test/25")


def test_equal_truths_give_equal_files_and_figures_without_data_are_left_out(
    means: TruthReport, tmp_path: Path
) -> None:
    first = means.write(tmp_path / "first", command="x").parent
    second = TruthReport.of(made.means_only()).write(tmp_path / "second", command="x").parent
    for path in sorted(p for p in first.rglob("*") if p.is_file()):
        assert path.read_bytes() == (second / path.relative_to(first)).read_bytes(), path.name
    assert {path.stem for path in (first / "figures").iterdir()} == {"distribution", "best", "edges"}
    assert not (first / "agreement.csv").exists()


def test_the_agreement_table_has_its_baselines(report: TruthReport) -> None:
    assert report.found is not None
    table = agreement_table(report.found)
    assert [row["ranking"].text for row in table.rows] == [
        "toy-bench",
        "parameter count",
        "size of live convolutions",
        "noise ceiling",
    ]
    assert table.rows[-1].reference
    assert "5,044 functional classes" in table.notes[0]


def test_a_foreign_folder_is_not_replaced(means: TruthReport, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="no report of nasrepro"):
        means.write(tmp_path, command="x")
    assert (tmp_path / "thesis.txt").exists()
