"""The cells that the searches found, drawn: equal cells once, with the seeds that found them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from matplotlib.figure import SubFigure

from nasrepro.reporting import drawing
from nasrepro.reporting.analysis import Analysis, MethodResult
from nasrepro.reporting.darts_drawing import darts_legend, draw_darts_cell
from nasrepro.reporting.grouping import PRIMARY
from nasrepro.reporting.rnn_drawing import draw_rnn_cell, rnn_legend
from nasrepro.reporting.style import MUTED, WIDE, Drawing, finish, new_figure
from nasrepro.reporting.table_model import decimal, seed_text
from nasrepro.spaces import catalog
from nasrepro.spaces.darts_genotype import ALL_OPS, DartsGenotype
from nasrepro.spaces.darts_rnn_genotype import OPS, RnnGenotype

_TITLE_HEIGHT, _LEGEND_HEIGHT = 0.28, 0.35
_DRAWN = 0.83
"""Share of a row's height that is the drawing; below it stand the seeds."""


@dataclass(frozen=True)
class FoundCell:
    """One genotype and which seeds of a method returned it."""

    genotype: str
    seeds: tuple[int, ...]
    value: float | None
    """Primary scoring."""


@dataclass(frozen=True)
class _Kind:
    """How the genotypes of a space are drawn."""

    columns: int
    row_height: float
    most: int
    """Genotypes drawn per method; hundreds of seeds find hundreds of them, which nobody looks at one by one."""
    draw: Callable[[SubFigure, tuple[float, float, float, float], Any, str], None]
    """Into a box of a part of the figure, with a line of text below."""
    legend: Callable[[Sequence[Any]], Sequence[Any]]
    """Entries for the genotypes that are drawn."""
    how: str
    """To read the drawing."""


def _draw_nb201(part: SubFigure, box: tuple[float, float, float, float], genotype: Any, below: str) -> None:
    axes = part.add_axes(box)
    drawing.draw_cell(axes, genotype)
    axes.text(1.5, -0.86, below, ha="center", va="top", fontsize=7, color=MUTED)


def _draw_darts(part: SubFigure, box: tuple[float, float, float, float], genotype: DartsGenotype, below: str) -> None:
    """The normal cell on the left, the reduction on the right."""
    left, bottom, width, height = box
    half, shown = WIDE / _DARTS_COLUMNS / 2, _DARTS_HEIGHT * _DRAWN
    for number, (name, cell) in enumerate((("normal", genotype.normal), ("reduction", genotype.reduce))):
        axes = part.add_axes((left + number * width / 2, bottom, width / 2 * 0.97, height))
        draw_darts_cell(axes, cell, half * 0.97, shown)
        axes.text(0.09, 0.0, name, rotation=90, ha="center", va="center", fontsize=6, color=MUTED)
    axes.text(0.0, -shown / 2 - 0.03, below, ha="center", va="top", fontsize=7, color=MUTED)


def _darts_ops(genotypes: Sequence[DartsGenotype]) -> set[str]:
    return {ALL_OPS[op] for g in genotypes for cell in (g.normal, g.reduce) for node in cell.nodes for op, _ in node}


def _draw_rnn(
    columns: int,
    height: float,
    part: SubFigure,
    box: tuple[float, float, float, float],
    genotype: RnnGenotype,
    below: str,
) -> None:
    axes = part.add_axes((box[0], box[1], box[2] * 0.97, box[3]))
    width = WIDE / columns * 0.97
    draw_rnn_cell(axes, genotype, width, height * _DRAWN)
    axes.text(width / 2, -height * _DRAWN / 2 - 0.03, below, ha="center", va="top", fontsize=7, color=MUTED)


def _rnn_kind(columns: int, height: float, rows: int) -> _Kind:
    return _Kind(
        columns,
        height,
        rows * columns,
        partial(_draw_rnn, columns, height),
        lambda genotypes: rnn_legend({OPS[op] for genotype in genotypes for op, _ in genotype.nodes}),
        "State 0 mixes the word with the hidden state before it; a node reads the state that its arrow comes from, by "
        "the activation at the arrow, and the mean of the nodes is the next hidden state.",
    )


