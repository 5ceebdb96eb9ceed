"""Cells of a paper's figure, drawn again."""

from __future__ import annotations

import pytest

from nasrepro.errors import UserError
from nasrepro.papers.catalog import papers
from nasrepro.papers.drawn import DrawnCell, DrawnItem
from nasrepro.reporting.drawn_cells import cells_for_people, cells_table, drawn_cells, genotype_of

RNN = "Genotype(recurrent=[('tanh', 0), ('relu', 1)], concat=range(1, 3))"


def item(*texts: str) -> DrawnItem:
    cells = [DrawnCell(title=f"Cell {n}", text=text, note=f"note {n}") for n, text in enumerate(texts, start=1)]
    return DrawnItem(paper="some", item="figure-9", title="Cells", caption="Some cells.", cells=cells)


def test_a_cell_is_read_as_on_the_command_line() -> None:
    assert genotype_of("DARTS_V2") == genotype_of("darts_v2") == genotype_of(str(genotype_of("DARTS_V2")))
    assert genotype_of("nb201:6111").id == "nb201:6111"
    assert genotype_of(RNN) == genotype_of(genotype_of(RNN).id)
    with pytest.raises(UserError):
        genotype_of("DARTS_V3")


def test_a_drawing_for_each_cell_and_only_its_own_operations() -> None:
    drawings = drawn_cells(item("DARTS_V2", RNN, "nb201:6111"))
    assert [drawing.name for drawing in drawings] == ["figure-9-1", "figure-9-2", "figure-9-3"]
    assert [drawing.wide for drawing in drawings] == [True, False, False]
    pair, recurrent, small = (drawing.svg for drawing in drawings)
    assert all(word in pair for word in ("normal", "reduction", "sep3"))
    assert ("relu" in recurrent, "sigmoid" in recurrent) == (True, False)
    assert "3×3 convolution" in small
    assert all(f"note {n}" in drawing.caption for n, drawing in enumerate(drawings, start=1))


def test_one_cell_keeps_the_name_of_its_figure_and_equal_bytes() -> None:
    (first,), (second,) = drawn_cells(item("DARTS_V2")), drawn_cells(item("DARTS_V2"))
    assert first.name == "figure-9"
    assert (first.svg, first.png, first.pdf) == (second.svg, second.png, second.pdf)


def test_the_table_has_the_genotypes_and_people_get_the_names() -> None:
    table = cells_table(item("darts_v2", RNN))
    assert [row["name"].text for row in table.rows] == ["DARTS_V2", None]
    assert table.rows[1]["genotype"].text == str(genotype_of(RNN))
    assert "genotype" not in [column.key for column in cells_for_people(item("darts_v2")).columns]


@pytest.mark.parametrize(
    "drawn",
    [entry for paper in papers().values() for entry in paper.items if entry.kind == "drawn"],
    ids=lambda e: e.id,
)
def test_every_cell_of_the_papers_can_be_read(drawn: DrawnItem) -> None:
    assert all(genotype_of(cell.text).id for cell in drawn.cells)
