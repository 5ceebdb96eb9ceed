"""Tables and figures on recurrent cells: complete, as printed, and tested as the texts have it."""

from __future__ import annotations

import json
import re

import pytest
from pydantic import ValidationError

from nasrepro import benchmarks
from nasrepro.papers.catalog import item, paper
from nasrepro.papers.cells_figure import CellsItem
from nasrepro.papers.claim import Statement
from nasrepro.papers.drawn import SchematicItem
from nasrepro.papers.figure import FigureItem
from nasrepro.papers.ledger import difference, differences
from nasrepro.papers.table import Column, Row, TableItem
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton

# Typed a second time: label, our method, numbers in the order of the columns.
EVALUATING_SEARCH_TABLE_2 = """
DARTS   darts-v1  63.35±2.09 61.10±2.83 59.84 57.66
NAO     nao       64.18±1.81 61.99±1.95 62.16 59.77
ENAS    enas      61.74±0.78 59.25±0.68 60.38 57.93
RANDOM  random    62.22±0.91 59.88±0.98 60.18 57.60
"""

EVALUATING_SEARCH_TABLE_3 = """
DARTS      darts-v1  71.29±2.45 68.74±2.42 68.05 65.55
NAO        nao       68.66±2.50 66.03±2.40 66.22 63.59
ENAS       enas      69.99±0.0  66.61±0.0  69.99 66.61
RANDOM     random    69.69±2.44 67.21±2.52 66.16 63.27
REAL-BEST  -         65.67±0.21 62.95±0.18 65.38 62.63
"""

EN2AS_TABLE_2 = """
LSTM                            -          60.7   58.8   24  -
LSTM_+_SC                       -          60.9   58.3   24  -
LSTM_+_15_SEs                   -          58.1   56.0   22  -
Random_baseline                 random     64.1   61.5   23  -
NAS                             -          -      64     25  -
ENAS                            enas       60.8   58.6   24  0.5
GDAS                            gdas       59.8   57.5   23  0.4
NAO-WS                          nao        -      56.6   27  0.4
DARTS_(1st)                     darts-v1   60.2   57.6   23  0.13
DARTS_(2nd)                     darts-v2   58.1   55.7   23  0.25
Random_Search_WS                -          57.8   55.5   23  0.25
Random_Search_WS*               randomnas  59.7   57.16  23  0.25
EN²AS                           en2as      60.27  57.8   23  0.17
EN²AS_with_performance_reward   en2as-pr   60.02  57.36  23  0.67
"""

EN2AS_TABLE_5 = """
LSTM              -         69.1   65.9   33
LSTM_+_SC         -         69.1   65.9   23
LSTM_+_15_SEs     -         66.0   63.3   33
ENAS              enas      72.4   70.4   33
GDAS              gdas      71.0   69.4   33
NAO               -         -      67.0   36
DARTS             darts-v2  71.2   69.6   33
EN²AS             en2as     73.90  71.56  33
One_uniform_cell  random    -      -      -
"""

NSAS_TABLE_2 = """
ENAS*            enas            60.8   58.6   24  0.5
NAO-WS           nao             -      56.6   27  0.4
WPL              randomnas-wpl   -      61.9   -   -
Random_baseline  random          61.8   59.4   23  2
DARTS_(1st)      darts-v1        60.2   57.6   23  0.5
DARTS_(2nd)      -               58.8   56.6   23  1
DARTS_(2nd)*     darts-v2        59.21  56.71  23  1
RandomNAS        -               57.8   55.5   23  0.25
RandomNAS*       randomnas       59.7   57.16  23  0.25
RandomNAS-NSAS   randomnas-nsas  59.22  56.84  23  0.62
GDAS             -               59.8   57.5   23  0.4
GDAS*            gdas            60.23  57.69  23  0.4
GDAS-NSAS        gdas-nsas       59.74  57.24  23  0.5
"""

NAO_TESTS = {
    "nao/table-4": "78.4 77.4 73.4 70.9 68.5 65.4 58.3 56.0 62.4 58.6 58.81 56.1 56.0 56.6",
    "nao/table-5": "87.0 68.9 66.0 65.9 63.3 70.4 66.9 67.0",
}

PRINTED = {
    "evaluating-search/table-2": EVALUATING_SEARCH_TABLE_2,
    "evaluating-search/table-3": EVALUATING_SEARCH_TABLE_3,
    "en2as/table-2": EN2AS_TABLE_2,
    "en2as/table-5": EN2AS_TABLE_5,
    "nsas/table-2": NSAS_TABLE_2,
}


def table_item(name: str) -> TableItem:
    found = item(name)
    assert isinstance(found, TableItem)
    return found


