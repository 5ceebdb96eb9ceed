"""Figures with cells: which edge and operation an accuracy goes with, and the best cells drawn."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from nasrepro.reporting.drawing import SHORT, draw_cell, draw_edge_names, edge_name, legend_handles
from nasrepro.reporting.style import BLUE, INK, MUTED, VERMILION, WIDE, Drawing, finish, new_figure
from nasrepro.reporting.table_model import decimal
from nasrepro.reporting.truth_analysis import EdgeEffects, TruthAnalysis
from nasrepro.spaces import nb201

COLUMNS = (nb201.CONV3, nb201.CONV1, nb201.SKIP, nb201.POOL, nb201.NONE)
"""Operations from the most to the least computation."""
_STRONGEST = 0.72
"""Opacity of the largest difference; ink stays readable on it."""


def op_name(op: int) -> str:
    """`3×3`, `skip`, `none`."""
    return SHORT[nb201.OPS[op]] or nb201.OPS[op]


def edge_figure(edges: EdgeEffects, provenance: str) -> Drawing:
    """The edges named in a drawing of the cell, and a heat map per quantity."""
    figure = new_figure(WIDE, 3.3)
    cell, left, right = figure.subplots(1, 3, width_ratios=(0.8, 1, 1))
    draw_edge_names(cell)
    cell.set_anchor("N")
    cell.set_title("The edges")
    _heat_map(left, edges.difference, digits=1)
    left.set_title(f"Accuracy: difference from the mean, {decimal(edges.overall, 2)} %", fontsize=8.5)
    _heat_map(right, edges.rank_difference, digits=0)
    right.set_title("Rank: difference from the middle, in % of the cells", fontsize=8.5)
    caption = (
        f"{edges.measured}, over all {edges.cells:,} cells (cells, not classes), those included whose output ignores "
        "their input. A field is the mean of the cells with this operation on this edge minus the mean of all: blue "
        "is better than the mean, orange worse. Accuracies are dominated by the few cells far below the others; ranks "
        "are not."
    )
    return finish(
        figure,
        name="edges",
        title="Which edge and which operation matter",
        caption=caption,
        provenance=provenance,
        wide=True,
    )


def _heat_map(axes: Axes, values: np.ndarray, *, digits: int) -> None:
    shown = values[:, COLUMNS]
    largest = float(np.nanmax(np.abs(shown))) or 1.0
    strength = np.abs(np.nan_to_num(shown)) / largest * _STRONGEST
    colors = np.empty((*shown.shape, 4))
    colors[..., :3] = np.where((shown > 0)[..., None], to_rgb(BLUE), to_rgb(VERMILION))
    colors[..., 3] = strength
    for row, column in np.ndindex(shown.shape):
        box = (column - 0.48, row - 0.47)
        axes.add_patch(Rectangle(box, 0.96, 0.94, facecolor=tuple(colors[row, column]), edgecolor="none"))
        text = "–" if np.isnan(shown[row, column]) else decimal(float(shown[row, column]), digits, sign=True)
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color=INK)
    axes.set_xlim(-0.5, shown.shape[1] - 0.5)
    axes.set_ylim(shown.shape[0] - 0.5, -0.5)
    axes.set_xticks(range(shown.shape[1]), [op_name(op) for op in COLUMNS])
    axes.set_yticks(range(shown.shape[0]), [edge_name(*edge) for edge in nb201.EDGES])
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def best_figure(analysis: TruthAnalysis, provenance: str) -> Drawing:
    """The best functional classes by the primary measurement, one cell each."""
    figure = new_figure(WIDE, 2.15)
    figure.set_layout_engine("none")
    count = len(analysis.best)
    for number, best in enumerate(analysis.best):
        axes = figure.add_axes((number / count, 0.32, 1 / count, 0.63))
        draw_cell(axes, nb201.from_index(best.index))
        spread = f" ± {decimal(best.seed_std, 2)}" if np.isfinite(best.seed_std) else ""
        members = f", class of {best.members} cells" if best.members > 1 else ""
        lines = [f"nb201:{best.index}{members}", f"{decimal(best.value, 2)} %{spread}"]
        for measured in analysis.table.final[1:]:
            lines[-1] += f", {measured.split} rank {best.ranks[measured.key]:,}"
        axes.text(1.5, -0.86, "\n".join(lines), ha="center", va="top", fontsize=7, color=MUTED)
    figure.legend(handles=legend_handles(), loc="lower center", ncols=5)
    caption = (
        f"The best functional classes by {analysis.table.primary}, the best cell of each; after ± the standard "
        "deviation over its trials. Dotted: no operation."
    )
    return finish(figure, name="best", title="The best cells", caption=caption, provenance=provenance, wide=True)
