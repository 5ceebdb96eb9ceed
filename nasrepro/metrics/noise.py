"""How far the truth itself can be trusted: trained networks differ between seeds, so a measured ranking is noisy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasrepro.metrics.ranking import kendall_tau

_Floats = NDArray[np.float64]

_NEIGHBOURS = 15
"""Cells on either side, in the order of the means, whose seed variances are pooled."""
_SWEEPS, _STEP, _REPEATS = 5, 0.5, 10
"""Deconvolution: few sweeps, because many would fit the noise. Chosen in simulation over five shapes of truth."""


def reliability(trials: ArrayLike) -> float:
    """Share of the variance of the cells' measured means that is not seed noise, in [0, 1].

    `trials` has shape (cells, seeds), NaN where a trial is missing; seeds are exchangeable within a cell. One-way
    random-effects analysis of variance with unequal group sizes (Searle, Casella, McCulloch 1992, ch. 3): the variance
    between cells is estimated from the two mean squares, the noise of a mean is the mean square within cells times
    the mean of 1 / (trials of the cell). With equal sizes this is 1 - MS_within / MS_between. A negative estimate is
    given as 0. NaN with fewer than two cells, with no cell that has two trials, or when nothing varies at all.
    """
    return float(_reliability(_per_cell(trials).sum(axis=0)))


def reliability_interval(
    trials: ArrayLike, rng: np.random.Generator, draws: int = 1_000, level: float = 0.95
) -> tuple[float, float]:
    """Percentile bootstrap interval of `reliability` over cells: whole cells, with all their trials, are drawn again.

    (NaN, NaN) where the reliability is undefined.
    """
    columns = _per_cell(trials)
    cells = columns.shape[0]
    if not cells or math.isnan(_reliability(columns.sum(axis=0))):
        return math.nan, math.nan
    found = [
        _reliability(np.bincount(rng.integers(cells, size=cells), minlength=cells) @ columns) for _ in range(draws)
    ]
    low, high = np.nanquantile(found, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)


def _per_cell(trials: ArrayLike) -> _Floats:
    """What a reliability needs of each cell, shape (measured cells, 7): a sum over cells is all that is left of them.

    The columns: 1, trials m, m², 1 / m, sum of the trials, m · mean², sum of squares within.
    """
    table = np.asarray(trials, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"trials need shape (cells, seeds), got {table.shape}")
    present = ~np.isnan(table)
    table, present = table[present.any(axis=1)], present[present.any(axis=1)]
    sizes = present.sum(axis=1).astype(np.float64)
    # the variances do not change, and sums of squares lose no digits
    table = table - table[present].mean() if table.size else table
    values = np.where(present, table, 0.0)
    sums = values.sum(axis=1)
    means = sums / sizes
    within = (np.where(present, table - means[:, None], 0.0) ** 2).sum(axis=1)
    return np.stack([np.ones_like(sizes), sizes, sizes**2, 1 / sizes, sums, sizes * means**2, within], axis=1)


def _reliability(sums: _Floats) -> float:
    """The analysis of variance from the column sums of `_per_cell`."""
    cells, total, squares, inverse, grand, between_sum, within_sum = (float(value) for value in sums)
    if cells < 2 or total <= cells:
        return math.nan
    within = within_sum / (total - cells)
    between = (between_sum - grand**2 / total) / (cells - 1)
    if between <= 0 and within == 0:
        return math.nan
    effective = (total - squares / total) / (cells - 1)
    signal = max(0.0, (between - within) / effective)
    return signal / (signal + within * inverse / cells) if signal else 0.0


def noise_ceiling(
    truth_mean: ArrayLike, seed_std: ArrayLike, n_trials: ArrayLike, rng: np.random.Generator, draws: int = 100
) -> float:
    """Kendall's τ-b that a perfect ranking, by the true means, can expect against a truth measured with seed noise.

    `truth_mean`: measured mean per cell, shape (n,). `seed_std`: sample standard deviation (ddof = 1) over a cell's
    trials, shape (n,), NaN where one trial was made. `n_trials`: trials behind the mean, shape (n,) or one number.

    The true means are unknown and spread less than the measured ones. So the distribution of true means is first found
    whose values, with noise added, are distributed like the measured means; then truths are drawn around it `draws`
    times and the τ-b of each with the true means is averaged. Assumed: the noise of a mean is normal and independent
    between cells, its variance changes slowly along the ranking (the variances of neighbouring cells are pooled), and
    the cells' trials are a fair sample of seeds. Rounding of accuracies is not modelled.

    In simulation it lies within about 0.02 of the right value from 200 cells on, and within 0.1 where reliability is
    below 0.2. A cell without a mean or a trial is left out; NaN for fewer than three cells or when no spread is known.
    """
    mean, std = np.asarray(truth_mean, dtype=np.float64), np.asarray(seed_std, dtype=np.float64)
    if mean.ndim != 1 or mean.shape != std.shape:
        raise ValueError(f"one mean and one spread per cell are needed, got shapes {mean.shape} and {std.shape}")
    trials = np.broadcast_to(np.asarray(n_trials, dtype=np.float64), mean.shape)
    kept = ~np.isnan(mean) & (trials >= 1)
    order = np.flatnonzero(kept)[np.argsort(mean[kept], kind="stable")]
    measured, std, trials = mean[order], std[order], trials[order]
    if measured.size < 3 or np.isnan(std).all():
        return math.nan
    noise = np.sqrt(_pooled(std**2, np.maximum(trials - 1, 1)) / trials)
    true = _deconvolve(measured, noise, rng)
    taus = [kendall_tau(true, true + noise * rng.standard_normal(true.size)) for _ in range(draws)]
    return float(np.mean(taus))


def _pooled(variances: _Floats, weights: _Floats) -> _Floats:
    """Weighted mean of the known variances among the neighbours of each position, of all where none is near."""
    known = ~np.isnan(variances)
    weight = np.where(known, weights, 0.0)
    weighted = np.where(known, variances, 0.0) * weight
    position = np.arange(variances.size)
    first, last = np.maximum(position - _NEIGHBOURS, 0), np.minimum(position + _NEIGHBOURS + 1, variances.size)
    sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (weighted, weight)]
    # a difference of running sums can fall below zero by rounding
    top, bottom = (np.maximum(part[last] - part[first], 0.0) for part in sums)
    overall = weighted.sum() / weight.sum()
    pooled: _Floats = np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), overall)
    return pooled


def _deconvolve(measured: _Floats, noise: _Floats, rng: np.random.Generator) -> _Floats:
    """Ascending values that look like the ascending `measured` ones once `noise` is added and they are sorted again."""
    spread = float(measured.var(ddof=1))
    share = max(0.0, 1 - float((noise**2).mean()) / spread) if spread > 0 else 1.0
    true: _Floats = measured.mean() + math.sqrt(share) * (measured - measured.mean())
    for _ in range(_SWEEPS):
        noisy = true + noise * rng.standard_normal((_REPEATS, true.size))
        true = np.sort(true + _STEP * (measured - np.sort(noisy, axis=1).mean(axis=0)))
    return true
