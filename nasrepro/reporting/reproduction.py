"""A paper's item with ours beside it, written out: tables, figures, page, and the records they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from nasrepro.papers.cells_figure import CellsItem
from nasrepro.papers.model import PaperItem
from nasrepro.papers.table import TableItem
from nasrepro.records.store import write_copies
from nasrepro.reporting.against_random import against_random, answer
from nasrepro.reporting.cells_figures import Material, cells_figures, material_of
from nasrepro.reporting.cells_reading import cells_reading
from nasrepro.reporting.cells_tables import cells_findings, data_of_cells, known_runs, places_table, worth_table
from nasrepro.reporting.cells_values import Trainings, judge_cells
from nasrepro.reporting.claim_table import claim_table
from nasrepro.reporting.claims import Judged
from nasrepro.reporting.comparison import write_figures
from nasrepro.reporting.ours import OursGroup, kicker, reference
from nasrepro.reporting.output import replaced_folder
from nasrepro.reporting.page import render_page
from nasrepro.reporting.reproduction_figure import data_table, figure_findings, means_table
from nasrepro.reporting.reproduction_table import for_people, paper_notes, reproduction_table, table_findings
from nasrepro.reporting.reproduction_values import judge_rows
from nasrepro.reporting.series import judge
from nasrepro.reporting.series_figure import series_figure
from nasrepro.reporting.style import Drawing, styled
from nasrepro.reporting.table_model import Table
from nasrepro.reporting.writers import to_csv, to_latex, to_markdown, to_rich

if TYPE_CHECKING:
    from rich.console import RenderableType

    from nasrepro.papers.figure import FigureItem

OWN = ("index.html", "table.csv", "table.md", "table.tex", "data.csv", "claims.csv", "figures", "records")


@dataclass(frozen=True)
class Rendition:
    """An item worked out, before it takes any format."""

    machine: Table
    """Every column, for `table.csv`."""
    tables: Sequence[Table]
    """What people read, the paper beside ours first."""
    findings: Sequence[str]
    paper_notes: Sequence[str]
    data: Table | None = None
    """The single values behind a figure, for `data.csv`."""
    claims: Table | None = None
    """What the paper states of a table, for `claims.csv`; a figure's claims are `machine`."""
    drawings: Sequence[Drawing] = field(default=())


def render_reproduction(
    item: PaperItem, groups: Sequence[OursGroup], out: Path, trainings: Mapping[str, Trainings] | None = None
) -> Path:
    """Write the paper's item with ours beside it into the folder `out` and return its page.

    `trainings`: by benchmark, how all cells of its space fared, for an item that shows it.

    Writes `table.csv`, `table.md`, `table.tex`, `index.html` and `records/*.json.gz`, for a figure also `data.csv`
    and `figures/*.svg|png`, for a table of which the paper states something also `claims.csv`; `out` is replaced as a
    whole. Raises `UserError` when a group mixes what must not be mixed or the folder cannot be written.
    """
    groups = [group for group in groups if group.records]
    made = _rendition(item, groups, trainings or {}, draw=True)
    with replaced_folder(out, OWN) as folder:
        _write_tables(folder, item, made)
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
    item: PaperItem, groups: Sequence[OursGroup], trainings: Mapping[str, Trainings] | None = None
) -> RenderableType:
    """The same for a terminal, with the captions of our groups below."""
    from rich.console import Group
    from rich.text import Text

    made = _rendition(item, [group for group in groups if group.records], trainings or {}, draw=False)
    about = [note for note in made.tables[0].notes if note not in made.paper_notes]
    shown = (to_rich(table) for table in made.tables)
    return Group(*shown, *(Text(note, style="dim") for note in about))


def _rendition(
    item: PaperItem, groups: Sequence[OursGroup], trainings: Mapping[str, Trainings], *, draw: bool
) -> Rendition:
    if isinstance(item, TableItem):
        return _table_rendition(item, groups)
    if isinstance(item, CellsItem):
        return _cells_rendition(item, groups, trainings, draw=draw)
    judged = [(group, judge(item, group)) for group in groups]
    about = [item.how, *(group.caption for group in groups)]
    return Rendition(
        machine=claim_table(item.title, item.claims, judged),
        tables=[
            claim_table(item.title, item.claims, judged, for_people=True, notes=about),
            means_table(item, groups),
        ],
        findings=figure_findings(item, judged),
        paper_notes=item.notes,
        data=data_table(item, groups),
        drawings=_drawings(item, judged) if draw else (),
    )


