"""The permutation test of rankings against relabeled cells."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nasrepro.metrics.chance import tau_by_chance
from nasrepro.metrics.ranking import tau_spread


def test_the_mean_is_that_of_tau_b_with_ties() -> None:
    rng = np.random.default_rng(0)
    scores, truth = rng.integers(0, 6, (4, 20)).astype(float), rng.normal(size=20).round(1)
    found = tau_by_chance(scores, truth, draws=10)
    assert found is not None
    assert found.mean == pytest.approx(np.mean([stats.kendalltau(row, truth).statistic for row in scores]))


def test_one_unrelated_ranking_scatters_as_kendall_says() -> None:
    rng = np.random.default_rng(1)
    found = tau_by_chance(rng.normal(size=(1, 20)), rng.normal(size=20), draws=2000)
    assert found is not None
    assert found.spread == pytest.approx(tau_spread(20), rel=0.1)


def test_a_shared_preference_is_no_evidence() -> None:
    rng = np.random.default_rng(2)
    p_values = []
    for _ in range(60):
        common, truth = rng.normal(size=16), rng.normal(size=16)
        found = tau_by_chance(common + rng.normal(0, 0.1, (10, 16)), truth, draws=199)
        assert found is not None
        p_values.append(found.p)
    assert np.mean(np.array(p_values) < 0.05) < 0.15  # ten runs against zero would nearly always reject


def test_agreement_is_seen_and_its_side_told() -> None:
    truth = np.arange(12.0)
    scores = truth + np.random.default_rng(3).normal(0, 2, (5, 12))
    found, turned = tau_by_chance(scores, truth, draws=999), tau_by_chance(-scores, truth, draws=999)
    assert found is not None
    assert turned is not None
    assert found.p < 0.01
    assert found.better
    assert turned.p < 0.01
    assert not turned.better


def test_what_cannot_be_ranked_is_not_tested() -> None:
    assert tau_by_chance(np.ones((3, 8)), np.arange(8.0)) is None
    assert tau_by_chance(np.random.default_rng(0).normal(size=(3, 8)), np.ones(8)) is None
    assert tau_by_chance([[1.0, np.nan, 3.0]], [1.0, 2.0, 3.0]) is None
    with pytest.raises(ValueError, match="scores"):
        tau_by_chance(np.ones(3), np.ones(3))
