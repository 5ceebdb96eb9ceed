"""What a page about a truth is made of: the measurements of all cells as plain arrays in index order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nasrepro.spaces import nb201_columns
from nasrepro.spaces.base import Skeleton


@dataclass(frozen=True, eq=False)
class Measured:
    """The accuracies of all cells on one split after one length of training, in percent, NaN where missing."""

    dataset: str
    split: str
    epochs: int
    mean: np.ndarray
    """Over trials, shape (n,)."""
    counts: np.ndarray | None
    """Trials behind each mean, shape (n,); None where the source does not say."""
    trials: np.ndarray | None
    """The single trials, shape (n, trials); None where the source holds only means."""

    @property
    def key(self) -> str:
        return f"{self.dataset}/{self.split}/{self.epochs}"

    def __str__(self) -> str:
        return f"{self.dataset} {self.split} after {self.epochs} epochs"


@dataclass(frozen=True, eq=False)
class TruthTable:
    """All accuracies that a benchmark's truth holds on the benchmark's data set."""

    benchmark: str
    source: str
    fingerprint: str
    measured: tuple[Measured, ...]
    """Sorted by data set, split and epochs."""
    primary_key: str
    """Key of what found cells are judged by."""
    skeleton: Skeleton
    """Of the stand-alone networks, for their parameter counts."""

    @property
    def primary(self) -> Measured:
        return next(found for found in self.measured if found.key == self.primary_key)

    @property
    def final(self) -> tuple[Measured, ...]:
        """The primary measurement and those of the other splits after as many epochs, the primary one first."""
        main = self.primary
        others = [m for m in self.measured if m.epochs == main.epochs and m is not main and m.dataset == main.dataset]
        return (main, *others)

    @property
    def params(self) -> np.ndarray:
        """Parameters of the stand-alone networks, shape (n,)."""
        return nb201_columns.params(self.skeleton)


def separately_measured(table: TruthTable) -> np.ndarray:
    """Indices of cells with a measurement of their own, ascending; input-independent cells are left out.

    A table may give all cells of one functional class the measurement of one network. Noise is a matter of
    measurements, so of such cells only the first stands here: cells of one class whose every number is equal.
    """
    columns = [nb201_columns.functional_classes().astype(np.float64)[:, None]]
    for measured in table.measured:
        columns.append(measured.mean[:, None].astype(np.float64))
        if measured.trials is not None:
            columns.append(measured.trials.astype(np.float64))
    rows = np.ascontiguousarray(np.concatenate(columns, axis=1))
    # whole rows as bytes, so that a missing number equals a missing number
    _, first = np.unique(rows.view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel(), return_index=True)
    kept = np.sort(first)
    return np.asarray(kept[nb201_columns.reaches_output()[kept]])


def seed_spread(trials: np.ndarray) -> np.ndarray:
    """Sample standard deviation over each cell's trials, shape (n,), NaN below two."""
    known = ~np.isnan(trials)
    count = known.sum(axis=1)
    values = np.where(known, trials, 0.0).astype(np.float64)
    mean = values.sum(axis=1) / np.maximum(count, 1)
    squares = (np.where(known, trials - mean[:, None], 0.0).astype(np.float64) ** 2).sum(axis=1)
    return np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)


def trial_range(measured: Measured, cells: np.ndarray | Sequence[int]) -> tuple[int, int] | None:
    """Fewest and most trials behind a mean of these cells; None where the source does not say."""
    if measured.counts is None:
        return None
    known = measured.counts[np.asarray(cells)]
    known = known[known > 0]
    return (int(known.min()), int(known.max())) if known.size else None
