"""The cells that the searches found, drawn: equal cells once, with the seeds that found them."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import SubFigure

from nasrepro.reporting.analysis import Analysis, MethodResult
from nasrepro.reporting.drawing import draw_cell, legend_handles
from nasrepro.reporting.grouping import PRIMARY
from nasrepro.reporting.style import MUTED, WIDE, Drawing, finish, new_figure
from nasrepro.reporting.table_model import decimal, seed_text
from nasrepro.spaces.nb201 import NB201Space

COLUMNS = 5
MOST = 2 * COLUMNS
"""Cells drawn per method; hundreds of seeds find hundreds of cells, which nobody looks at one by one."""
_ROW_HEIGHT, _TITLE_HEIGHT, _LEGEND_HEIGHT = 1.36, 0.28, 0.35
_SPACE = NB201Space()


@dataclass(frozen=True)
class FoundCell:
    """One genotype and which seeds of a method returned it."""

    genotype: str
    seeds: tuple[int, ...]
    value: float | None
    """Primary scoring."""


def found_cells(result: MethodResult) -> list[FoundCell]:
    """The distinct cells of a method: those found by most seeds first, then by the smallest seed."""
    seeds: dict[str, list[int]] = {}
    for record in result.done:
        if record.found is not None:
            seeds.setdefault(record.found.genotype, []).append(record.spec.seed)
    values = result.values.get(PRIMARY, {})
    cells = [FoundCell(genotype, tuple(by), values.get(by[0])) for genotype, by in seeds.items()]
    return sorted(cells, key=lambda cell: (-len(cell.seeds), cell.seeds))


def cell_figure(analysis: Analysis, provenance: str) -> Drawing | None:
    """A block per method, a panel per distinct cell; None when no cell of a drawable space was found."""
    blocks = [
        (result.method, [cell for cell in found_cells(result) if cell.genotype.startswith(f"{_SPACE.name}:")])
        for result in analysis.methods
    ]
    left_out = {method: len(cells) - MOST for method, cells in blocks if len(cells) > MOST}
    blocks = [(method, cells[:MOST]) for method, cells in blocks if cells]
    if not blocks:
        return None
    rows = [-(-len(cells) // COLUMNS) for _, cells in blocks]
    heights = [_TITLE_HEIGHT + _ROW_HEIGHT * count for count in rows] + [_LEGEND_HEIGHT]
    figure = new_figure(WIDE, sum(heights))
    figure.set_layout_engine("none")
    parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, (method, cells), count in zip(parts, blocks, rows, strict=False):
        _draw_block(part, method, cells, count)
    parts[-1].legend(handles=legend_handles(), loc="center", ncols=5)
    text = (
        f"Seeds of one {analysis.noun} that found the same cell share a drawing. Dotted: no operation. The number "
        "under a cell is its worth under the primary scoring."
    )
    if left_out:
        counts = ", ".join(f"{count} of {method}" for method, count in left_out.items())
        text += f" At most {MOST} cells a {analysis.noun} are drawn, those found most often first; not drawn: {counts}."
    return finish(figure, name="cells", title="The found cells", caption=text, provenance=provenance, wide=True)


def _draw_block(part: SubFigure, method: str, cells: list[FoundCell], rows: int) -> None:
    height = _TITLE_HEIGHT + _ROW_HEIGHT * rows
    part.text(0.005, 1 - 0.1 / height, method, ha="left", va="top", fontsize=9.5, fontweight="bold")
    for number, cell in enumerate(cells):
        row, column = divmod(number, COLUMNS)
        top = 1 - (_TITLE_HEIGHT + _ROW_HEIGHT * row) / height
        box = (column / COLUMNS, top - _ROW_HEIGHT * 0.83 / height, 1 / COLUMNS, _ROW_HEIGHT * 0.83 / height)
        axes = part.add_axes(box)
        draw_cell(axes, _SPACE.parse(cell.genotype))
        seeds = f"seed{'s' if len(cell.seeds) > 1 else ''} {seed_text(cell.seeds)}"
        worth = f", {decimal(cell.value, 2)}" if cell.value is not None else ""
        axes.text(1.5, -0.86, f"{cell.genotype} · {seeds}{worth}", ha="center", va="top", fontsize=7, color=MUTED)
