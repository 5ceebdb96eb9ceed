"""NAS-Bench-201 cells drawn as graphs.

The four nodes stand on a line and edges that jump over a node are arcs, 0→2 and 0→3 above, 1→3 below: so no two
edges ever cross and every operation has room for its name.
"""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, PathPatch
from matplotlib.path import Path

from nasrepro.reporting.style import INK, MUTED, OP_COLORS, PAPER
from nasrepro.spaces.nb201 import EDGES, NONE, OPS, NB201Genotype
from nasrepro.spaces.nb201_equivalence import live_edges

SHORT = {
    "nor_conv_3x3": "3×3",
    "nor_conv_1x1": "1×1",
    "avg_pool_3x3": "pool",
    "skip_connect": "skip",
    "none": "",
}
LONG = {
    "nor_conv_3x3": "3×3 convolution",
    "nor_conv_1x1": "1×1 convolution",
    "avg_pool_3x3": "3×3 average pooling",
    "skip_connect": "skip (identity)",
}
_RADIUS = 0.17
# Height of the arc's apex over the line of nodes, in node distances; negative is below.
_ARC = {(2, 0): 0.62, (3, 0): 1.12, (3, 1): -0.62}
X_LIMITS, Y_LIMITS = (-0.35, 3.35), (-0.92, 1.42)


def edge_name(target: int, source: int) -> str:
    """`0→1`; edges of the space are pairs of target and source."""
    return f"{source}→{target}"


def draw_cell(axes: Axes, cell: NB201Genotype, *, names: bool = True) -> None:
    """Draw one cell into an empty panel. What cannot reach the output is pale, `none` a faint dotted line."""
    _empty_cell(axes, ("in", "1", "2", "out"))
    live = live_edges(cell.ops)
    for number, (op, (target, source)) in enumerate(zip(cell.ops, EDGES, strict=True)):
        _draw_edge(axes, source, target, OPS[op], live=number in live, present=op != NONE, names=names)


def draw_edge_names(axes: Axes) -> None:
    """Draw the cell without operations into an empty panel, every edge with its name."""
    _empty_cell(axes, ("0", "1", "2", "3"))
    for target, source in EDGES:
        path, apex = _edge_path(source, target)
        draw_arrow(axes, path, apex, edge_name(target, source), MUTED, live=True)


def _empty_cell(axes: Axes, nodes: tuple[str, ...]) -> None:
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set_xlim(*X_LIMITS)
    axes.set_ylim(*Y_LIMITS)
    for node, text in enumerate(nodes):
        axes.add_patch(Circle((node, 0), _RADIUS, facecolor=PAPER, edgecolor=INK, linewidth=1.0, zorder=4))
        axes.text(node, 0, text, ha="center", va="center_baseline", fontsize=6.2, color=INK, zorder=5)


def _draw_edge(axes: Axes, source: int, target: int, op: str, *, live: bool, present: bool, names: bool) -> None:
    path, apex = _edge_path(source, target)
    if present:
        draw_arrow(axes, path, apex, SHORT[op] if names else "", OP_COLORS[op], live=live)
    else:
        draw_nothing(axes, path)


def draw_nothing(axes: Axes, path: Path) -> None:
    """An edge without an operation."""
    dots = (0, (1, 2.2))
    axes.add_patch(
        PathPatch(path, facecolor="none", edgecolor=MUTED, linewidth=0.7, linestyle=dots, alpha=0.55, zorder=1)
    )


def draw_arrow(
    axes: Axes,
    path: Path,
    place: tuple[float, float],
    name: str,
    color: str,
    *,
    live: bool,
    width: float = 1.9,
    size: float = 6.5,
) -> None:
    """An edge with the name of its operation, in letters of `size` points, at a place; pale where it is not live."""
    arrow = FancyArrowPatch(
        path=path,
        arrowstyle="-|>",
        mutation_scale=6.5,
        facecolor=color,
        edgecolor=color,
        linewidth=width if live else 1.2,
        linestyle="-" if live else (0, (3, 1.5)),
        alpha=1.0 if live else 0.35,
        capstyle="butt",
        joinstyle="miter",
        zorder=2,
    )
    arrow.set_fill(True)
    axes.add_patch(arrow)
    if name:
        axes.text(
            *place,
            name,
            ha="center",
            va="center_baseline",
            fontsize=size,
            color=color,
            alpha=1.0 if live else 0.6,
            zorder=3,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.8},
        )


def _edge_path(source: int, target: int) -> tuple[Path, tuple[float, float]]:
    """The edge from rim to rim of its nodes, and the place of its name."""
    height = _ARC.get((target, source), 0.0)
    span = target - source
    if height == 0.0:
        ends = [(source + _RADIUS, 0.0), (target - _RADIUS - 0.02, 0.0)]
        return Path(ends), (source + 0.48, 0.15)
    # A cubic whose control points have height h peaks at 3/4 h; it leaves its node where the rim meets the tangent.
    lift = height / 0.75
    lean = 0.22 * span
    angle = math.atan2(lift, lean)
    dx, dy = _RADIUS * math.cos(angle), _RADIUS * math.sin(angle)
    start, end = (source + dx, dy), (target - dx - 0.01, dy * 1.06)
    points = [start, (source + lean, lift), (target - lean, lift), end]
    middle = (source + span / 2, 0.75 * lift + 0.25 * dy)
    return Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]), middle


def legend_handles() -> list[PathPatch]:
    """A legend entry per operation."""
    from matplotlib.lines import Line2D

    shown = [Line2D([], [], color=OP_COLORS[op], linewidth=2, label=f"{SHORT[op]}: {LONG[op]}") for op in LONG]
    pale = Line2D(
        [], [], color=MUTED, linewidth=1.2, alpha=0.4, linestyle=(0, (3, 1.5)), label="cannot reach the output"
    )
    return [*shown, pale]  # type: ignore[list-item]
