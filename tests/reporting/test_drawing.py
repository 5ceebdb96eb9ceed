"""Cells drawn as graphs, and the look of figures."""

from __future__ import annotations

import factory
import matplotlib as mpl
import pytest
from matplotlib.patches import FancyArrowPatch

from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.cell_figure import cell_figure, found_cells
from nasrepro.reporting.drawing import draw_cell, draw_edge_names
from nasrepro.reporting.figures import all_figures, budget_grid
from nasrepro.reporting.style import looks, new_figure, styled
from nasrepro.spaces.nb201 import from_string


@pytest.mark.parametrize(
    ("text", "arrows", "names"),
    [
        (
            "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|",
            6,
            ["1×1", "3×3", "3×3", "3×3", "3×3", "skip"],
        ),
        ("|none~0|+|none~0|none~1|+|avg_pool_3x3~0|none~1|none~2|", 1, ["pool"]),
        ("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", 0, []),
    ],
)
def test_each_operation_is_an_arrow_with_its_name(text: str, arrows: int, names: list[str]) -> None:
    axes = new_figure(2, 2).subplots()
    draw_cell(axes, from_string(text))
    assert sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == arrows
    shown = sorted(t.get_text() for t in axes.texts if t.get_text() not in {"in", "1", "2", "out"})
    assert shown == names


def test_what_cannot_reach_the_output_is_pale() -> None:
    axes = new_figure(2, 2).subplots()
    draw_cell(axes, from_string("|skip_connect~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|"))
    strengths = sorted(p.get_alpha() for p in axes.patches if isinstance(p, FancyArrowPatch))
    assert strengths == [0.35, 1.0]


def test_equal_cells_are_drawn_once_with_their_seeds() -> None:
    first = factory.record("gdas", 0)
    same = [factory.record("gdas", seed).model_copy(update={"found": first.found}) for seed in (1, 2)]
    analysis = analyze([first, *same, factory.record("gdas", 3)])
    cells = found_cells(analysis.method("gdas"))
    assert [cell.seeds for cell in cells] == [(0, 1, 2), (3,)]
    with styled():
        drawing = cell_figure(analysis, "")
    assert drawing is not None
    assert "seeds 0-2" in drawing.svg


def test_figures_that_have_no_data_are_left_out() -> None:
    with styled():
        names = [d.name for d in all_figures(analyze([factory.record("rea", 0, full=False)]), "")]
    assert names == ["accuracy", "cells"]


def test_inline_svg_follows_the_page() -> None:
    with styled():
        drawing = all_figures(analyze(factory.records(["gdas"], 2)), "")[0]
    inline = drawing.inline_svg
    assert inline.startswith("<svg ")
    assert "var(--ink)" in inline
    assert "#1f2328" not in inline
    assert " width=" not in inline[: inline.index(">")]


def test_methods_differ_by_more_than_colour() -> None:
    styles = looks(["random", *(f"m{i}" for i in range(12))])
    assert len({(look.color, look.marker, str(look.dash)) for look in styles.values()}) == 13
    assert len({look.marker for name, look in styles.items() if name in ("m0", "m1", "m2", "m3", "m4")}) == 5


def test_the_style_stays_inside() -> None:
    before = dict(mpl.rcParams)
    with styled():
        assert mpl.rcParams["svg.hashsalt"] == "nasrepro"
    assert dict(mpl.rcParams) == before


def test_anytime_curves_reach_the_end_of_the_budget() -> None:
    record = factory.record("rea", 0)
    early = record.model_copy(update={"trace": record.trace[:2]})
    assert list(budget_grid(analyze([early]).method("rea"))) == [1, 10, 100]
    many = [record.trace[0].model_copy(update={"at": at}) for at in range(1, 500)]
    grid = budget_grid(analyze([record.model_copy(update={"trace": many})]).method("rea"))
    assert len(grid) <= 61
    assert (grid[0], grid[-1]) == (1, 499)


def test_the_edges_are_named_by_their_nodes() -> None:
    axes = new_figure(2, 2).subplots()
    draw_edge_names(axes)
    assert sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == 6
    assert {t.get_text() for t in axes.texts} == {*"0123", "0→1", "0→2", "1→2", "0→3", "1→3", "2→3"}
