"""Intervals over clusters cover what they should, and a difference is judged by pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nasrepro.metrics.resampling import Estimate, cluster_bootstrap


def mean_of(values: np.ndarray):
    return lambda picked: [float(values[picked].mean())]


def test_every_draw_takes_whole_clusters() -> None:
    clusters = np.array([7, 3, 7, 3, 5, 7])
    seen: list[np.ndarray] = []

    def collect(picked: np.ndarray) -> list[float]:
        seen.append(picked)
        return [0.0]

    cluster_bootstrap(collect, clusters, np.random.default_rng(0), draws=50)
    assert np.array_equal(seen[0], np.arange(6))
    for picked in seen[1:]:
        counts = np.bincount(picked, minlength=6)
        assert counts[0] == counts[2] == counts[5]
        assert counts[1] == counts[3]
        assert counts[0] + counts[1] + counts[4] == 3


def test_copies_of_an_observation_do_not_narrow_the_interval() -> None:
    values = np.random.default_rng(1).normal(size=80)
    copied, clusters = np.repeat(values, 9), np.repeat(np.arange(80), 9)
    (apart,) = cluster_bootstrap(mean_of(values), np.arange(80), np.random.default_rng(2))
    (together,) = cluster_bootstrap(mean_of(copied), clusters, np.random.default_rng(2))
    (fooled,) = cluster_bootstrap(mean_of(copied), np.arange(720), np.random.default_rng(2))
    assert (together.low, together.high) == pytest.approx((apart.low, apart.high))
    assert fooled.high - fooled.low < 0.5 * (apart.high - apart.low)


def test_intervals_cover() -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(200):
        values = np.repeat(rng.normal(size=60), 2) + rng.normal(size=120)
        (found,) = cluster_bootstrap(mean_of(values), np.repeat(np.arange(60), 2), rng, draws=150)
        hits += found.low <= 0 <= found.high
    assert 0.88 <= hits / 200 <= 0.99


def test_statistics_of_one_draw_are_paired() -> None:
    rng = np.random.default_rng(4)
    first = rng.normal(0, 5, 100)
    second = first + rng.normal(0.5, 0.1, 100)

    def both(picked: np.ndarray) -> list[float]:
        a, b = float(first[picked].mean()), float(second[picked].mean())
        return [a, b, b - a]

    one, _, difference = cluster_bootstrap(both, np.arange(100), rng)
    assert one.sign == 0
    assert difference.sign == 1


def test_undefined_statistics_are_nan() -> None:
    found = cluster_bootstrap(lambda picked: [math.nan], np.arange(4), np.random.default_rng(0), draws=5)
    assert math.isnan(found[0].value)
    assert math.isnan(found[0].low)
    assert found[0].sign == 0


def test_signs() -> None:
    assert [Estimate(0.5, 0.1, 0.9).sign, Estimate(-1, -2, -0.5).sign, Estimate(0.1, -1, 1).sign] == [1, -1, 0]
