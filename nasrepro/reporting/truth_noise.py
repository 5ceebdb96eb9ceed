"""How far a truth can be trusted: what seeds change, and how well one measurement ranks as another."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nasrepro.metrics.noise import noise_ceiling, reliability, reliability_interval
from nasrepro.metrics.ranking import kendall_tau
from nasrepro.metrics.resampling import Estimate
from nasrepro.reporting.truth_data import Measured, TruthTable, seed_spread, trial_range

_SEED = 20_203


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
    halves_apart: float
    """The same when the rest is scored on the other split: seeds and images differ."""
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


def assess_noise(table: TruthTable, measured: Measured, cells: np.ndarray) -> Noise:
    """How far one measurement of these cells, indices of shape (k,), can be trusted."""
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
        seed_std=root_mean_square(own),
        low_std=root_mean_square(own[mean <= quarters[0]]),
        high_std=root_mean_square(own[mean >= quarters[1]]),
        reliability=_reliability(trials),
        halves=_halves(trials, trials),
        halves_apart=_halves(trials, None if other is None or other.trials is None else other.trials[cells]),
        ceiling=ceiling,
        ceiling_from="" if source is measured or source is None else str(source),
        ceiling_all=noise_ceiling_of(table, measured, np.arange(measured.mean.size))[0],
        tau_other_split=math.nan if other is None else kendall_tau(mean, other.mean[cells]),
        tau_primary=math.nan if measured is table.primary else kendall_tau(mean, table.primary.mean[cells]),
    )


def spread_of(table: TruthTable, measured: Measured) -> tuple[np.ndarray | None, Measured | None]:
    """Spread over trials of every cell: its own, else of the other splits after as many epochs."""
    for source in sorted(table.measured, key=lambda m: m is not measured):
        if source.trials is not None and source.epochs == measured.epochs and source.trials.shape[1] > 1:
            return seed_spread(source.trials), source
    return None, None


def noise_ceiling_of(table: TruthTable, measured: Measured, cells: np.ndarray) -> tuple[float, Measured | None]:
    """τ-b that a perfect ranking of these cells can expect, and whose seed noise it was found with.

    NaN where neither this measurement nor another split after as many epochs has single trials.
    """
    spread, source = spread_of(table, measured)
    if spread is None or measured.counts is None:
        return math.nan, None
    rng = np.random.default_rng(_SEED)
    return noise_ceiling(measured.mean[cells], spread[cells], measured.counts[cells], rng, draws=30), source


def root_mean_square(spread: np.ndarray) -> float:
    """The typical one of standard deviations of shape (n,), NaN left out; NaN when none is known."""
    known = spread[~np.isnan(spread)]
    return float(np.sqrt((known**2).mean())) if known.size else math.nan


def _reliability(trials: np.ndarray | None) -> Estimate:
    if trials is None:
        return Estimate(math.nan, math.nan, math.nan)
    return Estimate(reliability(trials), *reliability_interval(trials, np.random.default_rng(_SEED)))


def _halves(here: np.ndarray | None, there: np.ndarray | None) -> float:
    """τ-b between every other trial of `here` and the rest of `there`, trials of shape (n, seeds) in one order.

    Cells with one trial are left out.
    """
    if here is None or there is None or here.shape != there.shape:
        return math.nan
    known = ~np.isnan(here) & ~np.isnan(there)
    place = np.cumsum(known, axis=1) - 1
    enough = known.sum(axis=1) > 1
    if not enough.any():
        return math.nan
    first, second = (np.where(known & (place % 2 == half), side, np.nan) for half, side in enumerate((here, there)))
    return kendall_tau(np.nanmean(first[enough], axis=1), np.nanmean(second[enough], axis=1))
