"""Recurrent cells drawn as trees that grow from state 0.

Every node reads one state, so a node stands in the column of its depth, and states that nobody reads have a line of
their own each: nothing ever crosses. A deep tree has few such lines and a flat one few columns, so there is always room
for names in one of the two directions.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.path import Path

from nasrepro.reporting.drawing import draw_arrow
from nasrepro.reporting.style import INK, MUTED, OP_COLORS, PAPER
from nasrepro.spaces.darts_rnn_genotype import OPS, RnnGenotype

SHORT = {"tanh": "tanh", "relu": "relu", "sigmoid": "sigm", "identity": "id"}
RADIUS = 0.07
_MARGIN = 0.05
_NEAR = 0.2
"""Inches from a node's rim to the middle of the name on the arrow that leads into it."""
_NARROW = 0.5
"""Columns closer than this leave no room for names on arrows; they go below the nodes."""


def layout(cell: RnnGenotype, width: float, height: float) -> list[tuple[float, float]]:
    """Middles of state 0 and of the nodes, in inches from the middle of the left border of a panel."""
    sources = [state for _, state in cell.nodes]
    depths = [0]
    for state in sources:
        depths.append(depths[state] + 1)
    readers: list[list[int]] = [[] for _ in depths]
    for node, state in enumerate(sources, 1):
        readers[state].append(node)
    lines = {state: line for line, state in enumerate(_leaves(readers, 0))}
    heights = [0.0] * len(depths)
    for state in reversed(range(len(depths))):  # whoever reads a state comes behind it
        own = [heights[node] for node in readers[state]]
        heights[state] = sum(own) / len(own) if own else float(lines[state])
    column = (width - 2 * (RADIUS + _MARGIN)) / max(depths)
    line = (height - 2 * (RADIUS + _MARGIN)) / max(len(lines) - 1, 1)
    middle = (len(lines) - 1) / 2
    return [
        (RADIUS + _MARGIN + depth * column, (middle - at) * line) for depth, at in zip(depths, heights, strict=True)
    ]


def _leaves(readers: list[list[int]], state: int) -> list[int]:
    """States behind this one that nobody reads, from top to bottom."""
    if not readers[state]:
        return [state]
    return [leaf for node in readers[state] for leaf in _leaves(readers, node)]


def draw_rnn_cell(axes: Axes, cell: RnnGenotype, width: float, height: float) -> None:
    """Draw one cell into an empty panel of `width` × `height` inches; nodes outside the mean have a pale rim."""
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(-height / 2, height / 2)
    places = layout(cell, width, height)
    for node, (op, source) in enumerate(cell.nodes, 1):
        _arrow(axes, places[source], places[node], OPS[op])
    for state, (x, y) in enumerate(places):
        rim = INK if state == 0 or state in cell.concat else MUTED
        style = "-" if rim == INK else ":"
        axes.add_patch(Circle((x, y), RADIUS, facecolor=PAPER, edgecolor=rim, linewidth=0.8, linestyle=style, zorder=4))
        axes.text(x, y, str(state), ha="center", va="center_baseline", fontsize=5.4, color=rim, zorder=5)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], op: str) -> None:
    """From rim to rim, with the activation's name where there is room."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    long = (dx**2 + dy**2) ** 0.5
    first, last = RADIUS / long, 1 - (RADIUS + 0.01) / long
    path = Path([(start[0] + share * dx, start[1] + share * dy) for share in (first, last)])
    place = (end[0], end[1] - RADIUS - 0.06)
    if dx >= _NARROW:
        share = 1 - (RADIUS + _NEAR) / dx
        place = (start[0] + share * dx, start[1] + share * dy)
    draw_arrow(axes, path, place, SHORT[op], OP_COLORS[op], live=True, width=1.3, size=5.8)


def rnn_legend(ops: set[str]) -> list[Line2D]:
    """A legend entry for each of the activations that are drawn."""
    return [
        Line2D([], [], color=OP_COLORS[op], linewidth=2, label=op if short == op else f"{short}: {op}")
        for op, short in SHORT.items()
        if op in ops
    ]
