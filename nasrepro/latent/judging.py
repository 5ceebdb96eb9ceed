"""How good are a predictor and a decoder? The two measures of NAO (Luo et al. 2018, Section 4.1)."""

from __future__ import annotations

import numpy as np


def pairwise_accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Share of unordered pairs that both put in the same order, acc_f; NaN for less than two values.

    As in the released code a pair counts if s_i ≥ s_j and f_i ≥ f_j, or s_i < s_j and f_i < f_j. The formula printed in
    the paper counts the first case only and could not exceed one half by much.
    """
    first, second = np.triu_indices(len(truth), k=1)
    if not len(first):
        return float("nan")
    return float(np.mean((truth[first] >= truth[second]) == (predicted[first] >= predicted[second])))


def hamming(a: np.ndarray, b: np.ndarray) -> float:
    """Mean number of places in which strings (N, length) differ."""
    return float((np.asarray(a) != np.asarray(b)).sum(1).mean())
