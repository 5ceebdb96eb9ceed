"""Recurrent cells drawn as trees: every activation is there, and nothing hides anything."""

from __future__ import annotations

import itertools

import factory
import numpy as np
import pytest
from matplotlib.patches import Circle, FancyArrowPatch

from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.cell_figure import cell_figure
from nasrepro.reporting.rnn_drawing import RADIUS, SHORT, draw_rnn_cell, layout, rnn_legend
from nasrepro.reporting.style import OP_COLORS, new_figure, styled
from nasrepro.spaces.darts_rnn import OPS, RnnGenotype, RnnSpace

WIDTH, HEIGHT = 2.3, 1.34
EIGHT = RnnSpace()
CHAIN = EIGHT.parse("0 0 1 1 2 2 3 3 4 0 5 1 6 2 7 3")
FLAT = EIGHT.parse("0 0 0 1 0 2 0 3 0 0 0 1 0 2 0 3")
CELLS = [CHAIN, FLAT, EIGHT.parse("DARTS_V1"), *(EIGHT.sample(np.random.default_rng(seed)) for seed in range(20))]


def drawn_figure(space: RnnSpace, count: int) -> str:
    """Caption and drawing of `count` seeds' cells."""
    records = []
    for seed in range(count):
        record, found = factory.record("randomnas", seed), space.sample(np.random.default_rng(seed))
        assert record.found is not None
        named = record.found.model_copy(update={"genotype": found.id, "text": str(found)})
        records.append(record.model_copy(update={"found": named}))
    with styled():
        drawing, again = (cell_figure(analyze(records), "") for _ in range(2))
    assert drawing is not None
    assert again is not None
    assert drawing.svg == again.svg
    return drawing.caption + drawing.svg


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.id)
def test_arrows_point_right_and_nodes_have_room(cell: RnnGenotype) -> None:
    places = np.array(layout(cell, WIDTH, HEIGHT))
    for node, (_, source) in enumerate(cell.nodes, 1):
        assert places[source][0] + 2 * RADIUS < places[node][0]
    for one, other in itertools.combinations(places, 2):
        assert np.hypot(*(one - other)) > 2 * RADIUS, "no node lies on another"
    assert (places[:, 0] >= RADIUS).all()
    assert (places[:, 0] <= WIDTH - RADIUS).all()
    assert (np.abs(places[:, 1]) <= HEIGHT / 2 - RADIUS).all()


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.id)
def test_every_node_is_an_arrow_with_the_name_of_its_activation(cell: RnnGenotype) -> None:
    axes = new_figure(WIDTH, HEIGHT).subplots()
    draw_rnn_cell(axes, cell, WIDTH, HEIGHT)
    assert sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == 8
    assert sum(isinstance(patch, Circle) for patch in axes.patches) == 9
    names = [text for text in axes.texts if not text.get_text().isdigit()]
    assert sorted(text.get_text() for text in names) == sorted(SHORT[OPS[op]] for op, _ in cell.nodes)
    for one, other in itertools.combinations([np.array(text.get_position()) for text in names], 2):
        assert (np.abs(one - other) > (0.2, 0.07)).any(), "no name lies on another"


def test_nodes_outside_the_mean_are_pale() -> None:
    axes = new_figure(WIDTH, HEIGHT).subplots()
    draw_rnn_cell(axes, EIGHT.parse("ENAS"), WIDTH, HEIGHT)
    circles = [patch for patch in axes.patches if isinstance(patch, Circle)]
    assert [state for state, circle in enumerate(circles) if circle.get_linestyle() == ":"] == [1, 3, 4, 7, 8]


def test_every_activation_has_a_name_and_a_color() -> None:
    assert {*SHORT, "none"} == set(OPS)
    assert set(OPS) <= set(OP_COLORS)
    assert [entry.get_label() for entry in rnn_legend({"tanh", "identity"})] == ["tanh", "id: identity"]


@pytest.mark.parametrize(("nodes", "most"), [(8, 6), (2, 10), (3, 10)])
def test_found_cells_of_every_recurrent_space_are_drawn(nodes: int, most: int) -> None:
    space = RnnSpace(nodes)
    text = drawn_figure(space, 3)
    assert "the mean of the nodes is the next hidden state" in text
    assert all(space.sample(np.random.default_rng(seed)).id in text for seed in range(3))
    different = len({space.sample(np.random.default_rng(seed)) for seed in range(30)})
    if different > most:
        assert f"not drawn: {different - most} of randomnas" in drawn_figure(space, 30)
