"""The bootstrap for statistics that are no means, over observations that come in clusters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Estimate:
    """A statistic with its bootstrap interval; NaN where undefined."""

    value: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 or −1 where the whole interval lies on one side of zero, else 0."""
        return int(self.low > 0) - int(self.high < 0)


def cluster_bootstrap(
    statistics: Callable[[_Integers], Sequence[float]],
    clusters: ArrayLike,
    rng: np.random.Generator,
    draws: int = 500,
    level: float = 0.95,
) -> list[Estimate]:
    """Percentile intervals of several statistics when whole clusters are drawn again.

    `statistics` takes positions, integers of shape (k,) that may repeat, and returns one number per statistic; it is
    called with every position once for the values and with every draw for the intervals, so statistics are paired:
    put a difference among them to get its interval. `clusters` names the cluster of each observation, shape (n,).
    A draw in which a statistic is NaN is left out for that statistic.
    """
    labels = np.asarray(clusters)
    values = statistics(np.arange(labels.size))
    _, number = np.unique(labels, return_inverse=True)
    members = np.argsort(number, kind="stable")
    sizes = np.bincount(number)
    starts = np.cumsum(sizes) - sizes
    found = np.empty((draws, len(values)))
    for draw in range(draws):
        picked = rng.integers(sizes.size, size=sizes.size)
        lengths = sizes[picked]
        # positions within each picked cluster, one cluster after the other
        inner = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        found[draw] = statistics(members[np.repeat(starts[picked], lengths) + inner])
    return [_estimate(float(value), column, level) for value, column in zip(values, found.T, strict=True)]


def _estimate(value: float, drawn: NDArray[np.float64], level: float) -> Estimate:
    known = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not known.size:
        return Estimate(value, np.nan, np.nan)
    low, high = np.quantile(known, [0.5 - level / 2, 0.5 + level / 2])
    return Estimate(value, float(low), float(high))
