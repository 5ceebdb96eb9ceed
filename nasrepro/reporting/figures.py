"""The figures of a comparison: worth of the found cells, anytime curves, ranking quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from nasrepro.metrics.regret import incumbent_curve
from nasrepro.reporting.analysis import Analysis, MethodResult, Scoring
from nasrepro.reporting.comparison_table import scoring_label
from nasrepro.reporting.contrasts import Answer
from nasrepro.reporting.dot_rows import DotRow, draw_lines, draw_rows
from nasrepro.reporting.grouping import PRIMARY, REFERENCE_METHOD
from nasrepro.reporting.panels import panels
from nasrepro.reporting.ranking import by_chance
from nasrepro.reporting.style import (
    DASHES,
    HALF,
    INK,
    MUTED,
    WIDE,
    Drawing,
    Look,
    finish,
    label_line,
    legends_below,
    looks,
    new_figure,
)
from nasrepro.reporting.table_model import decimal

BAND_FROM = 3
"""Seeds; the interval of two covers the whole panel."""
_GRID_POINTS = 60


def row_looks(analysis: Analysis) -> dict[str, Look]:
    """A look per row: the method's or, where its rows differ in settings, the variant's; with other dashes under every
    further protocol."""
    by_variant = looks(list(dict.fromkeys(result.variant for result in analysis.methods)))
    styles: dict[str, Look] = {}
    for result in analysis.methods:
        further = analysis.protocols.index(result.protocol)
        look = by_variant[result.variant]
        styles[result.method] = replace(look, dash=DASHES[further % len(DASHES)]) if further else look
    return styles


def accuracy_figure(analysis: Analysis, provenance: str) -> Drawing | None:
    """A dot per seed, the mean with its interval, and the known ends of the scale; None without scores."""
    main = analysis.primary
    shown = [result for result in analysis.methods if PRIMARY in result.scores]
    if main is None or not shown:
        return None
    figure = new_figure(HALF, 1.1 + 0.42 * max(len(shown), 3))
    axes = figure.subplots()
    styles = row_looks(analysis)
    rows = [DotRow(r.method, list(r.values[PRIMARY].values()), styles[r.method]) for r in shown]
    draw_rows(axes, rows)
    axes.set_xlabel(scoring_label(main))
    axes.set_xlim(*_window([*(value for row in rows for value in row.values), *_ends(main).values()], main))
    draw_lines(axes, list(_ends(main).items()))
    text = (
        "A dot is one seed; the bar is the mean with its 95 % interval over seeds, cut off where it leaves the figure."
    )
    return finish(
        figure, name="accuracy", title="What the found cells are worth", caption=text, provenance=provenance, wide=False
    )


def _ends(main: Scoring) -> dict[str, float]:
    """The known ends of the scale by name."""
    ends = {"mean of one uniform cell": main.random_mean, "best cell": main.optimum}
    return {name: value for name, value in ends.items() if value is not None}


def _window(values: Sequence[float], main: Scoring) -> tuple[float, float]:
    """Limits that show the values with some room. Intervals of two or three seeds can be wider than all that is
    possible and would squeeze the data to a line."""
    low, high = min(values), max(values)
    pad = max(0.25 * (high - low), 0.5)
    bounds = (0.0, 101.0) if main.higher_is_better else (0.0, np.inf)
    return max(low - pad, bounds[0]), min(high + pad, bounds[1])


def anytime_figure(analysis: Analysis, provenance: str) -> Drawing | None:
    """Worth of the answer a method would have given at each point of its budget, one panel per kind of budget."""
    main = analysis.primary
    groups = [
        ("Weight sharing", "weight updates", [m for m in analysis.methods if m.trains and _has_curve(m)]),
        ("Queries only", "queries", [m for m in analysis.methods if not m.trains and _has_curve(m)]),
    ]
    groups = [group for group in groups if group[2]]
    if main is None or not groups or analysis.trained:  # then only the last answer has a truth
        return None
    figure = new_figure(WIDE if len(groups) == 2 else HALF, 3.4)
    panels = figure.subplots(1, len(groups), squeeze=False, sharey=True)[0]
    styles = row_looks(analysis)
    for axes, (title, unit, results) in zip(panels, groups, strict=True):
        for result in results:
            _anytime_curve(axes, result, styles[result.method])
        axes.set_title(title)
        axes.set_xlabel(unit)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        for name, value in _ends(main).items():
            label_line(axes, value, name, below=value != main.optimum)
    means = [value for axes in panels for line in axes.get_lines() for value in line.get_ydata() if np.isfinite(value)]
    panels[0].set_ylim(*_window([*means, *_ends(main).values()], main))
    panels[0].set_ylabel(scoring_label(main))
    legends_below(figure, panels)
    seen = any(record.cost.queries.get("scored") for record in analysis.records)
    text = (
        "The truth of the cell that the method would have answered at this point; band: 95 % interval of the mean over "
        "three seeds or more, at each point by itself. "
        + ("Multi-trial searches look up this very number." if seen else "The search never sees this truth.")
    )
    return finish(
        figure, name="anytime", title="Anytime performance", caption=text, provenance=provenance, wide=len(groups) == 2
    )


def _has_curve(result: MethodResult) -> bool:
    longest = max((len([p for p in r.trace if p.truth is not None]) for r in result.done), default=0)
    return longest > 1 and result.name != REFERENCE_METHOD


def budget_grid(result: MethodResult) -> np.ndarray:
    """Where a method's curve is drawn: at its answers, thinned when they are many, and at the end of its budget."""
    places = np.array(sorted({float(point.at) for record in result.done for point in record.trace}))
    if len(places) > _GRID_POINTS:
        places = places[np.unique(np.linspace(0, len(places) - 1, _GRID_POINTS).round().astype(int))]
    spent = [r.cost.steps if result.trains else sum(r.cost.queries.values()) for r in result.done]
    return np.union1d(places, [max([*spent, places[-1]])])


