"""How well scores order genotypes. Every function takes one score per genotype, index-aligned with the truth.

Higher is better on both sides: hand losses in with their sign turned. A pair with a NaN on either side is left out.
The value is NaN where a correlation has no meaning: fewer than two pairs, or a side that is constant.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Floats = NDArray[np.float64]
_COUNTED_UP_TO = 160
"""Genotypes; beyond that the matrices of all pairs cost more than sorting."""


def complete_pairs(scores: ArrayLike, truth: ArrayLike) -> tuple[_Floats, _Floats]:
    """Both sides as float64 without the pairs that hold a NaN; raises ValueError unless both have shape (n,)."""
    left, right = np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if left.ndim != 1 or left.shape != right.shape:
        raise ValueError(f"one score per genotype is needed, got shapes {left.shape} and {right.shape}")
    kept = ~(np.isnan(left) | np.isnan(right))
    return left[kept], right[kept]


def kendall_tau(scores: ArrayLike, truth: ArrayLike) -> float:
    """Kendall's τ-b in [-1, 1], which corrects for ties on both sides (Kendall 1945)."""
    left, right = complete_pairs(scores, truth)
    if _uninformative(left, right):
        return math.nan
    if left.size <= _COUNTED_UP_TO:
        return _counted_tau(left, right)
    from scipy import stats

    return float(stats.kendalltau(left, right, variant="b").statistic)


def _counted_tau(left: _Floats, right: _Floats) -> float:
    """τ-b from all pairs at once: for few genotypes in a fraction of SciPy's time, digit by digit the same."""
    # comparisons, not differences: those of infinite values have no sign
    x, y = ((side[:, None] > side).astype(np.float64) - (side[:, None] < side) for side in (left, right))
    excess, untied_left, untied_right = (float(np.vdot(a, b)) / 2 for a, b in ((x, y), (x, x), (y, y)))
    return float(np.clip(excess / np.sqrt(untied_left) / np.sqrt(untied_right), -1.0, 1.0))


def tau_spread(cells: int) -> float:
    """Standard deviation of Kendall's τ between independent rankings of `cells` genotypes without ties (Kendall 1938).

    Raises ValueError below two.
    """
    if cells < 2:
        raise ValueError(f"a ranking has at least two genotypes, got {cells}")
    return math.sqrt(2 * (2 * cells + 5) / (9 * cells * (cells - 1)))


def weighted_tau(scores: ArrayLike, truth: ArrayLike) -> float:
    """Kendall's τ with additive hyperbolic weights, so that exchanges among the best genotypes count most.

    The mean of weighting by the ranks in the scores and by the ranks in the truth (Vigna 2015, the variant that
    SciPy computes by default).
    """
    from scipy import stats

    left, right = complete_pairs(scores, truth)
    if _uninformative(left, right):
        return math.nan
    return float(stats.weightedtau(left, right).statistic)


def spearman(scores: ArrayLike, truth: ArrayLike) -> float:
    """Spearman's ρ: the linear correlation of average ranks."""
    from scipy import stats

    left, right = complete_pairs(scores, truth)
    if _uninformative(left, right):
        return math.nan
    return float(stats.spearmanr(left, right).statistic)


def precision_at_k(scores: ArrayLike, truth: ArrayLike, k: int) -> float:
    """Share of the `k` genotypes with the best scores that are among the `k` truly best.

    A genotype as good as the k-th best counts as one of the best. Where scores tie across the k-th place, the value
    is its expectation over a random order of the tied ones, so a constant score earns chance level and no more.
    NaN when fewer than `k` pairs are complete; raises ValueError for k < 1.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    left, right = complete_pairs(scores, truth)
    if left.size < k:
        return math.nan
    best = right >= _kth_largest(right, k)
    threshold = _kth_largest(left, k)
    above, tied = left > threshold, left == threshold
    places = k - np.count_nonzero(above)
    hits = np.count_nonzero(best & above) + places * np.count_nonzero(best & tied) / np.count_nonzero(tied)
    return float(hits / k)


def mean_of_best(scores: ArrayLike, truth: ArrayLike, places: ArrayLike) -> _Floats:
    """Mean truth of the k genotypes with the best scores, for each k of `places`, shape (m,).

    Where scores tie across the k-th place, the value is its expectation over a random order of the tied ones. NaN for
    a k above the number of complete pairs; raises ValueError for k < 1.
    """
    left, right = complete_pairs(scores, truth)
    wanted = np.asarray(places, dtype=np.int64)
    if wanted.size and wanted.min() < 1:
        raise ValueError(f"k must be at least 1, got {wanted.min()}")
    _, tie = np.unique(-left, return_inverse=True)
    level = np.bincount(tie, weights=right) / np.bincount(tie)
    sums = np.concatenate([[math.nan], np.cumsum(level[np.sort(tie)])])
    return np.where(wanted < sums.size, sums[np.minimum(wanted, sums.size - 1)] / wanted, math.nan)


def tau_within_top(scores: ArrayLike, truth: ArrayLike, share: float) -> float:
    """τ-b among the truly best `share` of the genotypes, in (0, 1], rounded up, ties with the last included."""
    if not 0 < share <= 1:
        raise ValueError(f"share must lie in (0, 1], got {share}")
    left, right = complete_pairs(scores, truth)
    if right.size < 2:
        return math.nan
    # 0.07 * 100 is a little more than 7 in floating point
    top = right >= _kth_largest(right, math.ceil(share * right.size - 1e-9))
    return kendall_tau(left[top], right[top])


def tau_within_groups(scores: ArrayLike, truth: ArrayLike, groups: ArrayLike) -> float:
    """τ-b over the pairs of genotypes that share a group: what is ordered right beyond what the groups tell.

    `groups` has shape (n,). Concordant minus discordant pairs and pairs without a tie are summed over the groups
    before they are divided, so a group counts by its pairs. NaN where one side never differs within a group.
    """
    left, right = np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    labels = np.asarray(groups)
    if not left.shape == right.shape == labels.shape:
        raise ValueError(f"scores, truth and groups need one shape, got {left.shape}, {right.shape}, {labels.shape}")
    kept = ~(np.isnan(left) | np.isnan(right))
    group = np.unique(labels[kept], return_inverse=True)[1]
    # with the groups one above the other on both sides, every pair of different groups is concordant
    x, y = (np.unique(side[kept], return_inverse=True)[1] + left.size * group for side in (left, right))
    between = _untied_pairs(group)
    untied_left, untied_right = _untied_pairs(x), _untied_pairs(y)
    product = (untied_left - between) * (untied_right - between)
    if product == 0:
        return math.nan
    excess = kendall_tau(x, y) * math.sqrt(untied_left * untied_right) - between
    return excess / math.sqrt(product)


def _untied_pairs(values: NDArray[np.int64]) -> float:
    """Pairs of unequal values."""
    counts = np.unique(values, return_counts=True)[1].astype(np.float64)
    return (values.size**2 - float((counts**2).sum())) / 2


def _uninformative(left: _Floats, right: _Floats) -> bool:
    return left.size < 2 or bool((left == left[0]).all() or (right == right[0]).all())


def _kth_largest(values: _Floats, k: int) -> float:
    return float(np.partition(values, -k)[-k])
