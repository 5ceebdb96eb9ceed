"""A paper's figure drawn from our records: single seeds thin, their mean with its interval above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from nasrepro.metrics.summary import Summary
from nasrepro.papers.figure import FigureItem, Panel
from nasrepro.reporting.describe import short_caption
from nasrepro.reporting.figures import BAND_FROM, entitle
from nasrepro.reporting.ours import OursGroup
from nasrepro.reporting.reproduction_figure import axis_label
from nasrepro.reporting.series import Points, by_place, points_of
from nasrepro.reporting.style import HALF, WIDE, Drawing, Look, finish, label_line, legends_below, looks, new_figure
from nasrepro.reporting.table_model import seed_text

_MOST_TICKS = 8


def series_figure(item: FigureItem, group: OursGroup, number: int) -> Drawing | None:
    """The figure of one group of runs, the `number`-th of its page; None where no run has a curve of it."""
    points = {key: points_of(group, curve) for key, curve in item.curves.items()}
    shown = [panel for panel in item.panels if any(points[curve.key] for curve in panel.curves)]
    if not shown:
        return None
    wide = len(shown) > 1
    figure = new_figure(WIDE if wide else HALF, 3.6)
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    styles = looks(list(item.curves))
    for axes, panel in zip(panels, shown, strict=True):
        _panel(axes, item, panel, points, styles)
    legends_below(figure, [axes for axes, panel in zip(panels, shown, strict=True) if len(panel.curves) > 1])
    seeds = sorted({seed for own in points.values() for seed in own})
    text = (
        f"Mean over seeds with its 95 % interval (band); thin lines are single seeds ({seed_text(seeds)}, "
        f"n = {len(seeds)})."
    )
    if any(0 < len(own) < BAND_FROM for own in points.values()):
        text += " Below three seeds there is no band."
    if any(claim.line for claim in item.claims):
        text += " Dashed: what the paper states, measured elsewhere."
    return finish(
        figure,
        name=item.item if number == 1 else f"{item.item}-{number}",
        title=f"{group.label[:1].upper()}{group.label[1:]}",
        caption=text,
        provenance=short_caption(group.analysis.records),
        wide=wide,
    )


def _panel(axes: Axes, item: FigureItem, panel: Panel, points: dict[str, Points], styles: dict[str, Look]) -> None:
    curves = [curve for curve in panel.curves if points[curve.key]]
    for curve in curves:
        _curve(axes, points[curve.key], styles[curve.key], curve.label)
    counts = sorted({len(points[curve.key]) for curve in curves})
    entitle(axes, panel.title, f"n = {' and '.join(str(count) for count in counts)} seeds")
    axes.set_xlabel(axis_label(item.x))
    axes.set_ylabel(axis_label(panel.y))
    places = sorted({x for curve in curves for own in points[curve.key].values() for x in own})
    if len(places) <= _MOST_TICKS:
        axes.set_xticks(places, [f"{x:g}" for x in places])
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.margins(x=0.04, y=0.1)
    means = [by_place(points[curve.key]) for curve in curves]
    keys = {curve.key for curve in curves}
    for claim in item.claims:
        if claim.line and claim.bound is not None and claim.at.curve in keys:
            label_line(axes, claim.bound, claim.line, left=_freer_on_the_left(means, claim.bound))
    if panel.higher_is_better is False:
        axes.set_ylim(bottom=0)


def _freer_on_the_left(means: Sequence[Mapping[float, Summary]], bound: float) -> bool:
    """Whether the curves keep further away from a line at `bound` on the left, so that its name is better put there."""
    free = []
    for side in (np.linspace(0.0, 0.45, 20), np.linspace(0.55, 1.0, 20)):
        gaps = []
        for curve in means:
            x, y = np.array(list(curve)), np.array([own.mean for own in curve.values()])
            gaps.append(np.abs(np.interp(x[0] + side * (x[-1] - x[0]), x, y) - bound).min())
        free.append(min(gaps))
    return bool(free[0] > free[1])


def _curve(axes: Axes, points: Points, look: Look, label: str) -> None:
    for own in points.values():
        xs = sorted(own)
        axes.plot(xs, [own[x] for x in xs], color=look.color, linestyle=look.dash, linewidth=0.7, alpha=0.35, zorder=2)
    means = by_place(points)
    x = np.array(list(means))
    mean, low, high = (np.array([getattr(own, part) for own in means.values()]) for part in ("mean", "low", "high"))
    axes.plot(x, mean, color=look.color, linestyle=look.dash, marker=look.marker, markersize=5, label=label, zorder=4)
    known = np.isfinite(low) & np.array([own.n >= BAND_FROM for own in means.values()])
    axes.fill_between(x[known], low[known], high[known], color=look.color, alpha=0.16, linewidth=0, zorder=1)
