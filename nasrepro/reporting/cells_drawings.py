"""Shared weights beside the truth, drawn: worth of all cells, places of the best, τ of all runs, cells that are one."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nasrepro.metrics.ranking import tau_spread
from nasrepro.reporting.cells_study import Ordering, SharedCells, places_of, short_name, twin_distances
from nasrepro.reporting.probe_figure import entitle
from nasrepro.reporting.style import BLUE, INK, MUTED, PAPER, VERMILION, label_line
from nasrepro.reporting.table_model import decimal, seed_text

_BAR = "#b9c4d0"
_ROOM = 0.12
"""Share of the values' range that an axis has to spare."""


def draw_truth(figure: Figure, own: SharedCells) -> str:
    """Bars of the true worth, best first, and the worth under shared weights on an axis of its own."""
    axes = figure.subplots()
    x, order = np.arange(len(own.cells)), own.order
    error = np.nan_to_num(own.spread[order])
    axes.bar(x, own.truth[order], width=0.72, color=_BAR, zorder=2)
    axes.errorbar(x, own.truth[order], yerr=error, fmt="none", ecolor=MUTED, elinewidth=1.0, capsize=2, zorder=3)
    low, high = (own.truth[order] - error).min(), (own.truth[order] + error).max()
    axes.set_ylim(low - _ROOM * (high - low), high + _ROOM * (high - low))
    axes.set_ylabel("trained alone: perplexity (bars)")
    axes.set_xticks(x, [short_name(own.cells[k]) for k in order], rotation=90, fontsize=7)
    axes.set_xlim(-0.7, len(x) - 0.3)
    axes.grid(axis="x", visible=False)
    right = axes.twinx()
    shared = own.final[:, order]
    several = len(shared) > 1
    spread = shared.std(axis=0, ddof=1) if several else np.zeros(len(x))
    right.errorbar(
        x,
        shared.mean(axis=0),
        yerr=spread if several else None,
        color=VERMILION,
        marker="o",
        markersize=4,
        linewidth=1.2,
        elinewidth=0.9,
        capsize=2,
        zorder=4,
    )
    right.spines["right"].set_visible(True)
    right.grid(visible=False)
    right.set_ylabel("shared weights: validation perplexity (line)", color=VERMILION)
    entitle(axes, f"All {x.size} cells", f"n = {len(own.seeds)} runs of shared weights, seeds {seed_text(own.seeds)}")
    return (
        f"Cells in their true order ({own.truth_words}), the best at the left. Bars: mean ± sample standard deviation "
        "over trainings of each cell alone; their axis does not begin at zero. Line: mean ± sample standard deviation "
        "over runs under shared weights, on the right axis. A cell is named by the activations of its nodes and the "
        "states that they read."
    )


def draw_changes(figure: Figure, own: SharedCells, top: int | None) -> str:
    """The `top` truly best cells at the left, their places under shared weights at the right, for three runs; all of
    them where it is None."""
    panels = figure.subplots(1, len(own.picked), sharey=True)
    cells = len(own.cells)
    best = own.order[:top]
    for axes, (word, run) in zip(panels, own.picked.items(), strict=True):
        places = places_of(own.final[run])[best]
        for true, place in enumerate(places, start=1):
            change = abs(place - true)
            color = _shade(change / max(1, cells - 1))
            axes.plot([0, 1], [true, place], color=color, linewidth=1.6, marker="o", markersize=5, zorder=3)
            axes.annotate(
                f"{change:g}",
                xy=(1, place),
                xytext=(7, 0),
                textcoords="offset points",
                va="center",
                fontsize=7.5,
                color=color,
                fontweight="bold",
            )
        axes.set_ylim(cells + 0.8, 0.2)
        axes.set_xlim(-0.12, 1.2)
        axes.set_xticks([0, 1], ["by truth", "under shared\nweights"])
        axes.grid(axis="x", visible=False)
        entitle(
            axes, f"{word} run", f"τ = {decimal(own.by_cell.taus[run], 2)} over {cells} cells, seed {own.seeds[run]}"
        )
    panels[0].set_ylabel("place (1 is best)")
    panels[0].set_yticks([1, *range(5, cells + 1, 5)])
    return (
        f"The {best.size} truly best of {cells} cells ({own.truth_words}) and where shared weights put them, in the "
        "runs with the highest, the middle and the lowest Kendall τ-b. The number, and the color, is by how many "
        "places a cell moves."
    )


def _shade(share: float) -> tuple[float, float, float]:
    """From blue for no change to vermilion for the largest."""
    ends = [tuple(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)) for color in (BLUE, VERMILION)]
    weight = min(1.0, share * 1.6)  # few cells move over the whole range
    red, green, blue = ((1 - weight) * a + weight * b for a, b in zip(*ends, strict=True))
    return red, green, blue


