"""Figures about all cells of a small space, a drawing for each view of the item."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure

from nasrepro.papers.cells_figure import CellsItem, View
from nasrepro.records.record import RunRecord
from nasrepro.reporting.cells_drawings import draw_changes, draw_taus, draw_truth, draw_twins
from nasrepro.reporting.cells_places import draw_matrices, draw_shared_training, draw_strip, draw_trainings
from nasrepro.reporting.cells_study import SharedCells, shared_cells
from nasrepro.reporting.cells_values import Trainings
from nasrepro.reporting.describe import short_caption
from nasrepro.reporting.ours import OursGroup
from nasrepro.reporting.style import WIDE, Drawing, finish, new_figure
from nasrepro.spaces import catalog

_HEIGHTS = {"truth": 4.4, "rank-changes": 4.2, "taus": 3.2, "twins": 3.6, "sharing": 3.8}
_TALL = 5.6
"""Where every cell has a line of text."""


@dataclass(frozen=True)
class Material:
    """What the views of one group of runs are drawn from."""

    cells: SharedCells | None
    """Of the first policy that trained shared weights and scored cells."""
    answers: dict[str, list[RunRecord]]
    """Finished runs by policy."""
    space: int
    """Cells of the space; 0 where that is not known."""
    trainings: Trainings | None


def material_of(item: CellsItem, group: OursGroup, trainings: Trainings | None) -> Material:
    """Everything a group's runs hold for the item's views."""
    results = {policy.label: group.result(policy.variant) for policy in item.policies}
    answers = {label: list(own.done) for label, own in results.items() if own is not None and own.done}
    shared = (shared_cells(own) for own in results.values())
    found = next((record.found for records in answers.values() for record in records if record.found), None)
    space = catalog.find(found.genotype) if found is not None else None
    return Material(
        cells=next((own for own in shared if own is not None), None),
        answers=answers,
        space=len(space) if space is not None else 0,
        trainings=trainings,
    )


def cells_figures(item: CellsItem, group: OursGroup, material: Material, number: int) -> list[Drawing]:
    """A drawing for each view of which the group's runs, the `number`-th on the page, have something to show."""
    made = []
    for view in item.views:
        figure = new_figure(WIDE, _height(view, material))
        text = _draw(figure, view, material)
        if not text:
            continue
        name = f"{item.item}-{view.form}" + ("" if number == 1 else f"-{number}")
        own = " The paper has no such figure." if view.ours else ""
        title = f"{group.label[:1].upper()}{group.label[1:]}: {view.title}"
        made.append(
            finish(
                figure,
                name=name,
                title=title,
                caption=text + own,
                provenance=short_caption(group.analysis.records),
                wide=True,
            )
        )
    return made


def _height(view: View, material: Material) -> float:
    if view.form == "strip":
        return 1.1 + 0.5 * max(2, len(material.answers))
    return _HEIGHTS.get(view.form, _TALL)


def _draw(figure: Figure, view: View, material: Material) -> str:
    """Draw the view and return how it is read; empty, and nothing drawn, where there is nothing to show."""
    if view.form == "strip":
        known = material.answers and material.space
        return draw_strip(figure, material.space, material.answers) if known else ""
    if view.form == "training":
        return draw_trainings(figure, view, material.trainings) if material.trainings is not None else ""
    if material.cells is None or (view.form == "twins" and not material.cells.twins):
        return ""
    if view.form == "rank-changes":
        return draw_changes(figure, material.cells, view.top)
    forms = {
        "truth": draw_truth,
        "taus": draw_taus,
        "twins": draw_twins,
        "sharing": draw_matrices,
        "shared-training": draw_shared_training,
    }
    return forms[view.form](figure, material.cells)
