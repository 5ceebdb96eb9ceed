"""The figures of a ranking of the whole space: τ of every run, densities, the best-scored cells, probe cells."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from nasrepro.metrics.ranking import kendall_tau, mean_of_best
from nasrepro.metrics.summary import summarize
from nasrepro.records.record import Checkpoint, RunRecord
from nasrepro.reporting.density import density
from nasrepro.reporting.dot_rows import DotRow, draw_lines, draw_rows
from nasrepro.reporting.probe_figure import entitle, probe_panel
from nasrepro.reporting.ranking import oriented_truth
from nasrepro.reporting.space_ranking import CELLS, Ordering, SpaceRanking
from nasrepro.reporting.space_trust import Trust
from nasrepro.reporting.style import HALF, INK, MUTED, WIDE, Drawing, Look, finish, looks, new_figure
from nasrepro.reporting.table_model import decimal
from nasrepro.spaces import nb201_columns

_COLUMNS = 3
_BEST = 10
_GROUPS = 20
_POINTS = 60


def space_figures(
    ranking: SpaceRanking, trust: Trust, records: Sequence[RunRecord], provenance: str
) -> Sequence[Drawing]:
    """Every figure there are data for, in reading order."""
    made = [
        density_figure(ranking, provenance),
        tau_figure(ranking, trust, provenance),
        best_figure(ranking, provenance),
        probe_figure(ranking, records, provenance),
    ]
    return [drawing for drawing in made if drawing is not None]


def density_figure(ranking: SpaceRanking, provenance: str) -> Drawing:
    """Score against truth of all ranked cells, a panel per name, for the run with the median τ."""
    shown = ranking.leading()
    columns = min(len(shown), _COLUMNS)
    wide = columns > 1
    rows = math.ceil(len(shown) / columns)
    figure = new_figure(WIDE if wide else HALF, (4.1 if columns < _COLUMNS else 3.7) * rows)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    figure.draw_without_rendering()  # settles the sizes of the panels, which the hexagons need
    styles = looks(ranking.names)
    outside = [
        _density(axes, ordering, ranking, styles[ordering.name]) for axes, ordering in zip(panels, shown, strict=False)
    ]
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    left_out = ", ".join(f"{count:,} ({o.name})" for count, o in zip(outside, shown, strict=True) if count)
    seed = ", for the seed with the median τ" if _seeded(ranking) else ""
    caption = (
        f"All {ranking.sizes[CELLS]:,} ranked cells{seed}. The line is "
        f"the mean truth of {_GROUPS} groups of equally many cells from the worst scored to the best; the "
        f"rings are the {_BEST} cells scored best."
    )
    if left_out:
        caption += f" Cells far from the others lie outside the panel: {left_out}."
    return finish(
        figure,
        name="density",
        title="Score against truth, all cells",
        caption=caption,
        provenance=provenance,
        wide=wide,
    )


def _seeded(ranking: SpaceRanking) -> bool:
    """Whether runs are ranked, and not the columns of a file."""
    return any(run.seed is not None for ordering in ranking.orderings for run in ordering.runs)


def _counted(ordering: Ordering) -> str:
    seeds = sum(run.seed is not None for run in ordering.runs)
    return f"{ordering.label} (n = {seeds})" if seeds else ordering.label


def _density(axes: Axes, ordering: Ordering, ranking: SpaceRanking, look: Look) -> int:
    """Returns how many cells lie outside the panel."""
    place = ordering.median_run
    run, truth = ordering.runs[place], ranking.truth
    scores = run.scores[ordering.by][ranking.cells].astype(np.float64)
    dependent = nb201_columns.reaches_output()[ranking.cells]
    limits = (_window(truth, dependent), _window(scores, dependent))
    drawn = density(axes, truth, scores, limits, columns=40, color=look.color)
    groups = [group for group in np.array_split(np.argsort(scores, kind="stable"), _GROUPS) if group.size]
    axes.plot(
        [truth[group].mean() for group in groups],
        [scores[group].mean() for group in groups],
        color=INK,
        linewidth=1.3,
        zorder=3,
    )
    best = np.argsort(-scores, kind="stable")[:_BEST]
    axes.scatter(truth[best], scores[best], s=26, facecolors="none", edgecolors=INK, linewidths=0.9, zorder=4)
    axes.set_xlabel(f"truth: {ranking.table.primary} (%)")
    axes.set_ylabel("one-shot validation accuracy (%)" if ordering.by == "accuracy" else ordering.by)
    seed = "" if run.seed is None else f" (seed {run.seed})"
    entitle(axes, ordering.name, f"{_tau(ordering.taus[place])}{seed}, over {ranking.sizes[CELLS]:,} cells")
    return int(truth.size - drawn)


def _tau(tau: float) -> str:
    return f"τ = {decimal(tau, 2)}" if math.isfinite(tau) else "τ is undefined"


def _window(values: np.ndarray, dependent: np.ndarray) -> tuple[float, float]:
    """Where nearly all cells that depend on their input lie; the others would squeeze them into a corner."""
    inside = values[dependent] if dependent.any() else values
    low, high = float(np.quantile(inside, 0.02)), float(inside.max())
    pad = 0.04 * (high - low) or 0.5
    return low - pad, high + pad


def tau_figure(ranking: SpaceRanking, trust: Trust, provenance: str) -> Drawing:
    """A dot per run, the mean with its interval, and the lines that everything is to be seen beside."""
    shown = ranking.orderings
    figure = new_figure(HALF, 1.5 + 0.4 * max(len(shown), 3))
    axes = figure.subplots()
    styles = looks(ranking.names)
    lines = [(name, tau) for name, of in ranking.baselines.items() if math.isfinite(tau := of[CELLS]["tau"])]
    if trust.ceiling is not None:
        lines.append(("perfect ranking", trust.ceiling))
    draw_rows(axes, [DotRow(ordering.label, ordering.taus, styles[ordering.name]) for ordering in shown])
    axes.set_xlabel(f"Kendall τ-b over {ranking.sizes[CELLS]:,} cells")
    known = [tau for ordering in shown for tau in ordering.taus if math.isfinite(tau)] + [value for _, value in lines]
    axes.set_xlim(min(0.0, *known) - 0.04, min(1.0, max(known, default=1.0) + 0.06))
    draw_lines(axes, lines)
    caption = f"A dot is one {'run' if _seeded(ranking) else 'column of the file'}."
    if any(len(ordering.runs) > 1 for ordering in shown):
        caption += " The bar is the mean with its 95 % interval over seeds, cut off where it leaves the figure."
    return finish(
        figure,
        name="tau-space",
        title="Beside what needs no training",
        caption=caption,
        provenance=provenance,
        wide=False,
    )


def best_figure(ranking: SpaceRanking, provenance: str) -> Drawing:
    """Mean truth of the k cells scored best, for every k: what choosing by these scores gives."""
    figure = new_figure(HALF, 3.4)
    axes = figure.subplots()
    styles = looks(ranking.names)
    size = ranking.cells.size
    places = np.unique(np.geomspace(1, size, min(_POINTS, size)).round().astype(int))
    truth = ranking.truth
    for ordering in ranking.leading():
        curves = [mean_of_best(run.scores[ordering.by][ranking.cells], truth, places) for run in ordering.runs]
        _best_curve(axes, places, curves, styles[ordering.name], _counted(ordering))
    counted = nb201_columns.params(ranking.table.skeleton)[ranking.cells].astype(np.float64)
    axes.plot(places, mean_of_best(counted, truth, places), color=MUTED, linestyle=(0, (4, 2)), label="parameter count")
    axes.plot(places, mean_of_best(truth, truth, places), color=INK, linewidth=1.0, label="truth itself")
    axes.set_xscale("log")
    axes.set_xlabel("k")
    axes.set_ylabel("mean truth of the k cells scored best (%)")
    _show_upper_part(axes, truth)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    caption = (
        f"Truth ({ranking.table.primary}) averaged over the k cells with the highest scores, ties in random order; at "
        f"the right end stands the mean of all {size:,} cells."
    )
    if any(len(ordering.runs) > 1 for ordering in ranking.orderings):
        caption += " Bands: 95 % interval over seeds."
    return finish(
        figure,
        name="best-scored",
        title="What the best-scored cells are worth",
        caption=caption,
        provenance=provenance,
        wide=False,
    )


def _best_curve(axes: Axes, places: np.ndarray, curves: Sequence[np.ndarray], look: Look, label: str) -> None:
    seen = [summarize(column) for column in np.stack(curves).T]
    axes.plot(places, [s.mean for s in seen], color=look.color, linestyle=look.dash, label=label)
    if len(curves) > 1:
        low, high = [s.low for s in seen], [s.high for s in seen]
        axes.fill_between(places, low, high, color=look.color, alpha=0.16, linewidth=0)


def _show_upper_part(axes: Axes, truth: np.ndarray) -> None:
    """From a little below the mean of all cells to the best one: intervals of few seeds are wider than that."""
    low, high = float(truth.mean()), float(truth.max())
    drawn = [float(y) for line in axes.get_lines() for y in np.asarray(line.get_ydata(), dtype=float)]
    bottom = min(low, *drawn)
    axes.set_ylim(bottom - 0.05 * (high - bottom), high + 0.05 * (high - bottom))


def probe_figure(ranking: SpaceRanking, records: Sequence[RunRecord], provenance: str) -> Drawing | None:
    """Probe cells at the start, in the middle and at the end of training, a row per method."""
    by_key = {record.key: record for record in records}
    shown: list[tuple[Ordering, RunRecord, Sequence[Checkpoint]]] = []
    for ordering in ranking.leading():
        record = by_key.get(ordering.runs[ordering.median_run].key)
        if record is not None and record.probes is not None and len(record.probes.cells) > 2:
            shown.append((ordering, record, _moments(record.probes.checkpoints)))
    if not shown:
        return None
    figure = new_figure(WIDE, 3.1 * len(shown) + 0.2)
    panels = figure.subplots(len(shown), 3, squeeze=False)
    styles = looks(ranking.names)
    for row, (ordering, record, moments) in zip(panels, shown, strict=True):
        _probe_row(row, record, moments, styles[ordering.name])
        row[0].set_ylabel(f"{ordering.name}\none-shot accuracy (%)")
    for axes in panels[-1]:
        axes.set_xlabel(f"truth: {ranking.table.primary} (%)")
    caption = (
        "One-shot scores of the fixed probe cells during training, for the seed with the median τ over the space; the "
        "first, the middle and the last time they were scored. Scales of the vertical axes differ. Crosses are cells "
        "whose output does not depend on their input; those off the scale stand at its border."
    )
    return finish(
        figure,
        name="probes",
        title="The same during training, on the probe cells",
        caption=caption,
        provenance=provenance,
        wide=True,
    )


def _moments(checkpoints: Sequence[Checkpoint]) -> Sequence[Checkpoint]:
    """First, middle and last, each once."""
    last = len(checkpoints) - 1
    return [checkpoints[place] for place in sorted({0, last // 2, last})]


def _probe_row(row: Sequence[Axes], record: RunRecord, moments: Sequence[Checkpoint], look: Look) -> None:
    assert record.probes is not None
    truth = oriented_truth(record.probes.truth)
    for axes, moment in zip(row, moments, strict=False):
        probe_panel(axes, record.probes, moment, look)
        tau = kendall_tau(np.array(moment.accuracy), truth)
        told = f"{_tau(tau)}, {len(truth):,} cells"
        entitle(axes, f"after {moment.step:,} of {record.cost.steps:,} updates", told)
    for axes in row[len(moments) :]:
        axes.set_visible(False)
