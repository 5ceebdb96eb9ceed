"""Pairs of DARTS cells drawn as graphs: every choice is there, nothing hides anything, equal cells give equal bytes."""

from __future__ import annotations

import itertools

import darts_factory as factory
import numpy as np
import pytest
from matplotlib.patches import Circle, FancyArrowPatch

from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.cell_figure import cell_figure
from nasrepro.reporting.darts_drawing import LONG, SHORT, darts_legend, draw_darts_cell
from nasrepro.reporting.darts_layout import RADIUS, layout
from nasrepro.reporting.style import OP_COLORS, new_figure, styled
from nasrepro.spaces.darts_genotype import ALL_OPS, Cell, Node

WIDTH, HEIGHT = 2.5, 1.35
NASNET: tuple[Node, ...] = (
    ((5, 1), (4, 0)),
    ((5, 0), (4, 0)),
    ((2, 1), (3, 0)),
    ((2, 0), (2, 0)),
    ((4, 1), (3, 1)),
)
"""Five nodes; the last but one reads one input twice by one operation."""


def test_every_choice_is_an_arrow_with_its_name() -> None:
    axes = new_figure(WIDTH, HEIGHT).subplots()
    draw_darts_cell(axes, Cell(NASNET, (2, 3, 4, 5, 6)), WIDTH, HEIGHT)
    assert sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == 10
    assert sum(isinstance(patch, Circle) for patch in axes.patches) == 8
    names = sorted(text.get_text() for text in axes.texts)
    ops = ["sep5", "sep3", "sep5", "sep3", "avg", "skip", "avg", "avg", "sep3", "skip"]
    assert names == sorted([*ops, *"01234", "$c_{k-2}$", "$c_{k-1}$", "$c_k$"])


def test_none_has_no_name_and_states_inside_lead_to_no_output() -> None:
    axes = new_figure(WIDTH, HEIGHT).subplots()
    draw_darts_cell(axes, Cell((((0, 0), (0, 1)), ((4, 2), (0, 0))), (3,)), WIDTH, HEIGHT)
    assert sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == 1
    assert len(axes.lines) == 1, "one state of the two is the output"


@pytest.mark.parametrize("seed", range(12))
def test_edges_point_right_and_nodes_and_names_have_room(seed: int) -> None:
    cell = factory.cell(seed).normal
    placed = layout(cell, WIDTH, HEIGHT)
    for line in placed.lines:
        assert placed.states[line.source][0] < placed.states[line.target][0]
    for one, other in itertools.combinations(np.array(placed.states), 2):
        assert np.hypot(*(one - other)) > 2 * RADIUS, "no node lies on another"
    assert all(RADIUS < x + 0.01 < WIDTH and abs(y) <= HEIGHT / 2 - RADIUS for x, y in placed.states)
    named = np.array([line.label for line in placed.lines])
    apart = [np.abs(one - other) for one, other in itertools.combinations(named, 2)]
    assert sum((gap < (0.16, 0.06)).all() for gap in apart) == 0, "no name lies on another"


def test_two_edges_with_the_same_ends_take_two_ways() -> None:
    placed = layout(Cell(NASNET, (2, 3, 4, 5, 6)), WIDTH, HEIGHT)
    one, other = (line for line in placed.lines if line.target == 5)
    middle = len(one.points) // 2
    assert np.hypot(*(one.points[middle] - other.points[middle])) > 0.2


def test_eight_nodes_are_still_drawn() -> None:
    cell = Cell(tuple(((4, node), (5, node + 1)) for node in range(8)), (9,))
    assert len(layout(cell, WIDTH, HEIGHT).lines) == 16


def test_every_operation_has_a_name_and_a_color() -> None:
    assert {*SHORT, "none"} == {*LONG, "none"} == set(ALL_OPS)
    assert set(ALL_OPS) <= set(OP_COLORS)
    assert [entry.get_label() for entry in darts_legend({"none", "skip_connect"})] == ["skip: skip", "none"]


def test_found_cells_of_the_space_are_drawn_in_pairs() -> None:
    analysis = analyze(factory.records(["gdas", "randomnas"], 2))
    with styled():
        drawing = cell_figure(analysis, "")
        again = cell_figure(analysis, "")
    assert drawing is not None
    assert again is not None
    assert drawing.svg == again.svg
    assert drawing.svg.count(">normal<") == drawing.svg.count(">reduction<") == 4
    assert "reduction cell on the right" in drawing.caption
    assert factory.record("gdas", 1).found.genotype in drawing.svg  # type: ignore[union-attr]


def test_at_most_six_genotypes_of_a_row_are_drawn() -> None:
    with styled():
        drawing = cell_figure(analyze(factory.records(["gdas"], 8)), "")
    assert drawing is not None
    assert "At most 6 cells a method are drawn, those found most often first; not drawn: 2 of gdas." in drawing.caption
    assert drawing.svg.count(">normal<") == 6
