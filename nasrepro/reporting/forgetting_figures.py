"""Forgetting drawn: the watched cells over training, and what single updates do by what two cells share."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from nasrepro.metrics.summary import Summary
from nasrepro.reporting.analysis import Analysis
from nasrepro.reporting.figures import BAND_FROM, row_looks
from nasrepro.reporting.forgetting import Forgetting, SharedPoint
from nasrepro.reporting.forgetting_tables import watched_rows
from nasrepro.reporting.panels import panels
from nasrepro.reporting.sharing import Shared
from nasrepro.reporting.style import HALF, MUTED, WIDE, Drawing, Look, finish, legends_below, new_figure

_SPREAD = 0.5
"""Of the distance between two numbers of shared things, over which the rows' points stand side by side."""
_SEEN = 0.9
"""Share of the seeds that must have met a number of shared things for it to be drawn."""


def watched_figure(analysis: Analysis, provenance: str) -> Drawing | None:
    """Mean inherited accuracy of the watched cells over training, a line per row; None where none were watched."""
    rows = {result.method: own for result, own in watched_rows(analysis)}
    if not rows:
        return None
    shown = panels({result.method: result.name for result, _ in watched_rows(analysis)})
    figure = new_figure(HALF if len(shown) == 1 else WIDE, 3.4)
    drawn = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
    styles = row_looks(analysis)
    for axes, (title, names) in zip(drawn, shown.items(), strict=True):
        for name in names:
            _curve(axes, name, rows[name], styles[name])
        axes.set_title(title)
        axes.set_xlabel("weight updates")
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    drawn[0].set_ylabel("inherited accuracy, mean of the cells (%)")
    legends_below(figure, list(drawn))
    counts = {own.cells for own in rows.values()}
    cells = f"the {counts.pop()} watched cells" if len(counts) == 1 else "the watched cells"
    text = (
        f"Mean accuracy of {cells} on fixed validation images with the weights of the moment, right after the update "
        "that was looked at; bands: 95 % interval over three seeds or more."
    )
    return finish(
        figure,
        name="watched",
        title="Watched cells during training",
        caption=text,
        provenance=provenance,
        wide=len(shown) > 1,
    )


def _curve(axes: Axes, name: str, own: Forgetting, look: Look) -> None:
    steps = np.array([point.step for point in own.curve])
    mean, low, high = _bounds([point.accuracy for point in own.curve])
    seeds = max(point.accuracy.n for point in own.curve)
    every = max(1, len(steps) // 8)
    axes.plot(
        steps,
        mean,
        color=look.color,
        linestyle=look.dash,
        marker=look.marker,
        markersize=4.5,
        markevery=every,
        linewidth=1.3,
        label=f"{name} (n = {seeds})",
    )
    if seeds >= BAND_FROM:
        axes.fill_between(steps, low, high, color=look.color, alpha=0.14, linewidth=0)


def sharing_figure(analysis: Analysis, provenance: str) -> Drawing | None:
    """Change of loss across one update against what a cell shares with the trained one; None without such updates."""
    rows = [(result.method, own) for result, own in watched_rows(analysis) if own.sharing]
    if not rows:
        return None
    figure = new_figure(WIDE, 3.6)
    kinds: dict[Shared, str] = {"edges": rows[0][1].unit.equal, "convolutions": "convolutions that both cells run"}
    drawn = figure.subplots(1, len(kinds), sharey=True)
    styles = row_looks(analysis)
    for axes, (kind, label) in zip(drawn, kinds.items(), strict=True):
        for place, (name, own) in enumerate(rows):
            offset = _SPREAD * ((place + 0.5) / len(rows) - 0.5)
            _effect(axes, name, own, kind, styles[name], offset)
        axes.axhline(0, color=MUTED, linewidth=0.7, zorder=1)
        most = max(point.number for _, own in rows for point in _frequent(own, kind))
        axes.set_xlim(-0.5, most + 0.5)
        axes.set_xticks(range(most + 1))
        axes.set_xlabel(label)
    drawn[0].set_ylabel("change of loss (nats)")
    legends_below(figure, list(drawn))
    text = (
        "Loss of a watched cell right after one weight update minus that right before it, by what the cell shares "
        "with the cell that the update sampled; below zero the update helped. Means over seeds of the seeds' means "
        "with 95 % intervals (three seeds or more); points of one number stand side by side. Numbers that were seen in "
        f"fewer than {100 * _SEEN:.0f} % of the seeds are left out."
    )
    return finish(
        figure,
        name="sharing",
        title="What one update does to other cells",
        caption=text,
        provenance=provenance,
        wide=True,
    )


def _frequent(own: Forgetting, kind: Shared) -> list[SharedPoint]:
    """The numbers of shared things that nearly all seeds have seen; others rest on a handful of pairs."""
    seeds = max(point.loss.n for point in own.sharing[kind])
    return [point for point in own.sharing[kind] if point.loss.n >= _SEEN * seeds]


def _effect(axes: Axes, name: str, own: Forgetting, kind: Shared, look: Look, offset: float) -> None:
    points = _frequent(own, kind)
    x = np.array([point.number for point in points]) + offset
    mean, low, high = _bounds([point.loss for point in points])
    style = {"color": look.color, "linestyle": look.dash, "marker": look.marker, "markersize": 4.5}
    axes.plot(x, mean, linewidth=1.0, label=f"{name} (n = {max(point.loss.n for point in points)})", **style)
    known = np.array([point.loss.n >= BAND_FROM for point in points]) & np.isfinite(low)
    axes.vlines(x[known], low[known], high[known], color=look.color, linewidth=1.1)


def _bounds(summaries: list[Summary]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and ends of the interval, (n,) each."""
    mean, low, high = (np.array([getattr(own, part) for own in summaries]) for part in ("mean", "low", "high"))
    return mean, low, high
