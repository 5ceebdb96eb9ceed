"""How far from the best, and how fast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasrepro.metrics.summary import summarize

Curve = Sequence[tuple[float, float | None]]
"""Points (at, value) of one run: from budget `at` on, the method's answer is worth `value`."""


@dataclass(frozen=True)
class AnytimeCurve:
    """Answers of several runs on a common grid of budgets. All arrays have the grid's shape."""

    grid: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """95 % interval of the mean at each budget by itself, not of the curve as a whole."""
    n: int
    """Runs that have any value."""


def simple_regret(values: ArrayLike, optimum: float, *, higher_is_better: bool = True) -> NDArray[np.float64]:
    """Distance of each value from the optimum, ≥ 0 as long as the optimum is one; NaN stays NaN."""
    worth = np.asarray(values, dtype=np.float64)
    return optimum - worth if higher_is_better else worth - optimum


def expected_best(values: ArrayLike, draws: int) -> float:
    """Mean of the largest of so many values drawn from `values`, shape (n,), each as likely every time; exact.

    Raises ValueError below one draw or without values.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64).ravel())
    if draws < 1 or not ordered.size:
        raise ValueError(f"at least one draw from at least one value is needed, got {draws} from {ordered.size}")
    up_to = (np.arange(ordered.size + 1) / ordered.size) ** draws
    return float((ordered * np.diff(up_to)).sum())


def incumbent_curve(points: Sequence[Curve], grid: ArrayLike) -> AnytimeCurve:
    """Mean answer of the runs at every budget of `grid`, shape (g,).

    A run keeps an answer until its next point and its last one to the end. No running maximum is taken: a method does
    not know the truth of its answers, and giving it the best one so far would be a kindness of ours. The mean is NaN
    until every run has answered, so that it never mixes different sets of runs; a value None counts as no answer. Runs
    without any value are left out and not counted.
    """
    budgets = np.asarray(grid, dtype=np.float64).ravel()
    steps = [_on_grid(curve, budgets) for curve in points if any(_known(value) for _, value in curve)]
    nothing = np.full(budgets.shape, math.nan)
    if not steps:
        return AnytimeCurve(budgets, nothing, nothing.copy(), nothing.copy(), 0)
    table = np.stack(steps)
    table[:, np.isnan(table).any(axis=0)] = math.nan
    seen = [summarize(column) for column in table.T]
    mean, low, high = (np.array([getattr(s, name) for s in seen], dtype=np.float64) for name in ("mean", "low", "high"))
    return AnytimeCurve(budgets, mean, low, high, len(steps))


def _known(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def _on_grid(curve: Curve, budgets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Value of the last point at or before each budget, NaN before the first; of equal budgets the later one holds."""
    ordered = sorted(curve, key=lambda point: point[0])
    at = np.array([point[0] for point in ordered], dtype=np.float64)
    values = np.array([math.nan if point[1] is None else point[1] for point in ordered], dtype=np.float64)
    last = np.searchsorted(at, budgets, side="right") - 1
    return np.where(last >= 0, values[np.maximum(last, 0)], math.nan)