def draw_taus(figure: Figure, own: SharedCells) -> str:
    """How the runs' τ spread, beside unrelated orders and a perfect one: over cells and over functions."""
    kinds = [own.by_cell, own.by_function] if own.twins else [own.by_cell]
    panels = figure.subplots(1, len(kinds), squeeze=False, sharey=True)[0]
    for axes, ordering in zip(panels, kinds, strict=True):
        _tau_histogram(axes, ordering)
    panels[0].set_ylabel("runs")
    panels[0].yaxis.set_major_locator(MaxNLocator(5, integer=True))
    panels[0].set_ylim(0, 1.3 * panels[0].get_ylim()[1])
    draws = own.by_cell.chance.draws if own.by_cell.chance else 0
    return (
        f"Kendall τ-b of each of {len(own.seeds)} runs against the truth ({own.truth_words}). Grey: how τ of one order "
        "that has nothing to do with the truth would spread. Dashed: what a perfect order can expect, because the "
        f"truth itself is measured with noise. p: of the mean τ, two-sided, against {draws:,} relabelings of the truth "
        "that leave the runs as they are."
        + (" Cells that compute the same are one function, with the mean of their worth." if own.twins else "")
    )


def _tau_histogram(axes: Axes, ordering: Ordering) -> None:
    taus, count = ordering.taus[np.isfinite(ordering.taus)], ordering.truth.size
    width = 0.05
    low, high = min(-0.55, taus.min(initial=0.0) - width), max(1.0, taus.max(initial=0.0) + width)
    edges = np.arange(math.floor(low / width), math.ceil(high / width) + 1) * width
    axes.hist(taus, bins=edges.tolist(), color=BLUE, alpha=0.85, edgecolor=PAPER, linewidth=0.6, zorder=3)
    x, spread = np.linspace(low, high, 300), tau_spread(count)
    density = np.exp(-((x / spread) ** 2) / 2) / (spread * math.sqrt(2 * math.pi))
    axes.fill_between(x, density * width * taus.size, color=MUTED, alpha=0.25, linewidth=0, zorder=1)
    axes.axvline(0, color=MUTED, linewidth=0.8, zorder=2)
    if taus.size:
        axes.axvline(taus.mean(), color=INK, linewidth=1.6, zorder=4)
        free = taus.mean() < 0.6  # at the right of the line
        axes.annotate(
            f"mean {decimal(taus.mean(), 2)}",
            xy=(taus.mean(), 1),
            xycoords=("data", "axes fraction"),
            xytext=(4 if free else -4, -2),
            textcoords="offset points",
            ha="left" if free else "right",
            va="top",
            fontsize=7.5,
        )
    if math.isfinite(ordering.ceiling):
        axes.axvline(ordering.ceiling, color=MUTED, linewidth=1.0, linestyle=(0, (4, 2)), zorder=2)
        axes.annotate(
            f"perfect order, {decimal(ordering.ceiling, 2)}",
            xy=(ordering.ceiling, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-4, -14),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=7.5,
            color=MUTED,
        )
    axes.set_xlim(low, high)
    axes.set_xlabel("Kendall τ-b")
    chance = ordering.chance
    p = "" if chance is None else f", p {'< 0.001' if chance.p < 0.001 else f'= {decimal(chance.p, 3)}'}"
    entitle(axes, f"{count} {ordering.noun}", f"chance scatters by {decimal(spread, 2)}{p}")


def draw_twins(figure: Figure, own: SharedCells) -> str:
    """A row for each function that several cells compute: their places by truth and under shared weights."""
    axes, distances = figure.subplots(1, 2, width_ratios=(2, 1))
    true, shared = places_of(own.truth), places_of(own.final)
    for row, group in enumerate(own.twins):
        for offset, values, color, marker in (
            (-0.14, true[group], INK, "o"),
            (0.14, shared[:, group].mean(axis=0), VERMILION, "s"),
        ):
            axes.plot(values, [row + offset] * group.size, color=color, marker=marker, markersize=5.5, linewidth=1.2)
    axes.plot([], [], color=INK, marker="o", label="trained alone")
    axes.plot([], [], color=VERMILION, marker="s", label="under shared weights, mean of the runs")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    axes.set_yticks(range(len(own.twins)), ["\n".join(short_name(own.cells[k]) for k in own_) for own_ in own.twins])
    axes.tick_params(axis="y", labelsize=7, length=0)
    axes.set_ylim(len(own.twins) - 0.4, -0.6)
    axes.set_xlim(0, len(own.cells) + 1)
    axes.set_xlabel("place (1 is best)")
    entitle(axes, f"Places among {len(own.cells)} cells", "cells of one function, joined")
    by_run = np.array([twin_distances(own.twins, row) for row in own.final]).mean(axis=1)
    alone = float(twin_distances(own.twins, own.truth).mean())
    offsets = 0.3 * (((np.arange(by_run.size) * 0.618) % 1) - 0.5)
    distances.scatter(1 + offsets, by_run, color=VERMILION, marker="s", s=22, edgecolors=PAPER, linewidths=0.6)
    distances.scatter([0], [alone], color=INK, marker="o", s=34)
    distances.set_xticks([0, 1], ["trained\nalone", "shared weights,\na run each"])
    distances.set_xlim(-0.6, 1.6)
    expected = (len(own.cells) + 1) / 3
    distances.set_ylim(0, max(expected, by_run.max()) * 1.2)
    label_line(distances, expected, f"two cells at random, {decimal(expected, 1)}")
    distances.grid(axis="x", visible=False)
    distances.set_ylabel("places apart, mean over functions")
    entitle(distances, "How far apart", f"trained alone {decimal(alone, 1)}")
    return (
        "Cells that compute the same function differ by the noise of their trainings alone, so the distance of their "
        "true places is what this truth cannot tell. Under shared weights their nodes have matrices of their own, and "
        "their distance is what sharing makes of one function."
    )
