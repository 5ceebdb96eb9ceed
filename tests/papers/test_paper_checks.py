"""What cannot be entered about a paper's tables: every slip is refused when the file is read."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from nasrepro.papers.catalog import item, paper
from nasrepro.papers.model import Paper
from nasrepro.papers.table import Column, Printed, Row, TableItem, parse_printed

ROW = {"label": "GDAS", "method": "gdas", "cells": {}, "how": "run"}


def table_item(name: str) -> TableItem:
    found = item(name)
    assert isinstance(found, TableItem)
    return found


@pytest.fixture
def table() -> TableItem:
    return table_item("e2nas/table-1")


def test_a_column_of_errors_or_of_tau_fits_its_scoring() -> None:
    error = Column(key="e", label="Error", scoring="test", error=True, higher_is_better=False)
    assert error.of == "answer"
    for change, words in (
        ({"higher_is_better": True}, "lower is better"),
        ({"scoring": None}, "lower is better"),
        ({"of": "tau"}, "lower is better"),
        ({"of": "tau", "error": False, "scoring": "cifar100.test"}, "τ is measured by 'test' only"),
        ({"of": "tau", "error": False, "scoring": None}, "τ is measured by 'test' only"),
        ({"of": "params"}, "lower is better"),
        ({"of": "params", "error": False, "scoring": "cifar100.test"}, "parameters are known by 'test' only"),
    ):
        with pytest.raises(ValidationError, match=words):
            Column.model_validate(error.model_dump() | change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"column": "ptb_test"}, "'ptb_test', which is no column with numbers of ours"),
        ({"row": "Random"}, "'Random', which is not the label of one row"),
        ({"minus": "Random"}, "'Random', which is not the label of one row"),
        ({"bound": None}, "belong together"),
    ],
)
def test_claims_about_rows_that_are_not_run_are_refused(change: dict[str, object], words: str) -> None:
    data = json.loads(table_item("en2as/table-3").model_dump_json())
    data["columns"][2] |= {"scoring": None, "benchmark": ""}
    data["claims"][0].update(change)
    with pytest.raises(ValidationError, match=words):
        TableItem.model_validate(data)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{}, {"settings": {"sampler": {"tau_start": 5}}}], "could be of 'gdas' and of"),
        ([{"settings": {"sampler": {"tau_start": 5}}}, {"settings": {"sampler": {"tau_end": 1}}}], "both must state"),
        ([{}, {}], "two rows are 'gdas'"),
        ([{"settings": {"a": {"b": 1}}, "method": None, "how": "reported"}], "settings without a method"),
    ],
)
def test_rows_of_one_method_must_exclude_each_other(
    table: TableItem, rows: list[dict[str, object]], words: str
) -> None:
    data = json.loads(table.model_dump_json())
    with pytest.raises(ValidationError, match=words):
        TableItem.model_validate(data | {"rows": [ROW | row for row in rows]})


def test_a_quoted_row_runs_nothing(table: TableItem) -> None:
    settings = [{"sampler": {"tau_start": 5}}, {"sampler": {"tau_start": 1, "tau_end": 0}}]
    rows = [ROW | {"settings": settings[0]}, ROW | {"settings": settings[1]}, ROW | {"how": "reported"}]
    made = TableItem.model_validate(json.loads(table.model_dump_json()) | {"rows": rows, "claims": []})
    assert [variant.settings for variant in made.variants] == settings
    assert made.rows[2].variant is None
    assert made.methods == ("gdas",)


def test_the_best_of_a_trace_is_known_under_the_primary_scoring_only() -> None:
    assert Column(key="best", label="Best", scoring="test", of="trace-best").of == "trace-best"
    with pytest.raises(ValidationError, match="scored by 'test' only"):
        Column(key="best", label="Best", scoring="cifar100.test", of="trace-best")


@pytest.mark.parametrize(
    ("text", "value"),
    [("93.89±0.47", (93.89, 0.47)), ("54.30", (54.3, None)), ("-0.18", (-0.18, None)), ("97.5 ± 0.1", (97.5, 0.1))],
)
def test_printed_numbers_parse(text: str, value: tuple[float, float | None]) -> None:
    assert parse_printed(text) == value


@pytest.mark.parametrize("text", ["", "n/a", "93.89±", "±0.1", "93,89", "93.89±0.47*", "1e3"])
def test_other_text_is_no_printed_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a printed number"):
        parse_printed(text)


@pytest.mark.parametrize("change", [{"mean": 93.98}, {"std": 0.74}, {"std": None}, {"raw": "93.89"}, {"raw": "?"}])
def test_a_typing_error_in_a_number_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Printed.model_validate({"mean": 93.89, "std": 0.47, "raw": "93.89±0.47"} | change)


def test_a_table_refuses_what_does_not_fit(table: TableItem) -> None:
    data = json.loads(table.model_dump_json())
    cell = data["rows"][0]["cells"].pop("cifar10_test")
    assert TableItem.model_validate(data).rows[0].cells.keys() < table.rows[0].cells.keys()
    data["rows"][0]["cells"]["cifar_test"] = cell
    with pytest.raises(ValidationError, match="no column called cifar_test"):
        TableItem.model_validate(data)
    data = json.loads(table.model_dump_json())
    data["columns"].append(data["columns"][0])
    with pytest.raises(ValidationError, match="occurs twice"):
        TableItem.model_validate(data)
    data = json.loads(table.model_dump_json())
    data["rows"][0]["method"] = None
    with pytest.raises(ValidationError, match="needs a method"):
        TableItem.model_validate(data)
    assert Row.model_validate(data["rows"][0] | {"how": "reported"}).method is None


def test_a_paper_refuses_foreign_and_repeated_items() -> None:
    data = json.loads(paper("e2nas").model_dump_json())
    with pytest.raises(ValidationError, match="not unique or name another paper"):
        Paper.model_validate(data | {"items": data["items"] * 2})
    with pytest.raises(ValidationError, match="not unique or name another paper"):
        Paper.model_validate(data | {"slug": "other"})
