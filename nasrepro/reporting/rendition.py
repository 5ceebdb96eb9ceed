"""A paper's item worked out beside our runs: tables, findings, verdicts and drawings, before they take any format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from nasrepro.papers.cells_figure import CellsItem
from nasrepro.papers.drawn import DrawnItem
from nasrepro.papers.figure import FigureItem
from nasrepro.papers.table import TableItem
from nasrepro.reporting.against_random import against_random, answer
from nasrepro.reporting.cells_figures import Material, cells_figures, material_of
from nasrepro.reporting.cells_reading import cells_reading
from nasrepro.reporting.cells_tables import cells_findings, data_of_cells, known_runs, places_table, worth_table
from nasrepro.reporting.cells_values import Trainings, judge_cells
from nasrepro.reporting.claim_table import claim_table
from nasrepro.reporting.claims import Judged, JudgedGroups
from nasrepro.reporting.drawn_cells import cells_for_people, cells_table, drawn_cells
from nasrepro.reporting.elsewhere import parted
from nasrepro.reporting.ours import OursGroup
from nasrepro.reporting.reproduction_figure import data_table, figure_findings, means_table
from nasrepro.reporting.reproduction_table import for_people, paper_notes, reproduction_table, table_findings
from nasrepro.reporting.reproduction_values import judge_rows
from nasrepro.reporting.series import judge
from nasrepro.reporting.series_figure import series_figure
from nasrepro.reporting.style import Drawing, styled
from nasrepro.reporting.table_model import Table

MeasuredItem = TableItem | FigureItem | CellsItem | DrawnItem
"""What can be made here: from runs of ours, or from the genotypes of cells; anything else in a paper is a sketch."""


@dataclass(frozen=True)
class Rendition:
    """An item worked out, before it takes any format."""

    machine: Table
    """Every column, for `table.csv`."""
    beside: Table
    """The table that people read: the paper beside ours, or what a figure shows in numbers."""
    stated: Table | None
    """What the paper states, for people; None where it states nothing of a table."""
    findings: Sequence[str]
    paper_notes: Sequence[str]
    judged: JudgedGroups
    """Verdicts on what the paper states, by group of our runs."""
    data: Table | None = None
    """The single values behind a figure, for `data.csv`."""
    claims: Table | None = None
    """What the paper states of a table, for `claims.csv`; a figure's claims are `machine`."""
    drawings: Sequence[Drawing] = field(default=())
    elsewhere: Table | None = None
    """Our runs that know no number in any column of the paper's table."""

    @property
    def tables(self) -> list[Table]:
        """What people read in its order: the paper's own table goes before what it states, a figure's numbers after."""
        known = [self.beside, self.elsewhere, self.stated] if self.data is None else [self.stated, self.beside]
        return [table for table in known if table is not None]


def rendition(
    item: MeasuredItem, groups: Sequence[OursGroup], trainings: Mapping[str, Trainings], *, draw: bool
) -> Rendition:
    """The item beside groups of our runs, none of which is empty; without drawings unless `draw`.

    `trainings`: by benchmark, how all cells of its space fared, for an item that shows it. Raises `UserError` when a
    group mixes what must not be mixed.
    """
    if isinstance(item, TableItem):
        return _table_rendition(item, groups)
    if isinstance(item, CellsItem):
        return _cells_rendition(item, groups, trainings, draw=draw)
    if isinstance(item, DrawnItem):
        return _drawn_rendition(item, draw=draw)
    judged = [(group, judge(item, group)) for group in groups]
    about = [item.how, *(group.caption for group in groups)]
    return Rendition(
        machine=claim_table(item.title, item.claims, judged),
        beside=means_table(item, groups),
        stated=claim_table(item.title, item.claims, judged, for_people=True, notes=about),
        findings=figure_findings(item, judged),
        paper_notes=item.notes,
        judged=judged,
        data=data_table(item, groups),
        drawings=_drawings(item, judged) if draw else (),
    )


def _drawn_rendition(item: DrawnItem, *, draw: bool) -> Rendition:
    return Rendition(
        machine=cells_table(item),
        beside=cells_for_people(item),
        stated=None,
        findings=(),
        paper_notes=item.notes,
        judged=(),
        drawings=drawn_cells(item) if draw else (),
    )


def _table_rendition(item: TableItem, groups: Sequence[OursGroup]) -> Rendition:
    full = reproduction_table(item, groups)
    here, elsewhere = parted(item, full)
    judged = [(group, judge_rows(item, group)) for group in groups]
    return Rendition(
        machine=full,
        beside=for_people(here, item, groups),
        elsewhere=elsewhere,
        stated=claim_table(item.title, item.claims, judged, for_people=True) if item.claims else None,
        findings=[*_beside_random(groups), *table_findings(item, judged)],
        paper_notes=paper_notes(item),
        judged=judged,
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
        beside=places_table(known) if searched else worth_table(item, known),
        stated=claim_table(item.title, item.claims, judged, for_people=True, notes=about),
        findings=[*chain.from_iterable(readings), *cells_findings(item, judged)],
        paper_notes=item.notes,
        judged=judged,
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
