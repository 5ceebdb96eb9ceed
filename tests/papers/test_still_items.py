"""Figures that nothing is measured for: cells can be drawn, and what cannot be made says why."""

from __future__ import annotations

import json
import re

import pytest
from pydantic import ValidationError

from nasrepro.papers.catalog import item, items, papers
from nasrepro.papers.drawn import DrawnItem, SchematicItem
from nasrepro.papers.figure import FigureItem
from nasrepro.reporting.darts_layout import layout
from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_genotype import ALL_OPS, DartsGenotype
from nasrepro.spaces.darts_rnn_genotype import RnnGenotype
from nasrepro.spaces.known_cells import called

DRAWN = {
    "en2as/figure-1": ["ENNAS", "ENNAS_PR_RNN"],
    "en2as/figure-2": ["ENNAS_PR", "ENNAS_RNN"],
    "nao/figure-3": ["Genotype"],
    "nao/figure-4": ["NAONet_RNN"],
    "nsas/figure-5": ["Random_NSAS", "Random_NSAS_RNN"],
}
SCHEMATIC = {
    "e2nas/figure-2",
    "e2nas/figure-3",
    "evaluating-search/figure-1",
    "evaluating-search/figure-5",
    "evaluating-search/figure-7",
    "nao/figure-1",
    "nsas/figure-2",
}


def test_every_figure_of_the_papers_is_there_in_one_of_the_ways() -> None:
    kinds = {summary.name: summary.kind for summary in items()}
    assert {name for name, kind in kinds.items() if kind == "drawn"} == set(DRAWN)
    assert {name for name, kind in kinds.items() if kind == "schematic"} == SCHEMATIC
    assert set(kinds.values()) == {"table", "figure", "drawn", "schematic"}
    figures = {paper: {n for name in kinds for n in re.findall(rf"^{paper}/figure-(\d+)", name)} for paper in papers()}
    assert figures == {
        "e2nas": set("123"),
        "en2as": set("12"),
        "evaluating-search": set("12345678"),
        "nao": set("1234"),
        "nsas": set("12345"),
    }


def test_nothing_is_run_for_them() -> None:
    for name in (*DRAWN, *SCHEMATIC):
        still = item(name)
        assert (still.variants, still.methods, still.places, still.places_at("paper")) == ((), (), [], [])


@pytest.mark.parametrize("name", DRAWN)
def test_cells_are_known_or_can_be_read(name: str) -> None:
    figure = item(name)
    assert isinstance(figure, DrawnItem)
    assert [cell.text.partition("(")[0] for cell in figure.cells] == DRAWN[name]
    for cell in figure.cells:
        genotype = called(cell.text)[0].genotype if called(cell.text) else DartsSpace().parse(cell.text)
        assert isinstance(genotype, RnnGenotype if "Recurrent" in cell.title else DartsGenotype)


def test_a_cell_of_naonet_puts_out_what_no_node_reads() -> None:
    figure = item("nao/figure-3")
    assert isinstance(figure, DrawnItem)
    pair = DartsSpace().parse(figure.cells[0].text)
    for cell in (pair.normal, pair.reduce):
        read = {state for node in cell.nodes for _, state in node}
        assert set(cell.concat) == set(range(len(cell.nodes) + 2)) - read
        assert len(layout(cell, 4.0, 2.0).lines) == 10
    assert {ALL_OPS[op] for node in pair.normal.nodes for op, _ in node} == {
        "sep_conv_3x3",
        "sep_conv_5x5",
        "avg_pool_3x3",
        "max_pool_3x3",
    }


def test_a_still_item_without_cells_or_reason_is_refused() -> None:
    for name, change, kind in (
        ("nsas/figure-5", {"cells": []}, DrawnItem),
        ("nsas/figure-2", {"why": ""}, SchematicItem),
    ):
        data = json.loads(item(name).model_dump_json())
        assert kind.model_validate(data) == item(name)
        with pytest.raises(ValidationError, match="at least 1"):
            kind.model_validate(data | change)
    with pytest.raises(ValidationError):
        FigureItem.model_validate(json.loads(item("nsas/figure-2").model_dump_json()))
