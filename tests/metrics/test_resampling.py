"""Intervals over clusters cover what they should, and a difference is judged by pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nasrepro.metrics.ranking import kendall_tau
from nasrepro.metrics.resampling import Estimate, cluster_jackknife
from nasrepro.metrics.summary import summarize


def mean_of(values: np.ndarray):
    return lambda picked: [float(values[picked].mean())]


def test_clusters_are_left_out_whole_and_each_once() -> None:
    clusters = np.array([7, 3, 7, 3, 5, 7, 9])
    seen: list[np.ndarray] = []

    def collect(picked: np.ndarray) -> list[float]:
        seen.append(picked)
        return [0.0]

    cluster_jackknife(collect, clusters, np.random.default_rng(0), groups=2)
    assert np.array_equal(seen[0], np.arange(7))
    left_out = [set(clusters) - set(clusters[picked]) for picked in seen[1:]]
    assert [len(part) for part in left_out] == [2, 2]
    assert left_out[0] | left_out[1] == {3, 5, 7, 9}
    for picked, gone in zip(seen[1:], left_out, strict=True):
        assert list(picked) == [i for i, cluster in enumerate(clusters) if cluster not in gone]


def test_the_mean_of_single_observations_has_the_known_interval() -> None:
    values = np.random.default_rng(1).normal(size=15)
    (found,) = cluster_jackknife(mean_of(values), np.arange(15), np.random.default_rng(2))
    known = summarize(values)
    assert (found.value, found.low, found.high) == pytest.approx((known.mean, known.low, known.high))


def test_copies_of_an_observation_do_not_narrow_the_interval() -> None:
    values = np.random.default_rng(1).normal(size=80)
    copied, clusters = np.repeat(values, 9), np.repeat(np.arange(80), 9)
    (apart,) = cluster_jackknife(mean_of(values), np.arange(80), np.random.default_rng(2))
    (together,) = cluster_jackknife(mean_of(copied), clusters, np.random.default_rng(2))
    (fooled,) = cluster_jackknife(mean_of(copied), np.arange(720), np.random.default_rng(2))
    assert (together.low, together.high) == pytest.approx((apart.low, apart.high))
    assert fooled.high - fooled.low < 0.5 * (apart.high - apart.low)


def test_intervals_of_a_rank_correlation_cover() -> None:
    """Two noisy measurements of clusters whose members are equal but for noise."""
    rng = np.random.default_rng(3)

    def measured(clusters: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        label = np.repeat(np.arange(clusters), 1 + np.arange(clusters) % 4)
        true = rng.normal(size=clusters)[label]
        return true + rng.normal(0, 0.3, label.size), true + rng.normal(0, 0.3, label.size), label

    expected = kendall_tau(*measured(4_000)[:2])
    hits = 0
    for _ in range(150):
        x, y, label = measured(80)
        (found,) = cluster_jackknife(lambda p, x=x, y=y: [kendall_tau(x[p], y[p])], label, rng, groups=20)  # type: ignore[misc]
        hits += found.low <= expected <= found.high
    assert 0.89 <= hits / 150 <= 0.99


def test_statistics_are_paired() -> None:
    rng = np.random.default_rng(4)
    first = rng.normal(0, 5, 100)
    second = first + rng.normal(0.5, 0.1, 100)

    def both(picked: np.ndarray) -> list[float]:
        a, b = float(first[picked].mean()), float(second[picked].mean())
        return [a, b, b - a]

    one, _, difference = cluster_jackknife(both, np.arange(100), rng)
    assert one.sign == 0
    assert difference.sign == 1


def test_what_is_undefined_is_nan() -> None:
    (found,) = cluster_jackknife(lambda picked: [math.nan], np.arange(4), np.random.default_rng(0))
    assert math.isnan(found.value)
    assert math.isnan(found.low)
    assert found.sign == 0
    (single,) = cluster_jackknife(mean_of(np.arange(5.0)), np.zeros(5), np.random.default_rng(0))
    assert single.value == 2
    assert math.isnan(single.high)


def test_signs() -> None:
    assert [Estimate(0.5, 0.1, 0.9).sign, Estimate(-1, -2, -0.5).sign, Estimate(0.1, -1, 1).sign] == [1, -1, 0]
