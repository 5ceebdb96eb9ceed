"""Do rankings agree with the truth more than they would with cells whose worth was dealt out anew?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Floats = NDArray[np.float64]
_DRAWS = 9_999
_AT_ONCE = 256
"""Relabelings whose matrices are in memory together."""
_SEED = 20_204


@dataclass(frozen=True)
class Chance:
    """The mean τ-b of several rankings of the same cells, and how it compares with relabeled cells."""

    mean: float
    spread: float
    """Standard deviation of the mean under relabeling: smaller than that of one ranking where the rankings differ."""
    p: float
    """Two-sided."""
    draws: int
    """Relabelings behind `spread` and `p`."""

    @property
    def better(self) -> bool:
        """Whether the rankings are on the side of the truth."""
        return self.mean > 0


def tau_by_chance(scores: ArrayLike, truth: ArrayLike, draws: int = _DRAWS) -> Chance | None:
    """A permutation test over cells of the mean Kendall τ-b between rankings and truth.

    `scores`: one per ranking and cell, shape (runs, cells); `truth`: shape (cells,); larger is better in both, cells
    with a NaN anywhere are left out. Under the null hypothesis the truths could have been dealt to the cells in any
    order. All rankings keep their cells while that is done, so what they have in common is no evidence: a test that
    takes runs for independent would be deceived by supernets that all prefer the same cells. None below three cells,
    or where the truth or every ranking is constant. Raises ValueError for other shapes.
    """
    rows, worth = np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if rows.ndim != 2 or worth.shape != rows.shape[1:]:
        raise ValueError(f"scores (runs, cells) and truth (cells,) are needed, got {rows.shape} and {worth.shape}")
    kept = ~(np.isnan(rows).any(axis=0) | np.isnan(worth))
    signs = _signs(worth[kept])
    ranked = [own for own in (_signs(row) for row in rows[:, kept]) if own.any()]
    if kept.sum() < 3 or not signs.any() or not ranked:
        return None
    # each matrix is divided by its length, so that the product of two, summed up, is τ-b
    whole = np.mean([own / math.sqrt((own**2).sum()) for own in ranked], axis=0)
    signs /= math.sqrt((signs**2).sum())
    observed = float((whole * signs).sum())
    rng = np.random.default_rng(_SEED)
    orders = np.array([rng.permutation(signs.shape[0]) for _ in range(draws)])
    found = np.concatenate([_products(whole, signs, some) for some in np.array_split(orders, -(-draws // _AT_ONCE))])
    reached = int(np.count_nonzero(np.abs(found) >= abs(observed) - 1e-12))
    # the observed order is one of the possible ones
    return Chance(observed, float(found.std(ddof=1)), (reached + 1) / (draws + 1), draws)


def _products(whole: _Floats, signs: _Floats, orders: NDArray[np.int64]) -> _Floats:
    """τ of the rankings with the truths dealt out in each of the orders, shape (orders,)."""
    dealt = signs[orders[:, :, None], orders[:, None, :]].reshape(len(orders), -1)
    found: _Floats = dealt @ whole.ravel()
    return found


def _signs(values: _Floats) -> _Floats:
    """Who is above whom: 1, 0, −1 for every pair, shape (n, n)."""
    return np.sign(values[:, None] - values[None, :])
