"""The permutation test against SciPy's, its behavior under the null, and the correction for many tests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from nasrepro.metrics.significance import (
    Comparison,
    against_exact,
    attainable,
    holm,
    paired,
    probability_of_improvement,
)
from nasrepro.metrics.summary import summarize


@pytest.mark.parametrize("n", [10, 12])
def test_exact_p_values_equal_scipys(n: int) -> None:
    rng = np.random.default_rng(n)
    for shift in (0, 0.5, 2):
        a, b = rng.normal(shift, 1, n).round(1), rng.normal(0, 1, n).round(1)
        theirs = stats.permutation_test(
            (a, b), lambda x, y: np.mean(x - y), permutation_type="samples", n_resamples=np.inf
        )
        ours = paired(a, b)
        assert ours.p == pytest.approx(theirs.pvalue)
        assert ours.test == "sign-flip permutation of the mean, exact"


def test_drawn_p_values_come_close_to_exact_ones() -> None:
    rng = np.random.default_rng(4)
    a = rng.normal(0.6, 1, 13)
    patterns = (np.arange(2**13)[:, None] >> np.arange(13)) & 1
    exact = float(np.mean(np.abs((2 * patterns - 1) @ a) >= abs(a.sum()) - 1e-9))
    found = against_exact(a, 0)
    assert found.test.endswith("9,999 draws")
    assert found.p == pytest.approx(exact, abs=0.015)
    assert against_exact(a, 0) == found  # the draws are fixed


@pytest.mark.parametrize("n", [10, 15])
def test_p_values_are_uniform_under_the_null(n: int) -> None:
    rng = np.random.default_rng(n)
    ps = np.array([paired(rng.exponential(1, n), rng.exponential(1, n)).p for _ in range(500)])
    assert stats.kstest(ps, "uniform").pvalue > 0.01
    assert np.mean(ps <= 0.05) == pytest.approx(0.05, abs=0.03)


def test_p_values_fall_with_a_real_difference() -> None:
    rng = np.random.default_rng(9)
    ps = [paired(rng.normal(1.5, 1, 10), rng.normal(0, 1, 10)).p for _ in range(200)]
    assert np.mean(np.array(ps) < 0.05) > 0.7


def test_the_largest_difference_gives_the_smallest_p() -> None:
    found = paired(np.arange(10) + 5.0, np.arange(10))
    assert found.p == 2 / 2**10
    assert (found.difference, found.low, found.high, found.interval) == (5, 5, 5, "constant")


def test_no_difference_gives_p_one() -> None:
    assert paired(np.ones(10), np.ones(10)).p == 1
    assert paired(np.ones(30), np.ones(30)).p == 1


def test_the_interval_is_that_of_the_differences() -> None:
    a, b = np.array([3.0, 5, 4, 8]), np.array([1.0, 2, 5, 3])
    found, seen = paired(a, b), summarize(a - b)
    assert (found.n, found.difference, found.low, found.high) == (4, seen.mean, seen.low, seen.high)


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_below_ten_pairs_no_p_value_is_given(n: int) -> None:
    found = paired(np.arange(n) + 5.0, np.arange(n))
    assert found.p is None
    assert found.underpowered
    assert f"underpowered: {n} pair" in found.test
    assert "10 needed" in found.test
    assert not paired(np.arange(10.0), np.zeros(10)).underpowered


def test_a_pair_with_a_missing_side_does_not_count() -> None:
    a, b = np.arange(10.0), np.zeros(10)
    a[2], b[7] = math.nan, math.nan
    assert paired(a, b).n == 8
    assert paired(a, b).underpowered


def test_pairs_need_equal_lengths() -> None:
    with pytest.raises(ValueError, match="pairs are needed"):
        paired([1, 2], [1, 2, 3])


def test_against_a_known_mean() -> None:
    values = np.array([90.1, 91, 89.5, 92, 93, 90, 91.5, 92.5, 90.9, 91.8])
    found = against_exact(values, 87.0)
    assert found.difference == pytest.approx(values.mean() - 87)
    assert found.p == 2 / 2**10
    assert "underpowered: 2 values" in against_exact([90, 91], 87).test


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1, 1]
    assert holm([]) == []


def test_holm_does_not_count_tests_that_were_not_made() -> None:
    assert holm([None, 0.02, None, 0.03]) == [None, pytest.approx(0.04), None, pytest.approx(0.04)]


def test_holm_keeps_the_family_error_rate() -> None:
    rng = np.random.default_rng(0)
    false_claims = [min(p for p in holm(list(rng.random(6))) if p is not None) <= 0.05 for _ in range(4_000)]
    assert np.mean(false_claims) == pytest.approx(0.05, abs=0.012)


@pytest.mark.parametrize("p", [-0.1, 1.5, math.nan])
def test_holm_refuses_what_is_no_p_value(p: float) -> None:
    with pytest.raises(ValueError, match="p-values"):
        holm([0.5, p])


def test_probability_of_improvement_counts_all_combinations() -> None:
    assert probability_of_improvement([3, 1], [2, 1]) == pytest.approx((1 + 1 + 0 + 0.5) / 4)
    assert probability_of_improvement([1, 2], [1, 2]) == 0.5
    assert probability_of_improvement([9, math.nan], [1, 2, 3]) == 1
    assert math.isnan(probability_of_improvement([], [1]))


def test_probability_of_improvement_is_the_normalized_mann_whitney_statistic() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 8, 17), rng.integers(0, 8, 12)
    expected = stats.mannwhitneyu(a, b).statistic / (17 * 12)
    assert probability_of_improvement(a, b) == pytest.approx(expected)


def test_many_pairs_on_few_seeds_leave_no_small_p() -> None:
    def pair(n: int) -> Comparison:
        return paired(np.arange(n) + 1.0, np.zeros(n))

    assert attainable([pair(10)] * 28) == 28 * 2 / 1024  # all ten on one side: the surest that ten seeds can be
    assert holm([comparison.p for comparison in [pair(10)] * 28])[0] == 28 * 2 / 1024
    assert attainable([pair(10), pair(11), pair(3)]) == 2 * 2 / 2048
    assert attainable([pair(3)]) is None
    assert attainable([pair(10)] * 2000) == 1
