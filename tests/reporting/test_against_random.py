"""Is search better than random: the right reference, every p adjusted, an answer that claims no more than its tests."""

from __future__ import annotations

import csv
from pathlib import Path

import factory
import numpy as np
import pytest
import text_factory

from nasrepro.metrics.regret import expected_best
from nasrepro.reporting.against_random import against_random, answer
from nasrepro.reporting.against_random_table import random_views
from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.comparison import render_comparison


def runs(values: dict[str, list[float]], *, exact: bool = False) -> list[factory.RunRecord]:
    return [
        factory.record(method, seed, test=value, exact=exact)
        for method, own in values.items()
        for seed, value in enumerate(own)
    ]


RANDOM = [90.0 + 0.3 * n for n in range(10)]


def test_without_random_among_the_methods_there_is_no_section() -> None:
    analysis = analyze(factory.records(["gdas", "randomnas"], 10))
    assert analysis.exact_random
    assert against_random(analysis) == ()
    assert random_views(analysis, "") == []
    assert answer(()) == ""


def test_rows_are_paired_with_the_random_runs_where_nothing_more_is_known() -> None:
    worth = {"random": RANDOM, "gdas": [v + 1.5 for v in RANDOM], "rea": RANDOM[::-1], "randomnas": [80.0] * 10}
    found = {own.result.method: own for own in against_random(analyze(runs(worth)))}
    assert [found[name].verdict for name in ("gdas", "rea", "randomnas")] == [
        "better than random",
        "not distinguishable from random",
        "worse than random",
    ]
    assert found["gdas"].improvement.value == pytest.approx(0.875)
    assert found["gdas"].improvement.low < 0.875 < found["gdas"].improvement.high
    assert (found["gdas"].best, found["gdas"].best_random) == (pytest.approx(94.2), pytest.approx(92.7))
    assert found["gdas"].signed_rank == pytest.approx(3 * 2 / 2**10)  # Holm over three rows
    text = answer(list(found.values()))
    assert "Here it is for gdas; randomnas is shown to be worse; rea cannot be told from random." in text


def test_few_seeds_are_not_tested() -> None:
    compared = against_random(analyze(runs({"random": RANDOM[:5], "gdas": [95.0] * 5})))
    assert compared[0].verdict == "not tested: 5 seeds, 10 needed"
    assert (compared[0].signed_rank, compared[0].rank_sum) == (None, None)
    assert "That was not tested" in answer(compared)


def test_one_outlier_moves_the_mean_and_not_the_ranks() -> None:
    worth = {"random": RANDOM, "gdas": [v + 2 for v in RANDOM[:9]] + [10.0]}
    own = against_random(analyze(runs(worth)))[0]
    assert not own.mean.significant
    assert own.verdict in ("not distinguishable from random", "mean not distinguishable, though runs rank above")
    assert own.improvement.value > 0.75


def test_where_the_truth_covers_the_space_the_exact_distribution_is_the_reference() -> None:
    records = text_factory.records(["random"], 10) + text_factory.records(["randomnas"], 10)
    best = int(np.argmin(text_factory.truth_of(2)))
    records += [text_factory.record("enas", seed, answer=best) for seed in range(10)]
    analysis = analyze(records)
    found = {own.result.method: own for own in against_random(analysis)}
    assert set(found) == {"randomnas", "enas"}
    enas = found["enas"]
    assert enas.improvement.value == pytest.approx(1 - 0.5 / 32)
    assert enas.signed_rank is None
    assert enas.rank_sum == pytest.approx(2 * 2 / 2**10)
    assert enas.best == pytest.approx(text_factory.truth_of(2).min())
    assert enas.best_random == pytest.approx(-expected_best(-text_factory.truth_of(2), 10))
    assert enas.best_random > enas.best
    table = random_views(analysis, "")[0]
    assert "exact distribution" in table.notes[1]


def test_the_expected_best_is_that_of_simulated_draws() -> None:
    values = np.random.default_rng(0).normal(size=32)
    drawn = np.random.default_rng(1).choice(values, (20_000, 10)).max(axis=1).mean()
    assert expected_best(values, 10) == pytest.approx(drawn, abs=0.02)
    assert expected_best(values, 1) == pytest.approx(values.mean())
    with pytest.raises(ValueError, match="draw"):
        expected_best(values, 0)


def test_the_report_has_the_section_and_its_numbers(tmp_path: Path) -> None:
    worth = {"random": RANDOM, "gdas": [v + 1.5 for v in RANDOM]}
    render_comparison(runs(worth), tmp_path / "r", title="T", command="c")
    assert "Is search better than random?" in (tmp_path / "r" / "index.html").read_text(encoding="utf-8")
    with (tmp_path / "r" / "random.csv").open(newline="") as file:
        row = next(csv.DictReader(file))
    assert float(row["difference.difference"]) == pytest.approx(1.5)
    assert row["verdict"] == "better than random"
