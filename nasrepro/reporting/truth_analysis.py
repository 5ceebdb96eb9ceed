"""The numbers of a page about a truth: how accuracies are distributed, how noisy they are, what they depend on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nasrepro.metrics.noise import noise_ceiling, reliability, reliability_interval
from nasrepro.metrics.ranking import kendall_tau
from nasrepro.metrics.resampling import Estimate
from nasrepro.reporting.truth_data import Measured, TruthTable, seed_spread, separately_measured, trial_range
from nasrepro.spaces import nb201, nb201_columns

_SEED = 20_203
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
class Noise:
    """How far one measurement can be trusted. Over cells measured separately that depend on their input."""

    measured: Measured
    cells: int
    trials: tuple[int, int] | None
    cell_std: float
    """Of the cells' means, ddof = 1, in percent."""
    seed_std: float
    """Root of the mean variance over trials, in percent; NaN where single trials are not known."""
    low_std: float
    high_std: float
    """The same among the worst and the best quarter of the cells."""
    reliability: Estimate
    halves: float
    """τ-b between the means of every other trial and of the rest."""
    ceiling: float
    """τ-b that a perfect ranking can expect, NaN where the spread of trials is not known."""
    ceiling_from: str
    """Whose spread the ceiling was found with, when it is not its own."""
    ceiling_all: float
    """The ceiling over all cells of the space, the input-independent ones included."""
    tau_other_split: float
    """τ-b with the other split after as many epochs; NaN where there is none."""
    tau_primary: float
    """τ-b with what found cells are judged by."""


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
        tuple(_noise(table, measured, cells) for measured in table.measured),
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


def _noise(table: TruthTable, measured: Measured, cells: np.ndarray) -> Noise:
    mean = measured.mean[cells].astype(np.float64)
    trials = None if measured.trials is None else measured.trials[cells]
    own = np.full(cells.size, np.nan) if trials is None else seed_spread(trials)
    quarters = np.quantile(mean[~np.isnan(mean)], [0.25, 0.75])
    other = next((m for m in table.measured if m.epochs == measured.epochs and m is not measured), None)
    ceiling, source = noise_ceiling_of(table, measured, cells)
    return Noise(
        measured=measured,
        cells=int(np.count_nonzero(~np.isnan(mean))),
        trials=trial_range(measured, cells),
        cell_std=float(np.nanstd(mean, ddof=1)),
        seed_std=_root_mean_square(own),
        low_std=_root_mean_square(own[mean <= quarters[0]]),
        high_std=_root_mean_square(own[mean >= quarters[1]]),
        reliability=_reliability(trials),
        halves=math.nan if trials is None else _halves(trials),
        ceiling=ceiling,
        ceiling_from="" if source is measured or source is None else str(source),
        ceiling_all=noise_ceiling_of(table, measured, np.arange(measured.mean.size))[0],
        tau_other_split=math.nan if other is None else kendall_tau(mean, other.mean[cells]),
        tau_primary=math.nan if measured is table.primary else kendall_tau(mean, table.primary.mean[cells]),
    )


def _spread(table: TruthTable, measured: Measured) -> tuple[np.ndarray | None, Measured | None]:
    """Spread over trials of every cell: its own, else of the other splits after as many epochs."""
    for source in sorted(table.measured, key=lambda m: m is not measured):
        if source.trials is not None and source.epochs == measured.epochs and source.trials.shape[1] > 1:
            return seed_spread(source.trials), source
    return None, None


def noise_ceiling_of(table: TruthTable, measured: Measured, cells: np.ndarray) -> tuple[float, Measured | None]:
    """τ-b that a perfect ranking of these cells can expect, and whose seed noise it was found with.

    NaN where neither this measurement nor another split after as many epochs has single trials.
    """
    spread, source = _spread(table, measured)
    if spread is None or measured.counts is None:
        return math.nan, None
    rng = np.random.default_rng(_SEED)
    return noise_ceiling(measured.mean[cells], spread[cells], measured.counts[cells], rng, draws=30), source


def _root_mean_square(spread: np.ndarray) -> float:
    known = spread[~np.isnan(spread)]
    return float(np.sqrt((known**2).mean())) if known.size else math.nan


def _reliability(trials: np.ndarray | None) -> Estimate:
    if trials is None:
        return Estimate(math.nan, math.nan, math.nan)
    return Estimate(reliability(trials), *reliability_interval(trials, np.random.default_rng(_SEED)))


def _halves(trials: np.ndarray) -> float:
    """τ-b between two halves of each cell's known trials; cells with one trial are left out."""
    known = ~np.isnan(trials)
    place = np.cumsum(known, axis=1) - 1
    first, second = (np.where(known & (place % 2 == half), trials, np.nan) for half in (0, 1))
    enough = known.sum(axis=1) > 1
    return (
        kendall_tau(np.nanmean(first[enough], axis=1), np.nanmean(second[enough], axis=1)) if enough.any() else np.nan
    )


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
    spread, _ = _spread(table, main)
    if spread is None or main.counts is None:
        return 0
    top = np.argsort(-np.where(np.isnan(main.mean), -np.inf, main.mean))[:100]
    noise = _root_mean_square(spread[top])  # one cell's own spread over a few trials says little
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