def cells_item(name: str) -> CellsItem:
    found = item(name)
    assert isinstance(found, CellsItem)
    return found


@pytest.mark.parametrize(("name", "text"), PRINTED.items())
def test_tables_of_perplexities_are_complete(name: str, text: str) -> None:
    table = table_item(name)
    ours = [
        [
            row.label.replace(" ", "_") + "".join(row.marks),
            row.variant.text if row.variant else "-",
            *(row.cells[column.key].raw if column.key in row.cells else "-" for column in table.columns),
        ]
        for row in table.rows
    ]
    assert ours == [line.split() for line in text.strip().splitlines()]


@pytest.mark.parametrize("name", [*PRINTED, *NAO_TESTS, "evaluating-search/table-1"])
def test_tables_of_perplexities_want_low_numbers_of_known_scorings(name: str) -> None:
    table = table_item(name)
    scorings = {scoring.name for scoring in benchmarks.get(table.benchmark).scorings}
    assert table.trained
    assert not any(column.higher_is_better or column.error or column.unit for column in table.columns)
    assert {column.scoring for column in table.columns if column.scoring} <= scorings
    for claim in table.claims:
        assert claim.minus is not None
        printed = [table.row(label).cells[claim.column] for label in (claim.row, claim.minus)]
        said = sorted(re.findall(r"\d+\.\d+", claim.says))
        assert said == sorted(number.raw.partition("±")[0] for number in printed)
        lower = printed[0].mean < printed[1].mean
        told = "though the table" in claim.says  # the text says the contrary of its own table
        assert claim.relation is None or (claim.relation == "below") == (lower != told)


@pytest.mark.parametrize(("name", "tests"), NAO_TESTS.items())
def test_nao_on_texts_is_complete(name: str, tests: str) -> None:
    table = table_item(name)
    assert [row.cells["test"].raw for row in table.rows if row.cells] == tests.split()
    assert {row.variant.method for row in table.rows if row.variant} >= {"enas", "darts-v2", "nao", "random"}


def test_naos_convolutional_tables_are_quoted_only() -> None:
    for number, rows in (("1", 21), ("2", 16), ("3", 13)):
        table = table_item(f"nao/table-{number}")
        assert len(table.rows) == rows
        assert table.variants == ()
        assert all(column.scoring is None for column in table.columns)
    errors = [row.cells["error"].raw for row in table_item("nao/table-1").rows if row.label.startswith("NAONet")]
    assert errors == ["3.18", "2.98", "2.48", "1.93", "3.53", "2.93"]


def test_printed_sizes_are_those_of_our_networks() -> None:
    cell = RnnSpace(8).parse("DARTS_V1")
    space = RnnSpace(8)
    ptb = space.cost(cell, RnnSkeleton(850, 10_000, 8)).params / 1e6
    wikitext = space.cost(cell, RnnSkeleton(700, 33_278, 8)).params / 1e6
    assert table_item("en2as/table-2").row("DARTS (1st)").cells["params"].mean == round(ptb)
    assert table_item("en2as/table-5").row("DARTS").cells["params"].mean == round(wikitext)


def test_the_evaluation_framework_is_there_as_a_whole() -> None:
    framework = paper("evaluating-search")
    names = [f"table-{n}" for n in (1, 2, 3)] + [f"figure-{n}" for n in range(1, 9)]
    assert [entry.item for entry in framework.items] == names
    run = [entry for entry in framework.items if not isinstance(entry, SchematicItem)]
    assert [entry.item for entry in run] == names[:3] + [f"figure-{n}" for n in (2, 3, 4, 6, 8)]
    assert all(entry.seeds == list(range(1268, 1278)) and entry.run_seeds == "0-9" for entry in run)
    one, two = table_item("evaluating-search/table-1"), table_item("evaluating-search/table-2")
    for row, same in (("ENAS", "ENAS"), ("DARTS", "DARTS"), ("NAO", "NAO"), ("Random (Ours)", "RANDOM")):
        assert one.row(row).cells["valid"].raw == two.row(same).cells["valid"].raw
    assert sum("61.91" in note for entry in (one, two) for note in entry.notes) == 2, "the later version's numbers"
    assert [row.how for row in table_item("evaluating-search/table-3").rows][-1] == "optimum"


def test_probability_and_taus_are_what_they_are_said_to_be() -> None:
    assert any(f"{(31 / 32) ** 10:.3f}" in note for note in item("evaluating-search/figure-3").notes)
    pairs = 32 * 31 // 2
    assert (round(140 / pairs, 3), round(-2 / pairs, 3), int(-58e3 / pairs) / 1e3) == (0.282, -0.004, -0.116)
    assert all(word in item("evaluating-search/figure-4").notes[0] for word in (str(pairs), "140", "58"))


