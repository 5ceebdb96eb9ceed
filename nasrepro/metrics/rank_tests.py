"""Does one sample tend to lie above another? Tests and an effect that depend on the order of values alone.

They stand beside the test of the mean, which one outlier can decide. None is made below ten values.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasrepro.metrics.resampling import Estimate
from nasrepro.metrics.significance import MINIMUM_PAIRS, probability_of_improvement, sign_flip


def signed_rank(values_a: ArrayLike, values_b: ArrayLike) -> float | None:
    """Two-sided p of Wilcoxon's signed-rank test for values of shape (n,) that are paired position by position.

    Ties share their ranks and equal pairs keep theirs without a sign (Pratt 1959). The null distribution is that of
    these very ranks under all sign patterns up to 12 pairs, under 9,999 drawn ones beyond. A pair with a NaN is left
    out; None below ten pairs. Raises ValueError when the lengths differ.
    """
    from scipy import stats

    first, second = np.asarray(values_a, dtype=np.float64), np.asarray(values_b, dtype=np.float64)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"pairs are needed, got shapes {first.shape} and {second.shape}")
    differences = first - second
    differences = differences[~np.isnan(differences)]
    if differences.size < MINIMUM_PAIRS:
        return None
    return sign_flip(np.sign(differences) * stats.rankdata(np.abs(differences)))[0]


def rank_sum(values_a: ArrayLike, values_b: ArrayLike) -> float | None:
    """Two-sided p of the Mann-Whitney test for two samples, NaN left out; None where one has fewer than ten values.

    Exact without ties, else with the normal approximation corrected for them.
    """
    from scipy import stats

    first, second = _known(values_a), _known(values_b)
    if min(first.size, second.size) < MINIMUM_PAIRS:
        return None
    both = np.concatenate([first, second])
    distinct = np.unique(both).size
    if distinct == 1:
        return 1.0
    how = "exact" if distinct == both.size else "asymptotic"
    return float(stats.mannwhitneyu(first, second, alternative="two-sided", method=how).pvalue)


def improvement(values_a: ArrayLike, values_b: ArrayLike) -> Estimate:
    """Chance that a run of the first beats one of the second, with its 95 % interval.

    The interval is the score-like method 5 of Newcombe (Statistics in Medicine, 2006): those chances from which the
    observed one is no further away than 1.96 of their own standard errors. Other than a bootstrap or a normal interval
    it keeps a width where one sample lies above the other altogether. NaN for an empty sample.
    """
    first, second = _known(values_a), _known(values_b)
    value = probability_of_improvement(first, second)
    if math.isnan(value):
        return Estimate(value, math.nan, math.nan)
    return Estimate(value, *(_limit(value, first.size, second.size, end) for end in (0.0, 1.0)))


def _limit(value: float, m: int, n: int, end: float) -> float:
    """Between the observed chance and `end`, the last one that the observation does not rule out."""
    from scipy import optimize

    def beyond(chance: float) -> float:
        spread = 1 + ((m + n) / 2 - 1) * ((1 - chance) / (2 - chance) + chance / (1 + chance))
        return (value - chance) ** 2 - 1.959964**2 * chance * (1 - chance) * spread / (m * n)

    if value == end:
        return end
    near = value if 0 < value < 1 else abs(value - 1e-12)
    return float(optimize.brentq(beyond, near, end))


def _known(values: ArrayLike) -> NDArray[np.float64]:
    sample = np.asarray(values, dtype=np.float64).ravel()
    return sample[~np.isnan(sample)]
