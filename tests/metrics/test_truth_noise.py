"""Reliability and noise ceiling on synthetic truths whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nasrepro.metrics.noise import noise_ceiling, reliability, reliability_interval
from nasrepro.metrics.ranking import kendall_tau


def simulated(kind: str, cells: int, seeds: int, noise: float, rng: np.random.Generator):
    """True means, and trials with normal seed noise."""
    if kind == "normal":
        true = rng.normal(90, 3, cells)
    elif kind == "skewed":
        true = 94 - rng.gamma(1.2, 4, cells)
    else:  # most cells close together at the top, a few far below, as in NAS-Bench-201
        true = np.where(rng.random(cells) < 0.15, rng.uniform(10, 80, cells), rng.normal(92, 1, cells))
    return true, true[:, None] + noise * rng.standard_normal((cells, seeds))


def ceiling_of(trials: np.ndarray, rng: np.random.Generator) -> float:
    return noise_ceiling(trials.mean(1), trials.std(1, ddof=1), trials.shape[1], rng, draws=20)


def test_reliability_is_right_on_average() -> None:
    rng = np.random.default_rng(1)
    found = [reliability(simulated("normal", 60, 4, 4.0, rng)[1]) for _ in range(400)]
    assert np.mean(found) == pytest.approx(9 / (9 + 16 / 4), abs=0.02)


def test_reliability_with_missing_trials_is_right_on_average() -> None:
    rng = np.random.default_rng(2)
    found = []
    for _ in range(400):
        trials = simulated("normal", 90, 4, 4.0, rng)[1]
        trials[:30, 1:] = math.nan
        trials[30:60, 2:] = math.nan
        found.append(reliability(trials))
    noise = 16 * np.mean([1, 1 / 2, 1 / 4])
    assert np.mean(found) == pytest.approx(9 / (9 + noise), abs=0.03)


def test_reliability_by_hand() -> None:
    # means 2 and 6, mean squares 16 (between) and 2 (within): 1 - 2 / 16
    assert reliability([[1, 3], [5, 7]]) == pytest.approx(0.875)


def test_reliability_of_pure_noise_is_near_zero_and_never_below() -> None:
    rng = np.random.default_rng(3)
    found = [reliability(rng.standard_normal((200, 5))) for _ in range(50)]
    assert min(found) == 0
    assert np.mean(found) < 0.12


def test_reliability_at_the_edges() -> None:
    nan = math.nan
    assert reliability([[1, 1], [2, 2]]) == 1
    assert math.isnan(reliability([[1, 1], [1, 1]]))
    assert math.isnan(reliability([[1, 2]]))
    assert math.isnan(reliability([[1, nan], [nan, 2]]))
    assert reliability([[1, 3], [nan, nan], [5, 7]]) == pytest.approx(0.875)
    with pytest.raises(ValueError, match="cells, seeds"):
        reliability([1, 2, 3])


def test_reliability_does_not_depend_on_the_level_of_the_accuracies() -> None:
    trials = np.random.default_rng(9).normal(0, 1e-3, (50, 3))
    assert reliability(trials + 95) == pytest.approx(reliability(trials), abs=1e-6)


def test_interval_of_the_reliability_is_that_of_drawing_cells_again() -> None:
    rng = np.random.default_rng(10)
    trials = simulated("normal", 80, 3, 4.0, rng)[1]
    trials[:20, 2] = math.nan
    by_hand = [reliability(trials[rng.integers(80, size=80)]) for _ in range(1_000)]
    found = reliability_interval(trials, rng)
    assert found == pytest.approx(tuple(np.quantile(by_hand, [0.025, 0.975])), abs=0.03)
    assert found[0] < reliability(trials) < found[1]


def test_interval_of_the_reliability_covers_it() -> None:
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(150):
        low, high = reliability_interval(simulated("normal", 150, 4, 4.0, rng)[1], rng, draws=150)
        hits += low <= 9 / (9 + 16 / 4) <= high
    assert 0.87 <= hits / 150 <= 0.99


def test_interval_of_the_reliability_at_the_edges() -> None:
    rng = np.random.default_rng(0)
    assert all(map(math.isnan, reliability_interval([[1, 2]], rng)))
    assert all(map(math.isnan, reliability_interval(np.full((3, 2), math.nan), rng)))
    assert reliability_interval([[1, 1], [2, 2], [3, 3]], rng, draws=30) == (1, 1)


@pytest.mark.parametrize("kind", ["normal", "skewed", "tail"])
@pytest.mark.parametrize("seeds", [2, 5])
def test_ceiling_is_the_tau_of_the_true_means(kind: str, seeds: int) -> None:
    rng = np.random.default_rng(4)
    actual, found = [], []
    for _ in range(6):
        true, trials = simulated(kind, 500, seeds, 1.5, rng)
        actual.append(kendall_tau(true, trials.mean(1)))
        found.append(ceiling_of(trials, rng))
    assert np.mean(found) == pytest.approx(np.mean(actual), abs=0.025)


def test_ceiling_of_normal_data_follows_the_arcsine_law() -> None:
    rng = np.random.default_rng(6)
    _, trials = simulated("normal", 3_000, 5, 3.0, rng)
    expected = 2 / math.pi * math.asin(math.sqrt(9 / (9 + 9 / 5)))
    assert ceiling_of(trials, rng) == pytest.approx(expected, abs=0.015)


def test_ceiling_does_not_take_the_measured_spread_for_the_true_one() -> None:
    rng = np.random.default_rng(7)
    true, trials = simulated("tail", 500, 2, 1.5, rng)
    mean, noise = trials.mean(1), 1.5 / math.sqrt(2)
    naive = np.mean([kendall_tau(mean, mean + noise * rng.standard_normal(500)) for _ in range(20)])
    actual = kendall_tau(true, mean)
    assert naive > actual + 0.05
    assert ceiling_of(trials, rng) < naive - 0.03


def test_ceiling_without_noise_is_one_also_with_tied_cells() -> None:
    mean = np.array([10.0] * 20 + list(range(20, 60)))
    assert noise_ceiling(mean, np.zeros(60), 3, np.random.default_rng(0), draws=3) == pytest.approx(1)


def test_ceiling_uses_the_neighbours_spread_for_cells_with_one_trial() -> None:
    rng = np.random.default_rng(8)
    true, trials = simulated("normal", 500, 3, 2.0, rng)
    few = rng.random(500) < 0.4
    mean = np.where(few, trials[:, 0], trials.mean(1))
    std = np.where(few, math.nan, trials.std(1, ddof=1))
    found = noise_ceiling(mean, std, np.where(few, 1, 3), rng, draws=20)
    assert found == pytest.approx(kendall_tau(true, mean), abs=0.035)


def test_ceiling_leaves_out_cells_without_a_measurement() -> None:
    mean, std, trials = np.arange(40.0), np.full(40, 1.0), np.full(40, 4)
    mean[3], trials[5] = math.nan, 0
    kept = np.delete(np.arange(40), [3, 5])
    whole = noise_ceiling(mean, std, trials, np.random.default_rng(0), draws=5)
    assert whole == noise_ceiling(mean[kept], std[kept], trials[kept], np.random.default_rng(0), draws=5)


def test_ceiling_at_the_edges() -> None:
    rng = np.random.default_rng(0)
    assert math.isnan(noise_ceiling([1, 2], [1, 1], 3, rng))
    assert math.isnan(noise_ceiling([1, 2, 3], [math.nan] * 3, 1, rng))
    with pytest.raises(ValueError, match="one mean and one spread"):
        noise_ceiling([1, 2, 3], [1, 2], 3, rng)