def test_places_of_mirror_cells_are_those_of_the_published_order() -> None:
    order = [2, 16, 12, 15, 6, 20, 26, 30, 23, 19, 8, 25, 1, 13, 11, 5, 21, 29, 14, 22, 0, 17, 10, 18, 3, 24, 28]
    order += [9, 4, 7, 27, 31]
    space = RnnSpace(2)
    places: dict[str, list[int]] = {}
    for place, cell in enumerate(order, 1):
        places.setdefault(space.canonical(space.parse(str(cell))), []).append(place)
    pairs = [own for own in places.values() if len(own) == 2]
    assert (len(places), len(pairs)) == (26, 6)
    said = re.findall(r"(\d+) and (\d+)", difference("evaluating-search-mirror-cells").release_does)
    assert [[int(a), int(b)] for a, b in said] == pairs


def test_figures_about_all_cells_stand_where_the_truth_covers_the_space() -> None:
    for name, where, forms in (
        ("evaluating-search/figure-3", "rnn2-ptb", ["strip"]),
        ("evaluating-search/figure-4", "rnn2-ptb", ["truth", "rank-changes", "taus", "twins"]),
        ("evaluating-search/figure-6", "rnn3-ptb", ["sharing"]),
        ("evaluating-search/figure-8", "rnn2-ptb", ["training", "shared-training"]),
    ):
        figure = cells_item(name)
        assert figure.benchmark == where
        assert [view.form for view in figure.views] == forms
        assert figure.travels
        space = benchmarks.get(where).space
        assert len(space) == benchmarks.get(where).probe_count
    assert cells_item("evaluating-search/figure-8").needs_trainings
    assert not cells_item("evaluating-search/figure-3").needs_trainings


def test_figure_2_shows_the_mean_and_the_best_of_the_same_runs() -> None:
    figure = item("evaluating-search/figure-2")
    assert isinstance(figure, FigureItem)
    assert [panel.best_run for panel in figure.panels] == [False, True]
    assert {curve.quantity for curve in figure.curves.values()} == {"validation perplexity of the answer"}
    whole = json.loads(figure.model_dump_json())
    whole["panels"][1]["one_run"] = True
    with pytest.raises(ValidationError, match="the best run is one of several"):
        FigureItem.model_validate(whole)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"views": []}, "no view"),
        ({"policies": [{"label": "a", "method": "random"}, {"label": "a", "method": "nao"}]}, "labeled alike"),
        ({"policies": [{"label": "a", "method": "random"}]}, "which is no policy"),
        ({"views": [{"form": "strip", "title": "x", "top": 3}]}, "has no such part"),
        ({"views": [{"form": "strip", "title": "x", "marks": [0.5]}]}, "has no such part"),
        ({"claims": [{"says": "s", "measured": "m", "quantity": "tau"}]}, "says of which"),
        ({"claims": [{"says": "s", "measured": "m", "quantity": "early tau"}]}, "belongs to 'early tau'"),
        ({"claims": [{"says": "s", "measured": "m", "quantity": "early tau", "share": 0.5}]}, "no view shows"),
    ],
)
def test_a_figure_about_all_cells_refuses_what_does_not_fit(change: dict[str, object], words: str) -> None:
    data = json.loads(item("evaluating-search/figure-3").model_dump_json())
    with pytest.raises(ValidationError, match=words):
        CellsItem.model_validate(data | change)


def test_what_is_said_of_every_run_needs_a_bound() -> None:
    with pytest.raises(ValidationError, match="needs a bound"):
        Statement(says="s", measured="m", every=True)


def test_the_best_of_all_seeds_is_known_under_any_scoring_and_the_best_cell_is_no_methods() -> None:
    assert Column(key="best", label="Best", scoring="valid", of="best").of == "best"
    table = json.loads(table_item("evaluating-search/table-3").model_dump_json())
    table["rows"][-1]["method"] = "random"
    with pytest.raises(ValidationError, match="no method's"):
        TableItem.model_validate(table)
    assert not Row(label="x", method=None, how="optimum", cells={}).added


@pytest.mark.parametrize(
    ("name", "least"), [("evaluating-search/table-2", 8), ("evaluating-search/figure-4", 3), ("nsas/table-2", 6)]
)
def test_items_on_texts_have_their_entries(name: str, least: int) -> None:
    own = [entry for entry in differences(item=name) if not entry.id.startswith("nb201")]
    assert len(own) >= least
