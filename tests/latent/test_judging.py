"""Pairwise accuracy and Hamming distance, by hand."""

import math

import numpy as np
import pytest
from scipy.stats import kendalltau

from nasrepro.latent.judging import hamming, pairwise_accuracy


def by_hand(truth, predicted):
    """The released code's definition, written out."""
    pairs = [(i, j) for i in range(len(truth)) for j in range(i + 1, len(truth))]
    hits = [
        (truth[i] >= truth[j] and predicted[i] >= predicted[j]) or (truth[i] < truth[j] and predicted[i] < predicted[j])
        for i, j in pairs
    ]
    return sum(hits) / len(pairs)


def test_pairwise_accuracy_is_the_released_definition_with_ties():
    rng = np.random.default_rng(0)
    for _ in range(20):
        truth, predicted = rng.integers(5, size=(2, 12))
        assert pairwise_accuracy(truth, predicted) == pytest.approx(by_hand(truth, predicted))


def test_without_ties_it_is_kendalls_tau_on_another_scale():
    rng = np.random.default_rng(1)
    truth = rng.permutation(40)
    predicted = truth + rng.normal(0, 10, 40)
    assert pairwise_accuracy(truth, predicted) == pytest.approx((kendalltau(truth, predicted).statistic + 1) / 2)


def test_the_extremes():
    truth = np.arange(9.0)
    assert pairwise_accuracy(truth, truth) == 1
    assert pairwise_accuracy(truth, -truth) == 0
    assert math.isnan(pairwise_accuracy(truth[:1], truth[:1]))


def test_hamming_is_a_mean_of_counts():
    assert hamming(np.array([[1, 2, 3], [4, 5, 6]]), np.array([[1, 2, 3], [0, 5, 0]])) == 1.0
