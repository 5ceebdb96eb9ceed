"""Figures as data: what draws them, what the paper says of them, and what is refused."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from nasrepro.papers.catalog import item, items, paper, papers
from nasrepro.papers.figure import FigureItem, Place


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
    for entry in (entry for entry in paper("nao").items if isinstance(entry, FigureItem)):
        assert "NAO" in entry.measured_on
        assert entry.benchmark.startswith("nb201-")
        assert isinstance(entry, FigureItem)
        assert "NAS-Bench-201" in entry.how


def test_figures_are_listed_beside_tables() -> None:
    kinds = {summary.name: summary.kind for summary in items()}
    assert kinds["nao/figure-2a"] == "figure"
    assert kinds["e2nas/table-2"] == "table"
    assert set(papers()) == {"e2nas", "en2as", "evaluating-search", "nao", "nsas"}


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
        ({"claims": [whole["claims"][0] | {"at": {"curve": "pairwise"}}]}, "either x or the share"),
        ({"claims": [whole["claims"][0] | {"at": {"curve": "pairwise", "x": 1, "share": 1}}]}, "either x or the share"),
        ({"claims": [whole["claims"][0] | {"bound": None}]}, "belong together"),
        ({"claims": [whole["claims"][0] | {"relation": None}]}, "belong together"),
    ]:
        with pytest.raises(ValidationError, match=words):
            FigureItem.model_validate(whole | change)


def test_e2nas_figure_1a_has_a_run_for_each_point() -> None:
    figure = item("e2nas/figure-1a")
    assert isinstance(figure, FigureItem)
    assert figure.methods == ("randomnas-ac", "gdas-ac", "e2nas")
    assert len(figure.variants) == 12
    e2nas = figure.curves["e2nas"]
    assert e2nas.at(0.2).text == "e2nas[sampler.gamma=null;sampler.gamma_slope=10;regularizer.epsilon=0.2]"
    asked = {(claim.at.curve, claim.at.x, claim.minus.x, claim.bound) for claim in figure.claims if claim.minus}
    assert asked == {(key, x, 0, 0) for key in figure.curves for x in (0.2, 0.5)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scoring": None}, "a scoring"),
        ({"series": "epochs"}, "a series, or a setting"),
        ({"over": None}, "a series, or a setting"),
        ({"over": {"block": "regularizer", "name": "epsilon", "values": [0.2, 0]}}, "rising order"),
        ({"over": {"block": "regularizer", "name": "epsilon", "values": [0.5]}}, "at least two"),
        ({"over": {"block": "regularizer", "name": "epsilon", "values": [0, 0.2]}}, "at 0.5, which is no point"),
    ],
)
def test_a_curve_over_a_setting_refuses_what_does_not_fit(change: dict[str, object], words: str) -> None:
    whole = json.loads(item("e2nas/figure-1a").model_dump_json())
    whole["panels"][0]["curves"][0].update(change)
    with pytest.raises(ValidationError, match=words):
        FigureItem.model_validate(whole)


WATCHED = {"training": {"watched_cells": 12}}


def test_nsas_figure_1_shows_four_cells_beside_their_worth() -> None:
    figure = item("nsas/figure-1")
    assert isinstance(figure, FigureItem)
    assert figure.methods == ("randomnas", "gdas")
    assert [panel.one_run for panel in figure.panels] == [True, True, False, False]
    for panel in figure.panels[:2]:
        assert [curve.series for curve in panel.curves] == [f"watched cell {k}" for k in (1, 2, 3, 4)]
        assert [curve.level for curve in panel.curves] == [f"truth of watched cell {k}" for k in (1, 2, 3, 4)]
    assert all(curve.settings == WATCHED for curve in figure.curves.values()), "only runs that watched can draw it"
    falls = [claim for claim in figure.claims if claim.bound is not None]
    assert {(c.at.curve, c.at.share, c.minus.share if c.minus else None, c.relation) for c in falls} == {
        ("gdas_mean", 1, 0.25, "below"),
        ("randomnas_mean", 1, 0.25, "below"),
    }
    jumps = [claim for claim in figure.claims if claim.bound is None]
    assert all("without a number" in claim.says and "second half" in claim.measured for claim in jumps)
    assert [(c.at.curve, c.at.since, c.at.share) for c in jumps] == [
        ("randomnas_change", 0.5, 1),
        ("gdas_change", 0.5, 1),
    ]


def test_e2nas_figure_1b_asks_of_four_searches_whether_they_fall_or_rise() -> None:
    figure = item("e2nas/figure-1b")
    assert isinstance(figure, FigureItem)
    assert figure.methods == ("darts-v1", "darts-v2", "gdas", "gdas-ac")
    assert len(figure.variants) == 4, "both panels are of the same runs"
    assert [{curve.series for curve in panel.curves} for panel in figure.panels] == [
        {"inherited accuracy of the answer"},
        {"watched cells"},
    ]
    asked = {
        claim.at.curve: (claim.at.share, claim.minus and claim.minus.share, claim.relation) for claim in figure.claims
    }
    falls, rises = (1, 0.25, "below"), (1, 0.25, "above")
    assert asked == {key: rises if key.startswith("gdas_ac") else falls for key in figure.curves}


def test_nsas_figure_3_holds_each_loss_against_the_plain_one_at_the_end() -> None:
    figure = item("nsas/figure-3")
    assert isinstance(figure, FigureItem)
    assert figure.methods == ("randomnas", "randomnas-nsas", "gdas", "gdas-nsas")
    pairs = [(c.at.curve, c.minus.curve) for c in figure.claims if c.minus]
    assert pairs == [
        ("randomnas_nsas", "randomnas"),
        ("gdas_nsas", "gdas"),
        ("randomnas_nsas_watched", "randomnas_watched"),
        ("gdas_nsas_watched", "gdas_watched"),
    ]
    assert all(c.at.share == 1 for c in figure.claims)
    text = " ".join(c.says for c in figure.claims)
    assert all(number in text for number in ("0.4242", "0.0909", "0.3030", "−0.1818"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"levels": ""}, "named, or neither"),
        ({"curves": [{"key": "a", "label": "a", "method": "gdas", "series": "q"}]}, "named, or neither"),
        (
            {
                "curves": [
                    {
                        "key": "a",
                        "label": "a",
                        "method": "gdas",
                        "over": {"block": "sampler", "name": "tau_end", "values": [0, 1]},
                        "scoring": "test",
                        "level": "q",
                    }
                ]
            },
            "a level beside no series",
        ),
    ],
)
def test_a_level_stands_beside_a_series_and_is_named(change: dict[str, object], words: str) -> None:
    whole = json.loads(item("nsas/figure-1").model_dump_json())
    whole["panels"][0].update(change)
    with pytest.raises(ValidationError, match=words):
        FigureItem.model_validate(whole)


def test_a_place_reads_as_people_say_it() -> None:
    said: list[tuple[dict[str, float], str]] = [
        ({"x": 500}, "500"),
        ({"share": 1}, "the end"),
        ({"share": 0.25}, "25 % of the way"),
        ({"share": 1, "since": 0.5}, "50 % to the end"),
        ({"share": 0.75, "since": 0}, "0 % to 75 % of the way"),
    ]
    assert [Place.model_validate({"curve": "a"} | place).where for place, _ in said] == [words for _, words in said]


@pytest.mark.parametrize("place", [{"x": 5, "since": 0.5}, {"share": 0.5, "since": 0.5}, {"share": 0.2, "since": 0.5}])
def test_a_range_ends_after_it_begins(place: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="needs a later share"):
        Place.model_validate({"curve": "a"} | place)
