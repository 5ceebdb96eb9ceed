"""Rank tests and the probability of improvement, held against SciPy and against what is known of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nasrepro.metrics.rank_tests import improvement, rank_sum, signed_rank


def test_without_ties_the_signed_rank_test_is_scipys_exact_one() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 11))
    a = a + 0.8
    assert signed_rank(a, b) == pytest.approx(stats.wilcoxon(a, b, method="exact").pvalue)


def test_ties_and_equal_pairs_have_an_exact_answer() -> None:
    a = np.array([1.0] * 8 + [0.0] * 2)
    # ranks 6.5 for the eight gains: only the two patterns of equal signs reach their sum
    assert signed_rank(a, np.zeros(10)) == pytest.approx(2 / 2**8)
    assert signed_rank(np.zeros(10), np.zeros(10)) == 1.0


def test_one_outlier_does_not_decide() -> None:
    gains = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, -50.0])
    p = signed_rank(gains, np.zeros(10))
    assert p is not None
    assert p < 0.11


def test_few_values_have_no_p() -> None:
    assert signed_rank(np.arange(9.0), np.zeros(9)) is None
    assert rank_sum(np.arange(9.0), np.arange(12.0)) is None
    with pytest.raises(ValueError, match="pairs"):
        signed_rank([1.0], [1.0, 2.0])


def test_the_rank_sum_test_is_scipys() -> None:
    a, b = np.random.default_rng(1).normal(size=(2, 12))
    assert rank_sum(a, b) == pytest.approx(stats.mannwhitneyu(a, b, method="exact").pvalue)
    rounded = a.round(), b.round()
    assert rank_sum(*rounded) == pytest.approx(stats.mannwhitneyu(*rounded, method="asymptotic").pvalue)
    assert rank_sum(np.ones(10), np.ones(10)) == 1.0


def test_the_interval_of_an_improvement_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    true = float(stats.norm.cdf(0.8 / np.sqrt(2)))
    found = [improvement(rng.normal(0.8, 1, 10), rng.normal(0, 1, 10)) for _ in range(400)]
    assert 0.92 < np.mean([own.low <= true <= own.high for own in found]) < 0.99


def test_complete_separation_is_not_certainty() -> None:
    above, below = (
        improvement(np.arange(10.0) + 20, np.arange(10.0)),
        improvement(np.arange(10.0), np.arange(10.0) + 20),
    )
    assert (above.value, above.high) == (1.0, 1.0)
    assert 0.6 < above.low < 0.95
    assert (below.value, below.low) == (0.0, 0.0)
    assert below.high == pytest.approx(1 - above.low, abs=1e-6)
    assert np.isnan(improvement([], [1.0]).value)
