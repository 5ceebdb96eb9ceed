"""Intervals of statistics that are no means, over observations that come in clusters."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Estimate:
    """A statistic with its 95 % interval; NaN where undefined."""

    value: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 or −1 where the whole interval lies on one side of zero, else 0."""
        return int(self.low > 0) - int(self.high < 0)


def cluster_jackknife(
    statistics: Callable[[NDArray[np.int64]], Sequence[float]],
    clusters: ArrayLike,
    rng: np.random.Generator,
    groups: int = 100,
    level: float = 0.95,
) -> list[Estimate]:
    """Several statistics with intervals from leaving out a group of clusters at a time (Kott 2001).

    `statistics` takes positions, integers of shape (k,), and returns one number per statistic; it sees all positions
    once for the values, then all but those of one random group of clusters. Statistics are thereby paired: put a
    difference among them to get its interval. `clusters` names the cluster of each observation, shape (n,). The
    interval is Student's with one degree of freedom less than there are groups.

    Rank correlations are why this is no bootstrap: drawing a cluster twice doubles the share of the pairs within
    clusters, whose order is pure chance where a cluster's members are alike, and the drawn values all come out too low.
    """
    labels = np.asarray(clusters)
    values = [float(value) for value in statistics(np.arange(labels.size))]
    distinct, number = np.unique(labels, return_inverse=True)
    groups = min(groups, distinct.size)
    if groups < 2:
        return [Estimate(value, math.nan, math.nan) for value in values]
    group = (rng.permutation(distinct.size) % groups)[number]
    left = np.array([statistics(np.flatnonzero(group != one)) for one in range(groups)], dtype=np.float64)
    error = np.sqrt((groups - 1) / groups * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    half = _quantile(groups - 1, level) * error
    return [Estimate(value, value - width, value + width) for value, width in zip(values, half.tolist(), strict=True)]


def _quantile(freedom: int, level: float) -> float:
    from scipy import special

    return float(special.stdtrit(freedom, 0.5 + level / 2))
