"""How much a supernet forgets of cells while it trains others.

Accuracies are those of k fixed cells under inherited weights at T looks, equally far apart in training: shape (T, k),
in percent, so that differences are percentage points. Every number is a mean over the cells. What NSAS (Zhang et al.,
CVPR 2020, Figure 1) shows as fluctuating curves is measured as a drop from the best, which noise alone makes grow, and
as a change over a fixed lag, in which noise cancels.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Floats = NDArray[np.float64]
LAG_SHARE = 0.1
"""Of the looks: the lag over which changes are measured unless another is asked for."""


def default_lag(looks: int) -> int:
    """A tenth of the looks, at least one."""
    return max(1, round(LAG_SHARE * looks))


def drop_from_best(accuracy: ArrayLike) -> float:
    """Points by which the last look lies below the cell's best look, mean over cells; never negative.

    A maximum over noisy looks lies above any single one, so this is positive without any forgetting; hold it against
    `drop_by_chance`. NaN without looks.
    """
    values = _looks(accuracy)
    return float((values.max(axis=0) - values[-1]).mean()) if values.size else math.nan


def drop_by_chance(last: ArrayLike, images: int, looks: int) -> float:
    """The drop from the best, in points, if weights stood still and only the images were drawn anew at every look.

    `last` are the cells' accuracies at the last look in percent, (k,), taken for true; each of the `looks` is then
    Binomial(images, p) and the expected maximum of `looks` independent ones minus its mean is summed exactly. Raises
    ValueError for no images or looks.
    """
    from scipy import stats

    if images < 1 or looks < 1:
        raise ValueError(f"at least one image and one look are needed, got {images} and {looks}")
    chance = np.asarray(last, dtype=np.float64).ravel()[:, None] / 100
    below = stats.binom.cdf(np.arange(images), images, chance)  # P(X <= m) for m < images
    best = (1 - below**looks).sum(axis=1)
    return float(100 * (best / images - chance[:, 0]).mean())


def change_over_lag(accuracy: ArrayLike, lag: int | None = None) -> float:
    """Mean over looks and cells of the accuracy `lag` looks later minus the accuracy, in points.

    Noise around a level cancels in it. Negative: cells get worse while others are trained. NaN where no look has
    another `lag` looks later; raises ValueError for a lag below 1.
    """
    changes = _changes(accuracy, lag)
    return float(changes.mean()) if changes.size else math.nan


def share_fallen(accuracy: ArrayLike, lag: int | None = None) -> float:
    """Share of the pairs of `change_over_lag` with a lower accuracy at the later look, in [0, 1]; NaN without pairs."""
    changes = _changes(accuracy, lag)
    return float((changes < 0).mean()) if changes.size else math.nan


def second_half(accuracy: ArrayLike) -> _Floats:
    """The later half of the looks, (⌈T / 2⌉, k): what is forgotten early can be learned again."""
    values = _looks(accuracy)
    return values[len(values) // 2 :]


def shared_edges(cells: ArrayLike, trained: ArrayLike, among: Collection[int] | None = None) -> NDArray[np.int64]:
    """Edges on which a cell and the cell just trained have the same operation: (T, k) in 0 … E.

    `cells` are the operation codes of the watched cells, (k, E), `trained` those of the trained cell at each look,
    (T, E). With `among` only these operations count, such as the ones that have weights.
    """
    watched, chosen = np.asarray(cells)[None], np.asarray(trained)[:, None]
    equal = watched == chosen
    if among is not None:
        equal &= np.isin(watched, list(among))
    found: NDArray[np.int64] = equal.sum(axis=-1, dtype=np.int64)
    return found


def means_by_count(counts: ArrayLike, changes: ArrayLike, largest: int) -> tuple[NDArray[np.int64], _Floats]:
    """How many pairs have each count 0 … `largest`, and the mean change of these, NaN where there are none.

    `counts` and `changes` have one shape; both results have shape (largest + 1,). Raises ValueError for a count above
    `largest`.
    """
    number, change = np.asarray(counts, dtype=np.int64).ravel(), np.asarray(changes, dtype=np.float64).ravel()
    if number.size and number.max() > largest:
        raise ValueError(f"counts go up to {number.max()}, expected at most {largest}")
    pairs = np.bincount(number, minlength=largest + 1)
    sums = np.bincount(number, weights=change, minlength=largest + 1)
    return pairs, np.divide(sums, pairs, out=np.full(largest + 1, math.nan), where=pairs > 0)


def _changes(accuracy: ArrayLike, lag: int | None) -> _Floats:
    """(T − lag, k)."""
    values = _looks(accuracy)
    far = default_lag(len(values)) if lag is None else lag
    if far < 1:
        raise ValueError(f"a lag is at least one look, got {far}")
    return values[far:] - values[: max(0, len(values) - far)]


def _looks(accuracy: ArrayLike) -> _Floats:
    values = np.asarray(accuracy, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"accuracies have shape (looks, cells), got {values.shape}")
    return values
