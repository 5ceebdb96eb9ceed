"""Pairs of DARTS cells drawn as two graphs, from the outputs of the two cells before to the cell's own output."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.path import Path

from nasrepro.reporting.darts_layout import RADIUS, Line, layout
from nasrepro.reporting.drawing import draw_arrow, draw_nothing
from nasrepro.reporting.style import GRID, INK, MUTED, OP_COLORS, PAPER
from nasrepro.spaces.darts_genotype import ALL_OPS, Cell

SHORT = {
    "max_pool_3x3": "max",
    "avg_pool_3x3": "avg",
    "skip_connect": "skip",
    "sep_conv_3x3": "sep3",
    "sep_conv_5x5": "sep5",
    "dil_conv_3x3": "dil3",
    "dil_conv_5x5": "dil5",
    "sep_conv_7x7": "sep7",
    "conv_7x1_1x7": "7·1",
    "conv_3x1_1x3": "3·1",
}
LONG = {
    "max_pool_3x3": "3×3 max pooling",
    "avg_pool_3x3": "3×3 average pooling",
    "skip_connect": "skip",
    "sep_conv_3x3": "3×3 separable convolution",
    "sep_conv_5x5": "5×5 separable",
    "dil_conv_3x3": "3×3 dilated separable",
    "dil_conv_5x5": "5×5 dilated separable",
    "sep_conv_7x7": "7×7 separable",
    "conv_7x1_1x7": "1×7, 7×1 convolution",
    "conv_3x1_1x3": "1×3, 3×1 convolution",
}


def draw_darts_cell(axes: Axes, cell: Cell, width: float, height: float) -> None:
    """Draw one cell into an empty panel of `width` × `height` inches; `none` is a faint dotted line."""
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(-height / 2, height / 2)
    placed = layout(cell, width, height)
    (out_x, out_y), last = placed.states[-1], len(placed.states) - 1
    for state in placed.outputs:
        x, y = placed.states[state]
        axes.plot([x, out_x], [y, out_y], color=GRID, linewidth=1.3, zorder=1)
    for line in placed.lines:
        _draw(axes, line)
    for state, (x, y) in enumerate(placed.states):
        name = {0: "$c_{k-2}$", 1: "$c_{k-1}$", last: "$c_k$"}.get(state, str(state - 2))
        axes.add_patch(Circle((x, y), RADIUS, facecolor=PAPER, edgecolor=INK, linewidth=0.9, zorder=4))
        axes.text(x, y, name, ha="center", va="center_baseline", fontsize=5.8, color=INK, zorder=5)


def _draw(axes: Axes, line: Line) -> None:
    op = ALL_OPS[line.op]
    path = Path(line.points)
    if op in SHORT:
        draw_arrow(axes, path, line.label, SHORT[op], OP_COLORS[op], live=True, width=1.5, size=6.2)
    else:
        draw_nothing(axes, path)


def darts_legend(ops: set[str]) -> list[Line2D]:
    """A legend entry for each of the operations that are drawn."""
    return [
        Line2D([], [], color=OP_COLORS[op], linewidth=2, label=f"{SHORT[op]}: {LONG[op]}") for op in LONG if op in ops
    ] + ([Line2D([], [], color=MUTED, linewidth=0.7, linestyle=(0, (1, 2.2)), label="none")] if "none" in ops else [])
