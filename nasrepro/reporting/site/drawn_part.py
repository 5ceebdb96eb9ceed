"""The section of a figure that shows cells: drawings, and which cells they are of."""

from __future__ import annotations

from dataclasses import replace

from nasrepro.papers.drawn import DrawnItem
from nasrepro.reporting.drawn_cells import cells_for_people, cells_table, drawn_cells
from nasrepro.reporting.site.exports import drawing_files, table_files
from nasrepro.reporting.site.material import Files
from nasrepro.reporting.site.page import fragment


def drawn_part(item: DrawnItem) -> tuple[Files, str]:
    """Drawings and tables as files, and the HTML below the section's heading."""
    drawings = [replace(drawing, name=f"{item.paper}-{drawing.name}") for drawing in drawn_cells(item)]
    name = f"{item.paper}-{item.item}"
    body = fragment(
        "drawn.html.j2",
        item=item,
        drawings=drawings,
        shown=cells_for_people(item),
        name=name,
    )
    return {**table_files(name, cells_table(item), cells_for_people(item)), **drawing_files(drawings)}, body
