"""Figures of a truth's accuracies: how they are distributed, what seeds change, how early a ranking is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from nasrepro.reporting.density import density
from nasrepro.reporting.style import BLUE, HALF, INK, MUTED, VERMILION, WIDE, Drawing, finish, label_line, new_figure
from nasrepro.reporting.table_model import decimal
from nasrepro.reporting.truth_analysis import TruthAnalysis
from nasrepro.reporting.truth_data import Measured, seed_spread, separately_measured
from nasrepro.spaces import nb201_columns

_BINS = 70
_LOOKS = ((BLUE, "-"), (VERMILION, (0, (5, 1.5))), (MUTED, (0, (1.5, 1.2))))


def distribution_figure(analysis: TruthAnalysis, provenance: str) -> Drawing:
    """A histogram of where most cells lie, and all cells from the worst to the best."""
    shown = analysis.table.final
    figure = new_figure(WIDE, 3.5)
    left, right = figure.subplots(1, 2)
    below = _histogram(left, shown)
    _sorted(right, shown)
    _mark_best(left, analysis)
    parts = [
        f"{count:,} cells ({measured.split}) lie further left" for measured, count in zip(shown, below, strict=True)
    ]
    caption = (
        f"Left: where most of the {_dependent(shown[0]):,} cells lie whose output depends on their input; "
        f"{' and '.join(parts)}. Right: every cell from the worst to the best; the crosses are the cells whose output "
        "ignores their input. Cells, not classes."
    )
    return finish(
        figure,
        name="distribution",
        title="How accuracies are distributed",
        caption=caption,
        provenance=provenance,
        wide=True,
    )


def _dependent(measured: Measured) -> int:
    return int(np.count_nonzero(nb201_columns.reaches_output() & ~np.isnan(measured.mean)))


def _histogram(axes: Axes, shown: Sequence[Measured]) -> list[int]:
    """Draws the histograms; returns how many cells of each lie left of the panel."""
    alive = nb201_columns.reaches_output()
    values = [measured.mean[alive & ~np.isnan(measured.mean)].astype(float) for measured in shown]
    low, high = min(np.quantile(v, 0.02) for v in values), max(v.max() for v in values)
    edges = np.linspace(low, high + 0.02 * (high - low), _BINS + 1)
    for number, (measured, found) in enumerate(zip(shown, values, strict=True)):
        color, dash = _LOOKS[number % len(_LOOKS)]
        counts, _ = np.histogram(found, edges)
        if number == 0:
            axes.stairs(counts, edges, color=color, fill=True, alpha=0.3)
        axes.stairs(counts, edges, color=color, linestyle=dash, linewidth=1.4, label=str(measured))
    axes.set_xlim(edges[0], edges[-1])
    axes.set_title("Where most cells lie")
    axes.set_xlabel("accuracy (%), mean over trials")
    axes.set_ylabel("cells")
    axes.legend(loc="upper left")
    return [int(np.count_nonzero(found < edges[0])) for found in values]


def _mark_best(axes: Axes, analysis: TruthAnalysis) -> None:
    best = analysis.best[0]
    axes.axvline(best.value, color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.annotate(
        f"best, {decimal(best.value, 2)}",
        xy=(best.value, 0.98),
        xycoords=("data", "axes fraction"),
        xytext=(-3, 0),
        textcoords="offset points",
        rotation=90,
        ha="right",
        va="top",
        fontsize=7.5,
    )


def _sorted(axes: Axes, shown: Sequence[Measured]) -> None:
    alive = nb201_columns.reaches_output()
    for number, measured in enumerate(shown):
        color, dash = _LOOKS[number % len(_LOOKS)]
        known = np.flatnonzero(~np.isnan(measured.mean))
        order = known[np.argsort(measured.mean[known], kind="stable")]
        share, values = 100 * (np.arange(order.size) + 0.5) / order.size, measured.mean[order]
        thin = np.unique(
            np.concatenate([np.linspace(0, order.size - 1, 500).astype(int), np.arange(-150, 0) % order.size])
        )
        axes.plot(share[thin], values[thin], color=color, linestyle=dash, label=str(measured))
        dead = np.flatnonzero(~alive[order])
        if number == 0 and dead.size:
            some = dead[np.linspace(0, dead.size - 1, min(8, dead.size)).astype(int)]
            axes.plot(share[some], values[some], linestyle="none", marker="x", markersize=4, color=INK)
            axes.annotate(
                f"{dead.size:,} cells ignore their input",
                xy=(share[dead[-1]], values[dead[-1]]),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                fontsize=7.5,
            )
    axes.set_xlim(-1, 101)
    axes.set_title("All cells, sorted")
    axes.set_xlabel("cells with a lower accuracy (%)")
    axes.set_ylabel("accuracy (%)")
    axes.legend(loc="center right")


def noise_figure(analysis: TruthAnalysis, provenance: str) -> Drawing | None:
    """Spread over trials against the mean, a panel per final split; None where single trials are not known."""
    shown = [m for m in analysis.table.final if m.trials is not None and m.trials.shape[1] > 1]
    if not shown:
        return None
    wide = len(shown) > 1
    figure = new_figure(WIDE if wide else HALF, 4.0)
    cells = separately_measured(analysis.table)
    for axes, measured in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        _noise_panel(axes, measured, cells)
    caption = (
        "Each point is one measured cell whose output depends on its input: the standard deviation over its trials "
        "(ddof = 1) against their mean. The line is the median of 20 groups of equally many cells. The lowest 2 % by "
        "accuracy and the highest 1 % by spread lie outside."
    )
    return finish(
        figure, name="seed-noise", title="What another seed changes", caption=caption, provenance=provenance, wide=wide
    )


def _noise_panel(axes: Axes, measured: Measured, cells: np.ndarray) -> None:
    assert measured.trials is not None
    spread, mean = seed_spread(measured.trials[cells]), measured.mean[cells].astype(float)
    known = ~np.isnan(spread) & ~np.isnan(mean)
    spread, mean = spread[known], mean[known]
    limits = (
        (float(np.quantile(mean, 0.02)), float(mean.max()) + 0.2),
        (0.0, max(float(np.quantile(spread, 0.99)), 0.1)),
    )
    density(axes, mean, spread, limits)
    groups = np.array_split(np.argsort(mean, kind="stable"), 20)
    centres = [(np.median(mean[group]), np.median(spread[group])) for group in groups if group.size]
    axes.plot(*zip(*centres, strict=True), color=INK, linewidth=1.4, zorder=3)
    axes.set_title(f"{measured} ({mean.size:,} cells)")
    axes.set_xlabel("accuracy (%), mean over trials")
    axes.set_ylabel("spread over trials (%)")


def epochs_figure(analysis: TruthAnalysis, provenance: str) -> Drawing | None:
    """Agreement of shorter trainings with the final ranking; None with fewer than three lengths of training."""
    main = analysis.table.primary
    lengths = {noise.measured.epochs for noise in analysis.noise}
    if len(lengths) < 3:
        return None
    figure = new_figure(HALF, 3.4)
    axes = figure.subplots()
    splits = list(dict.fromkeys([main.split, *(noise.measured.split for noise in analysis.noise)]))
    for number, split in enumerate(splits):
        color, dash = _LOOKS[number % len(_LOOKS)]
        found = [(n.measured.epochs, n.tau_primary) for n in analysis.noise if n.measured.split == split]
        found = [(epochs, tau) for epochs, tau in found if np.isfinite(tau)]
        if found:
            axes.plot(
                *zip(*sorted(found), strict=True), color=color, linestyle=dash, marker="os^"[number % 3], label=split
            )
    ceiling = analysis.noise_of(main).ceiling
    if np.isfinite(ceiling):
        label_line(axes, ceiling, f"noise ceiling, {decimal(ceiling, 2)}", color=INK, left=True)
    axes.set_xscale("log")
    axes.set_xticks(sorted(lengths), [str(length) for length in sorted(lengths)])
    axes.minorticks_off()
    axes.margins(y=0.15)
    axes.set_xlabel("epochs of training")
    axes.set_ylabel(f"Kendall τ-b with {main.split}, {main.epochs} epochs")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3)
    caption = (
        f"Agreement of the ranking after fewer epochs, by split, with {main}, over {analysis.noise_of(main).cells:,} "
        "separately measured cells whose output depends on their input. Numbers of one training share the luck of its "
        "seed and may agree better than the noise ceiling, which is that of a ranking without a share in this luck."
    )
    return finish(
        figure, name="epochs", title="How early a ranking is known", caption=caption, provenance=provenance, wide=False
    )
