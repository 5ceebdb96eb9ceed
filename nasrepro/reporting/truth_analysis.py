"""The numbers of a page about a truth: how accuracies are distributed and what they depend on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nasrepro.reporting.truth_data import Measured, TruthTable, seed_spread, separately_measured
from nasrepro.reporting.truth_noise import Noise, assess_noise, root_mean_square, spread_of
from nasrepro.spaces import nb201, nb201_columns

BEST = 5
"""Cells that are drawn."""


@dataclass(frozen=True)
class Sample:
    """Mean accuracies of a group of cells, in percent."""

    measured: Measured
    group: str
    cells: int
    minimum: float
    quarter: float
    median: float
    three_quarters: float
    maximum: float
    mean: float
    std: float
    """Between cells, ddof = 1."""


@dataclass(frozen=True)
class Best:
    """One of the best functional classes by the primary measurement, with its best cell."""

    index: int
    value: float
    seed_std: float
    members: int
    ranks: dict[str, int]
    """Place among all cells under each final measurement, by its key; 1 is the best."""


@dataclass(frozen=True, eq=False)
class EdgeEffects:
    """What an operation on an edge goes with, over all cells with a measurement."""

    measured: Measured
    cells: int
    overall: float
    """Mean accuracy."""
    difference: np.ndarray
    """Mean accuracy of the cells with this operation on this edge minus the overall mean, shape (edges, ops)."""
    rank_difference: np.ndarray
    """The same of the rank, in percent of the cells; positive is better."""
    share: np.ndarray
    """Share of the variance of the accuracies between the operations of one edge, shape (edges,)."""
    rank_share: np.ndarray
    """The same of the ranks."""


@dataclass(frozen=True, eq=False)
class TruthAnalysis:
    """Everything that a page about one truth states."""

    table: TruthTable
    samples: tuple[Sample, ...]
    noise: tuple[Noise, ...]
    best: tuple[Best, ...]
    near_best: int
    """Functional classes whose measured distance from the best lies within two standard errors; 0 if unknown."""
    edges: EdgeEffects

    def noise_of(self, measured: Measured) -> Noise:
        return next(noise for noise in self.noise if noise.measured is measured)


def analyze_truth(table: TruthTable) -> TruthAnalysis:
    """All numbers of one truth; equal tables give equal numbers."""
    cells = separately_measured(table)
    best = _best(table)
    return TruthAnalysis(
        table,
        tuple(sample for measured in table.final for sample in _samples(measured)),
        tuple(assess_noise(table, measured, cells) for measured in table.measured),
        best,
        _near_best(table),
        edge_effects(table.primary),
    )


GROUPS = ("all cells", "output depends on the input", "output ignores the input")


def _samples(measured: Measured) -> list[Sample]:
    alive, known = nb201_columns.reaches_output(), ~np.isnan(measured.mean)
    members = dict(zip(GROUPS, (known, known & alive, known & ~alive), strict=True))
    return [_sample(measured, group, measured.mean[mask]) for group, mask in members.items() if mask.any()]


def _sample(measured: Measured, group: str, values: np.ndarray) -> Sample:
    values = values.astype(np.float64)
    low, quarter, median, three_quarters, high = (float(q) for q in np.quantile(values, [0, 0.25, 0.5, 0.75, 1]))
    std = float(values.std(ddof=1)) if values.size > 1 else math.nan
    return Sample(measured, group, values.size, low, quarter, median, three_quarters, high, float(values.mean()), std)


def _best(table: TruthTable) -> tuple[Best, ...]:
    main, classes = table.primary, nb201_columns.functional_classes()
    order = np.argsort(-main.mean, kind="stable")  # NaN last
    order = order[~np.isnan(main.mean[order])]
    _, first = np.unique(classes[order], return_index=True)
    chosen = order[np.sort(first)[:BEST]]
    spread = np.full(main.mean.size, np.nan) if main.trials is None else seed_spread(main.trials)
    return tuple(
        Best(
            int(index),
            float(main.mean[index]),
            float(spread[index]),
            int(np.count_nonzero(classes == classes[index])),
            {m.key: 1 + int(np.count_nonzero(m.mean > m.mean[index])) for m in table.final},
        )
        for index in chosen
    )


def _near_best(table: TruthTable) -> int:
    """How many functional classes could be the best: within two standard errors of the difference."""
    main = table.primary
    spread, _ = spread_of(table, main)
    if spread is None or main.counts is None:
        return 0
    top = np.argsort(-np.where(np.isnan(main.mean), -np.inf, main.mean))[:100]
    noise = root_mean_square(spread[top])  # one cell's own spread over a few trials says little
    best = top[0]
    error = noise * np.sqrt(1 / main.counts[best] + 1 / np.maximum(main.counts, 1))
    near = main.mean >= main.mean[best] - 2 * error
    return int(np.unique(nb201_columns.functional_classes()[near]).size)


def edge_effects(measured: Measured) -> EdgeEffects:
    """Mean accuracy and rank per edge and operation, over every cell that has a mean."""
    known = ~np.isnan(measured.mean)
    values = measured.mean[known].astype(np.float64)
    ops = nb201.op_table()[known]
    ranks = percent_ranks(values)
    difference, share = _marginals(values, ops)
    rank_difference, rank_share = _marginals(ranks, ops)
    return EdgeEffects(measured, values.size, float(values.mean()), difference, rank_difference, share, rank_share)


def _marginals(values: np.ndarray, ops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Difference of each edge × operation from the mean, and each edge's share of the variance."""
    shape = (len(nb201.EDGES), len(nb201.OPS))
    difference, counts = np.full(shape, np.nan), np.zeros(shape)
    for edge, op in np.ndindex(shape):
        chosen = values[ops[:, edge] == op]
        counts[edge, op] = chosen.size
        if chosen.size:
            difference[edge, op] = chosen.mean() - values.mean()
    between = np.nansum(counts * difference**2, axis=1) / max(values.size, 1)
    return difference, between / values.var() if values.var() else np.full(shape[0], np.nan)


def percent_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 0 (worst) to 100 (best), ties at their middle, NaN where the value is missing."""
    from scipy import stats

    ranks = stats.rankdata(values, nan_policy="omit")
    count = np.count_nonzero(~np.isnan(values))
    return np.asarray(100 * (ranks - 0.5) / max(count, 1))
