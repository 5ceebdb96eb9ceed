"""What watched cells of the DARTS space share with the paths that were trained, and that reports say so."""

from __future__ import annotations

import darts_factory as factory
import numpy as np
import pytest

from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.findings import findings
from nasrepro.reporting.forgetting import forgetting_of
from nasrepro.reporting.forgetting_figures import sharing_figure, watched_figure
from nasrepro.reporting.forgetting_tables import forgetting_numbers, forgetting_views, sharing_numbers
from nasrepro.reporting.sharing import in_common
from nasrepro.reporting.style import styled
from nasrepro.spaces.darts_genotype import DartsGenotype, Node, standard_cell

NONE, MAX, SKIP, SEP = 0, 1, 3, 4


def genotype(*normal: Node) -> DartsGenotype:
    """The reduction cell adds nothing that others share."""
    same = standard_cell(normal)
    return DartsGenotype(same, same)


def both(one: Node, two: Node) -> DartsGenotype:
    """Nodes 0 and 1 as given, the others alike everywhere: skips, four of which halve the map in the reduction cell."""
    return genotype(one, two, ((SKIP, 0), (SKIP, 1)), ((SKIP, 0), (SKIP, 1)))


CELL = both(((SEP, 0), (SEP, 1)), ((SEP, 0), (NONE, 2)))


@pytest.mark.parametrize(
    ("trained", "choices", "convolutions"),
    [
        (CELL, 16, 10),
        (both(((SEP, 1), (SEP, 0)), ((NONE, 2), (SEP, 0))), 16, 10),
        (both(((SEP, 0), (MAX, 1)), ((SEP, 0), (NONE, 2))), 14, 8),
        (both(((SEP, 0), (SEP, 0)), ((NONE, 2), (NONE, 2))), 12, 6),
        (both(((MAX, 0), (MAX, 0)), ((SEP, 1), (SEP, 2))), 8, 4),
    ],
)
def test_choices_count_in_either_order_and_convolutions_by_their_weights(
    trained: DartsGenotype, choices: int, convolutions: int
) -> None:
    counts = in_common([CELL.id, trained.id], [trained.id])
    assert counts["edges"].tolist() == [[choices, 16]]
    assert counts["convolutions"][0, 0] == convolutions


def test_a_path_over_all_edges_runs_a_cells_choices_but_none() -> None:
    everywhere = [factory.SPACE.path_id(factory.SPACE.path_on_edges([op] * 28)) for op in (NONE, SKIP, SEP)]
    counts = in_common([CELL.id], everywhere)
    assert counts["edges"].ravel().tolist() == [0, 8, 6]
    assert counts["convolutions"].ravel().tolist() == [0, 4, 6]


def test_ids_of_several_spaces_have_nothing_in_common() -> None:
    assert in_common([CELL.id], ["nb201:3"]) == {}
    assert in_common(["other:1"], ["other:1"]) == {}


@pytest.mark.parametrize("everywhere", [False, True])
def test_an_updates_effect_is_told_apart_by_shared_choices(everywhere: bool) -> None:
    runs = [factory.watched(factory.record("randomnas", seed), everywhere=everywhere) for seed in range(3)]
    found = forgetting_of(runs)
    assert found is not None
    points = found.sharing["edges"]
    assert sum(point.pairs for point in points) == 3 * 40 * 4
    assert all(point.loss.mean == pytest.approx(-0.01) for point in points)
    if not everywhere:
        assert max(point.number for point in points) >= 4
        assert found.summary("near").n == 3
        numbers = np.array([point.number for point in points for _ in range(point.pairs)])
        assert (numbers >= 4).sum() >= 3 * 40, "the first watched cell shares four choices with every trained one"


def test_reports_speak_of_choices() -> None:
    runs = [
        factory.watched(factory.record(method, seed), everywhere=method == "gdas")
        for method in ("gdas", "randomnas")
        for seed in range(3)
    ]
    analysis = analyze(runs)
    labels = {column.key: column.label for column in forgetting_numbers(analysis).columns}
    assert labels["near"] == "Change of loss, 4 choices shared or more"
    assert {row["shared"].text for row in sharing_numbers(analysis).rows} == {"choices", "convolutions"}
    sharing = forgetting_views(analysis, "")[1]
    assert "16 choices of an operation and an input" in sharing.notes[0]
    assert [column.label for column in sharing.columns][1] == "0 shared"
    assert any("shares 4 choices or more" in text for text in findings(analysis))
    with styled():
        drawn = sharing_figure(analysis, "")
        curves = watched_figure(analysis, "")
    assert drawn is not None
    assert "choices that both have" in drawn.svg
    assert curves is not None
    assert "the 4 watched cells" in curves.caption


def test_a_skip_that_halves_the_map_holds_kernels() -> None:
    """Cells of nothing but skips and none: the reduction cell's edges from its two inputs are convolutions."""
    cell = "darts:0010001000100010-0313001000100010"
    assert in_common([cell], [cell])["convolutions"].tolist() == [[2]]
