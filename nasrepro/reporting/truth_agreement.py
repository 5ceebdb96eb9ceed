"""Does one truth rank cells as another does, and more so than counting parameters?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from nasrepro.metrics.ranking import kendall_tau, tau_within_groups
from nasrepro.metrics.resampling import Estimate, cluster_jackknife
from nasrepro.reporting.density import density
from nasrepro.reporting.style import WIDE, Drawing, finish, new_figure
from nasrepro.reporting.table_model import decimal
from nasrepro.reporting.truth_data import TruthTable
from nasrepro.reporting.truth_noise import noise_ceiling_of
from nasrepro.spaces import nb201_columns

GROUPS = 100
_SEED = 20_204


@dataclass(frozen=True, eq=False)
class Agreement:
    """Kendall τ-b over all cells that both truths know, with intervals from a jackknife over functional classes."""

    table: TruthTable
    other: TruthTable
    cells: int
    classes: int
    tau: Estimate
    """Of the two truths."""
    tau_dependent: Estimate
    """The same without the cells whose output ignores their input."""
    params: tuple[Estimate, Estimate]
    """Of the parameter count with this truth and with the other."""
    live: tuple[Estimate, Estimate]
    """Of the size of the convolutions on a path from input to output, with this truth and with the other."""
    gain_params: Estimate
    """τ of this truth with the other minus τ of the parameter count with the other."""
    gain_live: Estimate
    within_params: Estimate
    """τ of the two truths over pairs of cells with equal parameter counts."""
    within_live: Estimate
    ceilings: tuple[float, float]
    """Noise ceiling of each truth over these cells; NaN where single trials are not known."""


def agreement(table: TruthTable, other: TruthTable, groups: int = GROUPS) -> Agreement:
    """Compare the primary measurements of two truths; equal tables give equal numbers."""
    a, b = table.primary.mean.astype(np.float64), other.primary.mean.astype(np.float64)
    known = np.flatnonzero(~np.isnan(a) & ~np.isnan(b))
    classes = nb201_columns.functional_classes()[known]
    found = cluster_jackknife(_statistics(table, other, known), classes, np.random.default_rng(_SEED), groups=groups)
    tau, dependent, params_a, params_b, live_a, live_b, gain_params, gain_live, within_params, within_live = found
    return Agreement(
        table,
        other,
        cells=known.size,
        classes=int(np.unique(classes).size),
        tau=tau,
        tau_dependent=dependent,
        params=(params_a, params_b),
        live=(live_a, live_b),
        gain_params=gain_params,
        gain_live=gain_live,
        within_params=within_params,
        within_live=within_live,
        ceilings=(
            noise_ceiling_of(table, table.primary, known)[0],
            noise_ceiling_of(other, other.primary, known)[0],
        ),
    )


def _statistics(table: TruthTable, other: TruthTable, known: np.ndarray) -> Callable[[np.ndarray], list[float]]:
    a, b = table.primary.mean[known], other.primary.mean[known]
    params, params_there = table.params[known], other.params[known]
    live, alive = nb201_columns.live_conv_sizes()[known], nb201_columns.reaches_output()[known]

    def statistics(picked: np.ndarray) -> list[float]:
        x, y, size, counted = a[picked], b[picked], live[picked], params[picked]
        kept = alive[picked]
        tau = kendall_tau(x, y)
        by_params, by_live = kendall_tau(params_there[picked], y), kendall_tau(size, y)
        return [
            tau,
            kendall_tau(x[kept], y[kept]),
            kendall_tau(counted, x),
            by_params,
            kendall_tau(size, x),
            by_live,
            tau - by_params,
            tau - by_live,
            tau_within_groups(x, y, counted),
            tau_within_groups(x, y, size),
        ]

    return statistics


def agreement_figure(found: Agreement, provenance: str) -> Drawing:
    """The other truth's ranks over this truth's, the parameter count's and the live convolutions'."""
    a, b = found.table.primary.mean, found.other.primary.mean
    known = ~np.isnan(a) & ~np.isnan(b)
    panels = [
        (found.table.benchmark, a, found.tau),
        ("parameter count", found.other.params, found.params[1]),
        ("size of live convolutions", nb201_columns.live_conv_sizes(), found.live[1]),
    ]
    figure = new_figure(WIDE, 4.3)
    truth = spread_ranks(b[known])
    axes: Axes
    for axes, (name, scores, tau) in zip(figure.subplots(1, 3, sharey=True), panels, strict=True):
        density(axes, spread_ranks(scores[known].astype(np.float64)), truth, ((0, 100), (0, 100)), columns=26)
        axes.set_title(f"τ = {decimal(tau.value, 3)}")
        axes.set_xlabel(f"rank by {name} (%)")
        axes.set_box_aspect(1)
        if panels[0][0] == name:
            axes.set_ylabel(f"rank in {found.other.benchmark} (%)")
    caption = (
        f"All {found.cells:,} cells (cells, not classes), those included whose output ignores their input. Ranks in "
        f"percent, 100 is the best or the largest, ties spread at random. {found.table.benchmark}: "
        f"{found.table.primary}; {found.other.benchmark}: {found.other.primary}. τ is Kendall's τ-b with ties as ties."
    )
    return finish(
        figure,
        name="agreement",
        title=f"Ranks of {found.other.benchmark} against three rankings",
        caption=caption,
        provenance=f"{provenance} Other truth: {found.other.source.rstrip('.')}.",
        wide=True,
    )


def spread_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks of values of shape (n,) from 0 to 100; equal values in a random order, the same every time."""
    order = np.lexsort((np.random.default_rng(_SEED).random(values.size), values))
    ranks = np.empty(values.size)
    ranks[order] = 100 * (np.arange(values.size) + 0.5) / values.size
    return ranks
