"""Figures of a paper that show cells and no numbers, drawn again from the cells' genotypes."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from nasrepro.papers.drawn import DrawnCell, DrawnItem
from nasrepro.reporting.darts_drawing import darts_legend, draw_darts_cell
from nasrepro.reporting.drawing import draw_cell, legend_handles
from nasrepro.reporting.rnn_drawing import draw_rnn_cell, rnn_legend
from nasrepro.reporting.style import HALF, MUTED, WIDE, Drawing, finish, new_figure, styled
from nasrepro.reporting.table_model import Cell, Column, Row, Table
from nasrepro.spaces import catalog, darts_rnn_text, darts_text
from nasrepro.spaces.darts_genotype import ALL_OPS, DartsGenotype
from nasrepro.spaces.darts_rnn_genotype import OPS, RnnGenotype
from nasrepro.spaces.known_cells import called

_TITLE, _LEGEND = 0.3, 0.5
"""Inches above and below the graphs."""
_DARTS_HEIGHT, _RNN_HEIGHT, _NB201_HEIGHT = 2.5, 2.3, 2.6


def genotype_of(text: str) -> Any:
    """The genotype that `nasrepro show` and `nasrepro cost` take by `text`: the name of a known cell, an id, or printed
    text. Raises `UserError` for anything else."""
    if known := called(text):
        return known[0].genotype
    if (space := catalog.find(text) if ":" in text.partition("(")[0] else None) is not None:
        return space.parse(text)
    return darts_rnn_text.read(text) if "recurrent" in text else darts_text.from_notation(text)


def drawn_cells(item: DrawnItem) -> list[Drawing]:
    """A drawing per cell, or per pair of a normal and a reduction cell."""
    with styled():
        return [_drawing(item, cell, number) for number, cell in enumerate(item.cells, start=1)]


def cells_table(item: DrawnItem) -> Table:
    """The cells of an item by name and genotype."""
    columns = (
        Column("cell", "Cell", "text"),
        Column("name", "Known as", "text"),
        Column("source", "Read from", "text"),
        Column("note", "Note", "text"),
        Column("id", "Id", "text"),
        Column("genotype", "Genotype", "text"),
    )
    return Table(columns, tuple(_table_row(cell) for cell in item.cells), title=item.title)


def cells_for_people(item: DrawnItem) -> Table:
    """Without the genotypes, which are as long as a paragraph."""
    return cells_table(item).select(("cell", "name", "source", "note"), title="The cells")


def _table_row(cell: DrawnCell) -> Row:
    known, genotype = called(cell.text), genotype_of(cell.text)
    texts = {
        "cell": cell.title,
        "name": known[0].name if known else "",
        "source": known[0].source if known else "",
        "note": cell.note,
        "id": genotype.id,
        "genotype": str(genotype),
    }
    return Row({key: Cell(text=text) for key, text in texts.items() if text})


def _drawing(item: DrawnItem, cell: DrawnCell, number: int) -> Drawing:
    genotype = genotype_of(cell.text)
    if isinstance(genotype, DartsGenotype):
        figure, how = _darts_figure(genotype)
    elif isinstance(genotype, RnnGenotype):
        figure, how = _rnn_figure(genotype)
    else:
        figure, how = _nb201_figure(genotype)
    return finish(
        figure,
        name=item.item if len(item.cells) == 1 else f"{item.item}-{number}",
        title=cell.title,
        caption=" ".join(part for part in (how, cell.note) if part),
        provenance=f"Drawn from the genotype {genotype}.",
        wide=isinstance(genotype, DartsGenotype),
    )


def _canvas(width: float, height: float) -> Figure:
    figure = new_figure(width, _TITLE + height + _LEGEND)
    figure.set_layout_engine("none")
    return figure


def _darts_figure(genotype: DartsGenotype) -> tuple[Figure, str]:
    figure = _canvas(WIDE, _DARTS_HEIGHT)
    total, width = _TITLE + _DARTS_HEIGHT + _LEGEND, WIDE / 2 * 0.97
    for side, (name, cell) in enumerate((("normal", genotype.normal), ("reduction", genotype.reduce))):
        axes = figure.add_axes((side / 2, _LEGEND / total, width / WIDE, _DARTS_HEIGHT / total))
        draw_darts_cell(axes, cell, width, _DARTS_HEIGHT)
        figure.text(side / 2 + 0.008, 1 - 0.1 / total, name, va="top", fontsize=9, color=MUTED)
    ops = {ALL_OPS[op] for cell in (genotype.normal, genotype.reduce) for node in cell.nodes for op, _ in node}
    figure.legend(handles=darts_legend(ops), loc="lower center", ncols=5)
    return figure, (
        "A node adds up the two operations that lead into it; a cell's output has the nodes with a grey line to it "
        "side by side. The two states at the left are the outputs of the two cells before."
    )


def _rnn_figure(genotype: RnnGenotype) -> tuple[Figure, str]:
    figure = _canvas(HALF, _RNN_HEIGHT)
    total = _TITLE + _RNN_HEIGHT + _LEGEND
    axes = figure.add_axes((0.01, _LEGEND / total, 0.98, _RNN_HEIGHT / total))
    draw_rnn_cell(axes, genotype, HALF * 0.98, _RNN_HEIGHT)
    figure.text(0.016, 1 - 0.1 / total, "recurrent", va="top", fontsize=9, color=MUTED)
    figure.legend(handles=rnn_legend({OPS[op] for op, _ in genotype.nodes}), loc="lower center", ncols=4)
    return figure, (
        "State 0 mixes the word with the hidden state before it; a node reads the state that its arrow comes from, by "
        "the activation at the arrow, and the mean of the nodes is the next hidden state."
    )


def _nb201_figure(genotype: Any) -> tuple[Figure, str]:
    figure = _canvas(HALF, _NB201_HEIGHT)
    total = _TITLE + _NB201_HEIGHT + _LEGEND
    draw_cell(figure.add_axes((0.0, _LEGEND / total, 1.0, _NB201_HEIGHT / total)), genotype)
    figure.legend(handles=legend_handles(), loc="lower center", ncols=3)
    return figure, "Pale: cannot reach the output. Dotted: no operation."