def _anytime_curve(axes: Axes, result: MethodResult, look: Look) -> None:
    curves = [[(float(p.at), p.truth) for p in record.trace] for record in result.done]
    curve = incumbent_curve(curves, budget_grid(result))
    known = np.isfinite(curve.mean)
    label = f"{result.method} (n = {curve.n})"
    x, mean, low, high = curve.grid[known], curve.mean[known], curve.low[known], curve.high[known]
    axes.step(x, mean, where="post", color=look.color, linestyle=look.dash, label=label)
    axes.plot(x[-1:], mean[-1:], color=look.color, marker=look.marker, markersize=5)
    if curve.n >= BAND_FROM and np.isfinite(low).all():
        axes.fill_between(x, low, high, step="post", color=look.color, alpha=0.16, linewidth=0)


def tau_figure(analysis: Analysis, provenance: str) -> Drawing | None:
    """Kendall τ during training with intervals over seeds, beside the parameter-count baseline."""
    shown = [result for result in analysis.methods if result.ranking is not None and result.ranking.curve]
    if not shown:
        return None
    rows = panels({result.method: result.name for result in shown})
    figure = new_figure(HALF if len(rows) == 1 else WIDE, 3.1)
    drawn = figure.subplots(1, len(rows), squeeze=False, sharey=True)[0]
    styles = row_looks(analysis)
    for axes, (title, names) in zip(drawn, rows.items(), strict=True):
        for name in names:
            _tau_curve(axes, analysis.method(name), styles[name])
        _tau_panel(axes, title, shown[0])
    low, high = drawn[0].get_ylim()
    drawn[0].set_ylim(max(low, -1.0), min(high, 1.0))
    drawn[0].set_ylabel("Kendall τ-b to the truth")
    legends_below(figure, list(drawn))
    assert shown[0].ranking is not None
    ranking = shown[0].ranking
    text = f"τ-b of one-shot {ranking.scored_by} over the fixed probe cells; "
    text += f"bands: 95 % interval over three seeds or more.{by_chance(ranking.cells)}"
    return finish(
        figure,
        name="tau",
        title="Ranking quality during training",
        caption=text,
        provenance=provenance,
        wide=len(rows) > 1,
    )


def _tau_panel(axes: Axes, title: str, any_row: MethodResult) -> None:
    """What a panel has beside its curves."""
    axes.axhline(0, color=MUTED, linewidth=0.7, zorder=1)
    if any_row.ranking is not None and any_row.ranking.by_params is not None:
        by_params = any_row.ranking.by_params
        label_line(axes, by_params, f"parameter count, {decimal(by_params, 2)}", color=INK)
    axes.margins(y=0.12)
    axes.set_title(title)
    axes.set_xlabel("weight updates")


def _tau_curve(axes: Axes, result: MethodResult, look: Look) -> None:
    assert result.ranking is not None
    curve = result.ranking.curve
    steps = np.array([point.step for point in curve])
    mean = np.array([point.tau.mean for point in curve])
    label = f"{result.method} (n = {result.ranking.tau.n})"
    style = {"color": look.color, "linestyle": look.dash, "marker": look.marker, "markersize": 4.5, "label": label}
    axes.plot(steps, mean, **style)
    known = [point for point in curve if point.tau.n >= BAND_FROM and np.isfinite(point.tau.low)]
    if known:
        x, low, high = (np.array(v) for v in zip(*((p.step, p.tau.low, p.tau.high) for p in known), strict=True))
        axes.fill_between(x, low, high, color=look.color, alpha=0.14, linewidth=0)


def all_figures(analysis: Analysis, provenance: str, answered: Sequence[Answer] = ()) -> Sequence[Drawing]:
    """Every figure the records have data for, in reading order."""
    from nasrepro.reporting.cell_figure import cell_figure
    from nasrepro.reporting.contrast_figure import contrast_figure
    from nasrepro.reporting.forgetting_figures import sharing_figure, watched_figure
    from nasrepro.reporting.probe_figure import scatter_figure

    made = [
        contrast_figure(answered, analysis, provenance),
        accuracy_figure(analysis, provenance),
        tau_figure(analysis, provenance),
        watched_figure(analysis, provenance),
        sharing_figure(analysis, provenance),
        anytime_figure(analysis, provenance),
        scatter_figure(analysis, provenance),
        cell_figure(analysis, provenance),
    ]
    return [drawing for drawing in made if drawing is not None]