_DARTS_COLUMNS, _DARTS_HEIGHT = 2, 1.62
_KINDS = {
    "nb201": _Kind(5, 1.36, 10, _draw_nb201, lambda _: drawing.legend_handles(), "Dotted: no operation."),
    "darts_cnn": _Kind(
        _DARTS_COLUMNS,
        _DARTS_HEIGHT,
        3 * _DARTS_COLUMNS,
        _draw_darts,
        lambda genotypes: darts_legend(_darts_ops(genotypes)),
        "The normal cell on the left, the reduction cell on the right; dotted: none. A node adds up the two operations "
        "that lead into it, and the cell's output has the nodes with a line to it side by side.",
    ),
    "darts_rnn8": _rnn_kind(3, 1.62, 2),
    "darts_rnn2": _rnn_kind(5, 0.85, 2),
    "darts_rnn3": _rnn_kind(5, 0.85, 2),
}


def found_cells(result: MethodResult) -> list[FoundCell]:
    """The distinct cells of a method: those found by most seeds first, then by the smallest seed."""
    seeds: dict[str, list[int]] = {}
    for record in result.done:
        if record.found is not None:
            seeds.setdefault(record.found.genotype, []).append(record.spec.seed)
    values = result.values.get(PRIMARY, {})
    cells = [FoundCell(genotype, tuple(by), values.get(by[0])) for genotype, by in seeds.items()]
    return sorted(cells, key=lambda cell: (-len(cell.seeds), cell.seeds))


def cell_figure(analysis: Analysis, provenance: str, rows: Collection[str] | None = None) -> Drawing | None:
    """A block per row of the analysis, or of those named, and a panel per distinct genotype; None when none of a
    drawable space was found."""
    found = [(own.method, found_cells(own)) for own in analysis.methods if rows is None or own.method in rows]
    spaces = (catalog.find(cell.genotype) for _, cells in found for cell in cells)
    space = next((space for space in spaces if space is not None and space.name in _KINDS), None)
    if space is None:
        return None
    kind = _KINDS[space.name]
    left_out = {method: len(cells) - kind.most for method, cells in found if len(cells) > kind.most}
    blocks = [
        (method, [(cell, space.parse(cell.genotype)) for cell in cells[: kind.most]])
        for method, cells in found
        if cells
    ]
    lines = [-(-len(cells) // kind.columns) for _, cells in blocks]
    heights = [_TITLE_HEIGHT + kind.row_height * count for count in lines] + [_LEGEND_HEIGHT]
    figure = new_figure(WIDE, sum(heights))
    figure.set_layout_engine("none")
    parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, (method, cells), count in zip(parts, blocks, lines, strict=False):
        _draw_block(part, method, cells, count, kind)
    handles = kind.legend([genotype for _, cells in blocks for _, genotype in cells])
    parts[-1].legend(handles=handles, loc="center", ncols=5)
    text = (
        f"Seeds of one {analysis.noun} that found the same cell share a drawing. {kind.how} The number "
        "under a cell is its worth under the primary scoring."
    )
    if left_out:
        counts = ", ".join(f"{count} of {method}" for method, count in left_out.items())
        text += f" At most {kind.most} cells a {analysis.noun} are drawn, those found most often first; "
        text += f"not drawn: {counts}."
    return finish(figure, name="cells", title="The found cells", caption=text, provenance=provenance, wide=True)


def _draw_block(part: SubFigure, method: str, cells: list[tuple[FoundCell, Any]], rows: int, kind: _Kind) -> None:
    height = _TITLE_HEIGHT + kind.row_height * rows
    part.text(0.005, 1 - 0.1 / height, method, ha="left", va="top", fontsize=9.5, fontweight="bold")
    for number, (cell, genotype) in enumerate(cells):
        row, column = divmod(number, kind.columns)
        top = 1 - (_TITLE_HEIGHT + kind.row_height * row) / height
        tall = kind.row_height * _DRAWN / height
        seeds = f"seed{'s' if len(cell.seeds) > 1 else ''} {seed_text(cell.seeds)}"
        worth = f", {decimal(cell.value, 2)}" if cell.value is not None else ""
        box = (column / kind.columns, top - tall, 1 / kind.columns, tall)
        kind.draw(part, box, genotype, f"{cell.genotype} · {seeds}{worth}")