def _table_rendition(item: TableItem, groups: Sequence[OursGroup]) -> Rendition:
    full = reproduction_table(item, groups)
    judged = [(group, judge_rows(item, group)) for group in groups]
    tables = [for_people(full, item, groups)]
    if item.claims:
        tables.append(claim_table(item.title, item.claims, judged, for_people=True))
    return Rendition(
        full,
        tables,
        [*_beside_random(groups), *table_findings(item, judged)],
        paper_notes(item),
        claims=claim_table(item.title, item.claims, judged) if item.claims else None,
    )


def _beside_random(groups: Sequence[OursGroup]) -> list[str]:
    """Whether search is better than random, for the groups that hold both."""
    answers = [(group, answer(against_random(group.analysis))) for group in groups]
    return [line for group, text in answers if text for line in _said_of(group, groups, [text])]


def _cells_rendition(
    item: CellsItem, groups: Sequence[OursGroup], trainings: Mapping[str, Trainings], *, draw: bool
) -> Rendition:
    judged = [(group, judge_cells(item, group, trainings.get(group.benchmark))) for group in groups]
    about = [item.how, *(group.caption for group in groups)]
    first = {group.benchmark: group for group in reversed(groups)}  # groups of one benchmark share its trainings
    shown = [
        (group, material_of(item, group, trainings.get(group.benchmark) if first[group.benchmark] is group else None))
        for group in groups
    ]
    readings = [_said_of(group, groups, cells_reading(item, group.analysis, own)) for group, own in shown]
    known = known_runs(item, groups)
    searched = any(view.form == "strip" for view in item.views)
    return Rendition(
        machine=claim_table(item.title, item.claims, judged),
        tables=[
            claim_table(item.title, item.claims, judged, for_people=True, notes=about),
            places_table(known) if searched else worth_table(item, known),
        ],
        findings=[*chain.from_iterable(readings), *cells_findings(item, judged)],
        paper_notes=item.notes,
        data=data_of_cells(known, trainings),
        drawings=_cells_drawings(item, shown) if draw else (),
    )


def _cells_drawings(item: CellsItem, shown: Sequence[tuple[OursGroup, Material]]) -> list[Drawing]:
    """Every view of every group."""
    with styled():
        drawn = [cells_figures(item, group, own, number) for number, (group, own) in enumerate(shown, start=1)]
    return list(chain.from_iterable(drawn))


def _said_of(group: OursGroup, groups: Sequence[OursGroup], sentences: Sequence[str]) -> list[str]:
    """With the group's name where there are several."""
    return [f"{group.label}: {text}" if len(groups) > 1 else text for text in sentences]


def _drawings(item: FigureItem, judged: Sequence[tuple[OursGroup, Sequence[Judged]]]) -> list[Drawing]:
    """A figure per group: runs of different places are never drawn over each other."""
    with styled():
        drawn = [series_figure(item, group, number) for number, (group, _) in enumerate(judged, start=1)]
    return [drawing for drawing in drawn if drawing is not None]


def _write_tables(folder: Path, item: PaperItem, made: Rendition) -> None:
    (folder / "table.csv").write_text(to_csv(made.machine, references=True), encoding="utf-8")
    (folder / "table.md").write_text("\n".join(to_markdown(table) for table in made.tables), encoding="utf-8")
    label = f"tab:{item.paper}-{item.item}"
    floats = [
        to_latex(table, label=label if number == 0 else f"{label}-{number}") for number, table in enumerate(made.tables)
    ]
    (folder / "table.tex").write_text("\n".join(floats), encoding="utf-8")
    for name, table in (("data.csv", made.data), ("claims.csv", made.claims)):
        if table is not None:
            (folder / name).write_text(to_csv(table), encoding="utf-8")
