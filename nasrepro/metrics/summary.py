"""Mean, spread and confidence interval of a handful of runs."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

BOOTSTRAP_FROM = 20
"""Number of values from which the interval is a bootstrap; a bootstrap of fewer covers too little."""
_RESAMPLES = 9_999
_SEED = 20_201


@dataclass(frozen=True)
class Summary:
    """What is printed of a sample. NaN stands for what cannot be computed."""

    n: int
    mean: float
    std: float
    """Sample standard deviation (ddof = 1); NaN for one value."""
    low: float
    high: float
    interval: str
    """How `low` and `high` were found: `t`, `BCa bootstrap` (`percentile bootstrap` where that is undefined),
    `constant`, or `none` below two values."""


def summarize(values: ArrayLike, level: float = 0.95) -> Summary:
    """Summary of `values`, shape (n,), NaN left out, with an interval of the mean at confidence `level`.

    Below 20 values Student's t interval; from 20 on the bias-corrected and accelerated bootstrap (Efron 1987) with a
    fixed generator, so that equal values give equal intervals. Values that are all equal give an interval of width
    zero, called `constant`: it says that nothing varied, not that the mean is known exactly.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), got {level}")
    sample = np.asarray(values, dtype=np.float64).ravel()
    sample = sample[~np.isnan(sample)]
    if sample.size == 0:
        return Summary(0, math.nan, math.nan, math.nan, math.nan, "none")
    if (sample == sample[0]).all():
        # np.mean of equal floats can differ from them in the last bit
        return _constant(sample.size, float(sample[0]))
    mean, std = float(sample.mean()), float(sample.std(ddof=1))
    if sample.size < BOOTSTRAP_FROM:
        low, high = _t_interval(mean, std, sample.size, level)
        return Summary(sample.size, mean, std, low, high, "t")
    low, high, name = _bootstrap_interval(sample, level)
    return Summary(sample.size, mean, std, low, high, name)


def summarize_within(values: ArrayLike, lowest: float, highest: float) -> Summary:
    """Summary of values, shape (n,), NaN left out, that cannot lie outside [`lowest`, `highest`]; nor can the interval.

    Student's interval of two or three values knows no ends and is wider than all that their mean can be.
    """
    found = summarize(values)
    if math.isnan(found.low):
        return found
    return replace(found, low=max(found.low, lowest), high=min(found.high, highest))


def summarize_correlation(values: ArrayLike) -> Summary:
    """Summary of correlations, whose interval ends at −1 and 1."""
    return summarize_within(values, -1.0, 1.0)


def summarize_scores(values: ArrayLike, *, higher_is_better: bool) -> Summary:
    """Summary of what found cells are worth: accuracies in percent, or perplexities where lower is better."""
    return summarize_within(values, 0.0, 100.0) if higher_is_better else summarize_within(values, 1.0, math.inf)


def _constant(n: int, value: float) -> Summary:
    if n == 1:
        return Summary(1, value, math.nan, math.nan, math.nan, "none")
    return Summary(n, value, 0.0, value, value, "constant")


def _t_interval(mean: float, std: float, n: int, level: float) -> tuple[float, float]:
    from scipy import special

    half = float(special.stdtrit(n - 1, 0.5 + level / 2)) * std / math.sqrt(n)
    return mean - half, mean + half


def _bootstrap_interval(sample: NDArray[np.float64], level: float) -> tuple[float, float, str]:
    from scipy import stats

    with warnings.catch_warnings():
        # a sample in which almost nothing varies has no BCa interval; the percentiles below still exist
        warnings.simplefilter("ignore")
        found = stats.bootstrap(
            (sample,),
            np.mean,
            n_resamples=_RESAMPLES,
            confidence_level=level,
            method="BCa",
            vectorized=True,
            rng=np.random.default_rng(_SEED),
        )
    low, high = map(float, found.confidence_interval)
    if math.isfinite(low) and math.isfinite(high):
        return low, high, "BCa bootstrap"
    edges = np.quantile(found.bootstrap_distribution, [0.5 - level / 2, 0.5 + level / 2])
    return float(edges[0]), float(edges[1]), "percentile bootstrap"
