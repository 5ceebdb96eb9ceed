"""A paper's item with ours beside it, written out: tables, figures, page, and the records they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nasrepro.records.store import write_copies
from nasrepro.reporting.cells_values import Trainings
from nasrepro.reporting.ours import OursGroup, kicker, reference
from nasrepro.reporting.output import replaced_folder
from nasrepro.reporting.page import render_page
from nasrepro.reporting.rendition import MeasuredItem, Rendition, rendition
from nasrepro.reporting.style import write_figures
from nasrepro.reporting.writers import to_csv, to_latex, to_markdown, to_rich

if TYPE_CHECKING:
    from rich.console import RenderableType

OWN = ("index.html", "table.csv", "table.md", "table.tex", "data.csv", "claims.csv", "figures", "records")


def render_reproduction(
    item: MeasuredItem, groups: Sequence[OursGroup], out: Path, trainings: Mapping[str, Trainings] | None = None
) -> Path:
    """Write the paper's item with ours beside it into the folder `out` and return its page.

    `trainings`: by benchmark, how all cells of its space fared, for an item that shows it.

    Writes `table.csv`, `table.md`, `table.tex`, `index.html` and `records/*.json.gz`, for a figure also `data.csv`
    and `figures/*.svg|png|pdf`, for a table of which the paper states something also `claims.csv`; `out` is replaced as
    a whole. Raises `UserError` when a group mixes what must not be mixed or the folder cannot be written.
    """
    groups = [group for group in groups if group.records]
    made = rendition(item, groups, trainings or {}, draw=True)
    with replaced_folder(out, OWN) as folder:
        for name, text in written_tables(item, made).items():
            (folder / name).write_text(text, encoding="utf-8")
        if made.drawings:
            write_figures(folder / "figures", made.drawings)
        for group in groups:
            write_copies(folder / "records", group.analysis.records)
        page = render_page(
            "reproduction.html.j2",
            title=item.title,
            kicker=kicker(item),
            reference=reference(item),
            caption=item.caption,
            findings=made.findings,
            tables=made.tables,
            drawings=made.drawings,
            has_data=made.data is not None,
            has_claims=made.claims is not None,
            paper_notes=made.paper_notes,
            groups=groups,
            command=f"nasrepro reproduce {item.id}",
        )
        (folder / "index.html").write_text(page, encoding="utf-8")
    return out / "index.html"


def terminal_reproduction(
    item: MeasuredItem, groups: Sequence[OursGroup], trainings: Mapping[str, Trainings] | None = None
) -> RenderableType:
    """The same for a terminal, with the captions of our groups below."""
    from rich.console import Group
    from rich.text import Text

    made = rendition(item, [group for group in groups if group.records], trainings or {}, draw=False)
    about = [note for note in made.tables[0].notes if note not in made.paper_notes]
    shown = (to_rich(table) for table in made.tables)
    return Group(*shown, *(Text(note, style="dim") for note in about))


def written_tables(item: MeasuredItem, made: Rendition) -> dict[str, str]:
    """The tables as files by name: `table.csv`, `table.md` and `table.tex`, `data.csv` of a figure, and `claims.csv`
    of a table of which the paper states something."""
    label = f"tab:{item.paper}-{item.item}"
    floats = [
        to_latex(table, label=label if number == 0 else f"{label}-{number}") for number, table in enumerate(made.tables)
    ]
    files = {
        "table.csv": to_csv(made.machine, references=True),
        "table.md": "\n".join(to_markdown(table) for table in made.tables),
        "table.tex": "\n".join(floats),
    }
    more = {"data.csv": made.data, "claims.csv": made.claims}
    return files | {name: to_csv(table) for name, table in more.items() if table is not None}
