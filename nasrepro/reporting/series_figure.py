"""A paper's figure drawn from our records: single seeds thin, their mean with its interval above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from nasrepro.metrics.summary import Summary
from nasrepro.papers.figure import FigureItem, Panel
from nasrepro.reporting.derived_series import ranked_cells
from nasrepro.reporting.describe import short_caption
from nasrepro.reporting.figures import BAND_FROM
from nasrepro.reporting.ours import OursGroup
from nasrepro.reporting.probe_figure import entitle
from nasrepro.reporting.ranking import by_chance
from nasrepro.reporting.reproduction_figure import axis_label
from nasrepro.reporting.series import Points, by_place, levels_of, points_of
from nasrepro.reporting.style import HALF, WIDE, Drawing, Look, finish, label_line, legends_below, looks, new_figure
from nasrepro.reporting.table_model import join_words, seed_text

_MOST_TICKS = 8
_MOST_MARKERS = 12
_MANY_POINTS = 20
"""More than so many points of several seeds are no lines but a tangle."""
_ABREAST = 3
"""Panels in one row; more of them stand in two."""


def series_figure(item: FigureItem, group: OursGroup, number: int) -> Drawing | None:
    """The figure of one group of runs, the `number`-th of its page; None where no run has a curve of it."""
    points = {key: drawn_points(item.panel_of(key), points_of(group, curve)) for key, curve in item.curves.items()}
    shown = [panel for panel in item.panels if any(points[curve.key] for curve in panel.curves)]
    if not shown:
        return None
    levels = {key: by_place(levels_of(group, curve)) for key, curve in item.curves.items()}
    wide = len(shown) > 1
    lines = 1 if len(shown) <= _ABREAST else 2
    figure = new_figure(WIDE if wide else HALF, 3.6 * lines)
    abreast = -(-len(shown) // lines)
    panels = [figure.add_subplot(lines, abreast, place) for place in range(1, len(shown) + 1)]
    for axes, panel in zip(panels, shown, strict=True):
        _panel(axes, item, panel, points, levels)
    legends_below(figure, [axes for axes, panel in zip(panels, shown, strict=True) if len(panel.curves) > 1])
    return finish(
        figure,
        name=item.item if number == 1 else f"{item.item}-{number}",
        title=f"{group.label[:1].upper()}{group.label[1:]}",
        caption=_caption(item, shown, points) + _of_few_cells(shown, group),
        provenance=short_caption(group.analysis.records),
        wide=wide,
    )


def drawn_points(panel: Panel, points: Points) -> Points:
    """Of all runs, or of the one with the lowest seed, or of the one that ends best."""
    if not points or not panel.of_single_runs:
        return points
    sign = -1 if panel.higher_is_better else 1
    ends = {seed: sign * own[max(own)] for seed, own in points.items()}
    seed = min(ends, key=lambda seed: (ends[seed], seed)) if panel.best_run else min(points)
    return {seed: points[seed]}


def _caption(item: FigureItem, shown: Sequence[Panel], points: Mapping[str, Points]) -> str:
    """How to read the figure."""
    averaged = [points[curve.key] for panel in shown for curve in panel.curves if not panel.of_single_runs]
    seeds = sorted({seed for own in averaged for seed in own})
    text = ""
    if seeds:
        tangled = [_tangled(own) for own in averaged if own]
        thin = "" if all(tangled) else "; thin lines are single seeds"
        text = f"Mean over seeds with its 95 % interval (band){thin} ({seed_text(seeds)}, n = {len(seeds)})."
        if any(tangled) and not all(tangled):
            text += f" Curves of more than {_MANY_POINTS} points are drawn without single seeds."
    if any(0 < len(own) < BAND_FROM for own in averaged):
        text += " Below three seeds there is no band."
    if single := [panel.title for panel in shown if panel.one_run]:
        text += f" One run each: {join_words(single)}."
    if best := [panel.title for panel in shown if panel.best_run]:
        text += f" Of each curve the run that ends best, an outcome of luck too: {join_words(best)}."
    for said in dict.fromkeys(panel.levels for panel in shown if panel.levels):
        text += f" Dashed in the color of a curve: {said}."
    if any(claim.line for claim in item.claims):
        text += " Dashed: what the paper states, measured elsewhere."
    return text.strip()


def _of_few_cells(shown: Sequence[Panel], group: OursGroup) -> str:
    """What chance does to a drawn τ over few cells."""
    names = {curve.quantity for panel in shown for curve in panel.curves}
    counts = {ranked_cells(record, name) for record in group.analysis.records for name in names}
    return "".join(by_chance(count) for count in sorted(counts))


def _panel(
    axes: Axes,
    item: FigureItem,
    panel: Panel,
    points: Mapping[str, Points],
    levels: Mapping[str, Mapping[float, Summary]],
) -> None:
    curves = [curve for curve in panel.curves if points[curve.key]]
    styles = _styles(item, panel)
    for curve in curves:
        _curve(axes, points[curve.key], styles[curve.key], curve.label)
        level = levels[curve.key]
        ys = [own.mean for own in level.values()]
        axes.plot(list(level), ys, color=styles[curve.key].color, linestyle=(0, (4, 2)), linewidth=1.0, zorder=3)
    _entitle(axes, panel, points)
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


def _styles(item: FigureItem, panel: Panel) -> dict[str, Look]:
    """A look per curve of the panel. Where curves of several panels have one label they look alike, so names are told
    apart over the whole figure."""
    by_label = looks(list(dict.fromkeys(curve.label for curve in item.curves.values())))
    return {curve.key: by_label[curve.label] for curve in panel.curves}


def _entitle(axes: Axes, panel: Panel, points: Mapping[str, Points]) -> None:
    """The panel's title with its number of seeds, or which run it shows."""
    own = [points[curve.key] for curve in panel.curves if points[curve.key]]
    if panel.of_single_runs:
        entitle(axes, panel.title, f"seed {seed_text(sorted({seed for known in own for seed in known}))}")
        return
    counts = sorted({len(known) for known in own})
    entitle(axes, panel.title, f"n = {' and '.join(str(count) for count in counts)} seeds")


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


def _tangled(points: Points) -> bool:
    """Whether lines of single seeds would hide each other, and a band says as much."""
    return len(points) >= BAND_FROM and max(len(own) for own in points.values()) > _MANY_POINTS


def _curve(axes: Axes, points: Points, look: Look, label: str) -> None:
    for own in () if _tangled(points) else points.values():
        xs = sorted(own)
        axes.plot(xs, [own[x] for x in xs], color=look.color, linestyle=look.dash, linewidth=0.7, alpha=0.35, zorder=2)
    means = by_place(points)
    x = np.array(list(means))
    every = -(-len(x) // _MOST_MARKERS)
    mean, low, high = (np.array([getattr(own, part) for own in means.values()]) for part in ("mean", "low", "high"))
    drawn = {"color": look.color, "linestyle": look.dash, "marker": look.marker, "markersize": 5, "markevery": every}
    axes.plot(x, mean, label=label, zorder=4, **drawn)
    known = np.isfinite(low) & np.array([own.n >= BAND_FROM for own in means.values()])
    axes.fill_between(x[known], low[known], high[known], color=look.color, alpha=0.16, linewidth=0, zorder=1)
