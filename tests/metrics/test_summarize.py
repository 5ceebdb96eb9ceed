"""Intervals: what they are, how often they cover, and the samples that have none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nasrepro.metrics.summary import BOOTSTRAP_FROM, summarize, summarize_correlation, summarize_scores


def coverage(n: int, repetitions: int, draw, mean: float) -> float:
    """Share of samples of size `n` whose interval holds the true mean."""
    found = [summarize(draw(n)) for _ in range(repetitions)]
    return float(np.mean([s.low <= mean <= s.high for s in found]))


def test_summary_by_hand() -> None:
    found = summarize([1.0, 2.0, 3.0, 4.0])
    half = 3.182446305284263 * math.sqrt(5 / 3) / 2
    assert (found.n, found.mean, found.interval) == (4, 2.5, "t")
    assert found.std == pytest.approx(math.sqrt(5 / 3))
    assert (found.low, found.high) == (pytest.approx(2.5 - half), pytest.approx(2.5 + half))


@pytest.mark.parametrize("n", [2, 5, 10, 19])
def test_t_intervals_cover_as_often_as_they_say(n: int) -> None:
    rng = np.random.default_rng(n)
    assert 0.93 <= coverage(n, 4_000, lambda k: rng.normal(7, 2, k), 7) <= 0.97


def test_bootstrap_intervals_cover_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(11)
    assert 0.90 <= coverage(30, 250, lambda k: rng.normal(7, 2, k), 7) <= 0.985


def test_a_level_of_80_percent_covers_less() -> None:
    rng = np.random.default_rng(3)
    samples = rng.normal(0, 1, (2_000, 6))
    inside = [(s := summarize(sample, 0.8)).low <= 0 <= s.high for sample in samples]
    assert np.mean(inside) == pytest.approx(0.8, abs=0.03)


def test_the_bootstrap_starts_at_twenty_and_leans_with_the_skew() -> None:
    rng = np.random.default_rng(0)
    sample = rng.exponential(1, BOOTSTRAP_FROM)
    assert summarize(sample[:-1]).interval == "t"
    found = summarize(sample)
    assert found.interval == "BCa bootstrap"
    assert found.high - found.mean > found.mean - found.low


def test_equal_samples_have_equal_intervals() -> None:
    sample = np.random.default_rng(1).normal(size=25)
    np.random.seed(1)  # noqa: NPY002 - the global state must not matter
    first = summarize(sample)
    np.random.seed(2)  # noqa: NPY002
    assert summarize(sample) == first


@pytest.mark.parametrize("n", [2, 3, 19, 20, 200])
def test_constant_samples_have_no_width(n: int) -> None:
    found = summarize([0.1] * n)
    assert (found.mean, found.std, found.low, found.high, found.interval) == (0.1, 0, 0.1, 0.1, "constant")


@pytest.mark.parametrize("n", [20, 40])
def test_almost_constant_samples_have_an_interval(n: int) -> None:
    found = summarize([54.3] * (n - 1) + [54.4])
    assert 54.3 - 1e-9 <= found.low <= found.mean <= found.high <= 54.4 + 1e-9
    assert found.high > found.mean


def test_samples_that_differ_in_the_last_bit_only_still_get_an_interval() -> None:
    found = summarize([54.3] * 24 + [math.nextafter(54.3, 100)])
    assert found.interval == "percentile bootstrap"  # the accelerated one is undefined there
    assert (found.low, found.high) == (pytest.approx(54.3), pytest.approx(54.3))


def test_samples_too_small_for_an_interval() -> None:
    one, none = summarize([93.5]), summarize([])
    assert (one.n, one.mean, one.interval) == (1, 93.5, "none")
    assert all(math.isnan(v) for v in (one.std, one.low, one.high))
    assert (none.n, none.interval) == (0, "none")
    assert math.isnan(none.mean)


def test_missing_values_are_left_out_and_not_counted() -> None:
    assert summarize([1, math.nan, 2, 4]) == summarize([1, 2, 4])


@pytest.mark.parametrize("level", [0, 1, 95])
def test_levels_are_shares(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        summarize([1, 2], level)


def test_an_interval_of_correlations_ends_where_they_do():
    two, many = [0.33, 1.0], [0.1, 0.2, 0.3, 0.25]
    assert summarize(two).low < -1
    found = summarize_correlation(two)
    assert (found.low, found.high) == (-1.0, 1.0)
    assert (found.n, found.mean, found.std) == (2, summarize(two).mean, summarize(two).std)
    assert summarize_correlation(many) == summarize(many)
    for few in ([], [0.5]):
        assert math.isnan(summarize_correlation(few).low)
        assert math.isnan(summarize_correlation(few).high)


def test_an_interval_ends_where_values_end():
    two = [99.0, 20.0]
    assert summarize(two).high > 100
    shown = summarize_scores(two, higher_is_better=True)
    assert (shown.low, shown.high) == (0.0, 100.0)
    assert shown.mean == summarize(two).mean
    assert shown.std == summarize(two).std
    assert summarize_scores([60.0, 90.0], higher_is_better=False).low == 1.0
