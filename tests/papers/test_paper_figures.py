"""Figures as data: what draws them, what the paper says of them, and what is refused."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from nasrepro.papers.catalog import item, items, paper, papers
from nasrepro.papers.figure import FigureItem


@pytest.fixture
def figure() -> FigureItem:
    found = item("nao/figure-2a")
    assert isinstance(found, FigureItem)
    return found


def test_nao_figure_2a_states_its_numbers(figure: FigureItem) -> None:
    assert {curve.series for curve in figure.curves.values()} == {"pairwise accuracy", "Hamming distance"}
    assert figure.methods == ("nao-study",)
    accuracy, distance, _ = figure.claims
    assert (accuracy.at.curve, accuracy.at.x, accuracy.relation, accuracy.bound) == ("pairwise", 500, "above", 0.78)
    assert (distance.at.curve, distance.relation, distance.bound) == ("hamming", "below", 0.5)
    assert "78 %" in accuracy.says
    assert "60" in distance.says


def test_nao_figure_2b_asks_whether_iterations_rise() -> None:
    figure = item("nao/figure-2b")
    assert isinstance(figure, FigureItem)
    assert figure.methods == ("nao-tabular",)
    assert [curve.series for curve in figure.curves.values()] == ["real accuracy", "predicted accuracy"]
    rises = [(c.at.x, c.minus.x, c.bound) for c in figure.claims if c.relation == "above" and c.minus]
    assert rises == [(2, 1, 0), (3, 2, 0)]
    assert all(c.bound is None for c in figure.claims if "without a number" in c.says)


def test_the_papers_own_place_is_told_apart_from_ours() -> None:
    for entry in paper("nao").items:
        assert "NAO" in entry.measured_on
        assert entry.benchmark.startswith("nb201-")
        assert isinstance(entry, FigureItem)
        assert "NAS-Bench-201" in entry.how


def test_figures_are_listed_beside_tables() -> None:
    kinds = {summary.name: summary.kind for summary in items()}
    assert kinds["nao/figure-2a"] == "figure"
    assert kinds["e2nas/table-2"] == "table"
    assert set(papers()) == {"e2nas", "nao"}


def test_a_curve_knows_its_panel(figure: FigureItem) -> None:
    assert figure.panel_of("hamming").title == "Decoder"
    with pytest.raises(KeyError):
        figure.panel_of("nothing")


def test_a_figure_refuses_what_does_not_fit(figure: FigureItem) -> None:
    whole = json.loads(figure.model_dump_json())
    for change, words in [
        ({"panels": []}, "no curve"),
        ({"panels": whole["panels"] * 2}, "occurs twice"),
        ({"claims": [whole["claims"][0] | {"at": {"curve": "other", "x": 1}}]}, "'other', which is no curve"),
        ({"claims": [whole["claims"][0] | {"bound": None}]}, "belong together"),
        ({"claims": [whole["claims"][0] | {"relation": None}]}, "belong together"),
    ]:
        with pytest.raises(ValidationError, match=words):
            FigureItem.model_validate(whole | change)
