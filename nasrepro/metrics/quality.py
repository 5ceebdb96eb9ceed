"""The standard set of numbers that say how well scores order genotypes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from numpy.typing import ArrayLike

from nasrepro.metrics.ranking import kendall_tau, mean_of_best, precision_at_k, spearman, tau_within_top, weighted_tau

TOP_SHARE = 0.1
QUALITIES: Mapping[str, Callable[[ArrayLike, ArrayLike], float]] = {
    "tau": kendall_tau,
    "weighted_tau": weighted_tau,
    "spearman": spearman,
    "precision_at_10": partial(precision_at_k, k=10),
    "precision_at_100": partial(precision_at_k, k=100),
    "tau_top_10_percent": partial(tau_within_top, share=TOP_SHARE),
    "truth_of_best_10": lambda scores, truth: float(mean_of_best(scores, truth, [10])[0]),
}
CORRELATIONS = ("tau", "weighted_tau", "spearman", "tau_top_10_percent")
"""Those of `QUALITIES` that lie in [-1, 1]."""


def rank_quality(scores: ArrayLike, truth: ArrayLike) -> dict[str, float]:
    """Every one of `QUALITIES` for scores and truth of shape (n,), higher better on both sides; NaN where undefined."""
    return {name: quality(scores, truth) for name, quality in QUALITIES.items()}
