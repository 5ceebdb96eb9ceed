"""Thousands of points as a density that is readable on white and on black, in colour and in grey."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, LogNorm, to_rgb
from matplotlib.lines import Line2D

from nasrepro.reporting.style import BLUE

_FAINTEST = 0.14
"""Opacity of a hexagon with one point."""
Limits = tuple[tuple[float, float], tuple[float, float]]


def density(axes: Axes, x: np.ndarray, y: np.ndarray, limits: Limits, *, columns: int = 36, color: str = BLUE) -> int:
    """Draw points of shape (n,) as hexagons, the more points the more opaque, on a logarithmic scale.

    One hue whose opacity grows keeps its order on any background and without colour. `limits` are those of x and y,
    in data units; points beyond them and points with a NaN are not drawn. Returns how many are drawn. The panel needs
    its final size and limits before, so that hexagons are regular.
    """
    (left, right), (bottom, top) = limits
    drawn = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.grid(visible=False)  # it would show through
    if not drawn.any():
        return 0
    box = axes.get_position()
    figure = axes.get_figure(root=True)
    assert figure is not None
    width, height = figure.get_size_inches()
    shape = (box.height * height) / (box.width * width)
    red, green, blue = to_rgb(color)
    shades = [(red, green, blue, _FAINTEST), (red, green, blue, 1.0)]
    hexagons: PolyCollection = axes.hexbin(
        x[drawn],
        y[drawn],
        gridsize=(columns, max(2, round(columns * shape / math.sqrt(3)))),
        extent=(left, right, bottom, top),
        mincnt=1,
        cmap=LinearSegmentedColormap.from_list("opacity", shades),
        linewidths=0.2,
        edgecolors="none",
        zorder=2,
    )
    most = int(np.asarray(hexagons.get_array()).max())
    hexagons.set_norm(LogNorm(1, max(most, 2)))
    _key(axes, most, color)
    return int(np.count_nonzero(drawn))


def _key(axes: Axes, most: int, color: str) -> None:
    """A hexagon for one point, for the most in one place, and for something in between."""
    steps = sorted({1, _round_number(math.sqrt(most)), most})
    handles = []
    for count in steps:
        share = math.log(count) / math.log(max(most, 2))
        handle = Line2D([], [], linestyle="none", marker="h", markersize=8, markeredgewidth=0, color=color)
        handle.set_alpha(_FAINTEST + (1 - _FAINTEST) * share)
        handle.set_label(f"{count:,}")
        handles.append(handle)
    axes.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.15),
        ncols=len(steps),
        title="cells per hexagon",
        title_fontsize=7.5,
        fontsize=7.5,
        handletextpad=0.0,
        columnspacing=1.2,
    )


def _round_number(value: float) -> int:
    """The nearest of 1, 2, 5, 10, 20, 50, …"""
    power = 10 ** math.floor(math.log10(value))
    steps: list[int] = [power * step for step in (1, 2, 5, 10)]
    return min(steps, key=lambda candidate: abs(math.log(candidate / value)))
