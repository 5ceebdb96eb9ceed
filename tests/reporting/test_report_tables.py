"""The neutral table and its writers."""

from __future__ import annotations

import csv
import io
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from nasrepro.metrics.summary import Summary
from nasrepro.reporting import writers
from nasrepro.reporting.table_model import (
    MINUS,
    Cell,
    Column,
    Row,
    Table,
    decimal,
    join_words,
    main_text,
    seed_text,
    stat,
)

TABLE = Table(
    columns=(
        Column("method", "Method & co", "text"),
        Column("test", "Test (%)", higher_is_better=True),
        Column("steps", "Steps", "count"),
    ),
    rows=(
        Row(
            {
                "method": Cell(text="a_b <i>", marks=("*",)),
                "test": Cell(94.25, 0.5, 93.1, 95.4, 3, note="p = 0.012\nnext"),
                "steps": Cell(value=4000),
            },
            records=("key1",),
        ),
        Row({"method": Cell(text="best", bold=True), "test": Cell(-1.5, bold=True)}),
        Row({"method": Cell(text="optimum"), "test": Cell(97.0)}, reference=True),
    ),
    title="Title | 100%",
    caption="Caption_1",
    notes=("Note #1",),
)


def test_csv_splits_statistics_leaves_missing_empty_and_references_out() -> None:
    rows = list(csv.reader(io.StringIO(writers.to_csv(TABLE))))
    assert rows == [
        ["method", "test.mean", "test.std", "test.low", "test.high", "test.n", "steps"],
        ["a_b <i>", "94.25", "0.5", "93.1", "95.4", "3", "4000"],
        ["best", "-1.5", "", "", "", "", ""],
    ]
    assert len(writers.to_csv(TABLE, references=True).splitlines()) == 4


def test_markdown_has_a_cell_per_column_and_escapes() -> None:
    lines = writers.to_markdown(TABLE).splitlines()
    body = [line for line in lines if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 4 for line in body)
    assert r"a\_b \<i\>" in body[2]
    assert "p = 0.012<br>next" in body[2]
    assert f"**{MINUS}1.50**" in body[3]
    assert "*optimum*" in body[4]


def test_html_escapes_and_names_the_records() -> None:
    html = str(writers.to_html(TABLE))
    assert "a_b &lt;i&gt;<sup>*</sup>" in html
    assert "<i>" not in html
    assert 'title="records: key1"' in html
    assert "<small>[93.10, 95.40]</small><small>p = 0.012</small><small>next</small>" in html
    assert html.count("<tr") == 4


def test_rich_prints_every_number() -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(writers.to_rich(TABLE))
    text = console.export_text()
    for part in ("94.25 ± 0.50", "[93.10, 95.40]", "p = 0.012", "4,000", "optimum", "Caption_1"):
        assert part in text


def test_latex_has_the_rules_of_booktabs_and_as_many_cells_as_columns() -> None:
    text = writers.to_latex(TABLE, label="tab:x")
    assert [text.count(rf"\{rule}rule") for rule in ("top", "bottom")] == [1, 1]
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")]
    for line in body.splitlines():
        if line.endswith(r"\\"):
            assert len(re.findall(r"(?<!\\)&", line)) == 2
    assert r"a\_b \textless{}i\textgreater{}" in text
    assert r"\textbf{$-$1.50}" in text


@given(st.text(max_size=60))
def test_latex_escaping_leaves_no_active_character(text: str) -> None:
    escaped = writers.latex_escape(text)
    plain = re.sub(r"\\(?:[&%$#_{}]|text[a-z]+\{\}|ldots\{\}|,)|\$[^$]*\$|\{[\[\]]\}", "", escaped)
    # "~" may only stand for a no-break space
    assert not set(plain) & set("&%$#_^{}\\")
    assert plain.count("~") == text.count("\u00a0")


def test_a_summary_of_one_seed_has_no_spread() -> None:
    cell = stat(Summary(1, 90.0, math.nan, math.nan, math.nan, "none"))
    assert cell == Cell(value=90.0, n=1)
    assert main_text(cell, Column("test", "Test")) == "90.00"
    assert stat(Summary(0, math.nan, math.nan, math.nan, math.nan, "none")) == Cell()


@pytest.mark.parametrize(
    ("value", "sign", "text"),
    [
        (-0.001, False, "0.00"),
        (-0.005001, False, "−0.01"),
        (1234.5, False, "1,234.50"),
        (2.0, True, "+2.00"),
        (0, True, "0.00"),
    ],
)
def test_decimal(value: float, sign: bool, text: str) -> None:
    assert decimal(value, 2, sign=sign) == text


@pytest.mark.parametrize(
    ("seeds", "text"), [([], ""), ([3], "3"), ([4, 0, 1, 2], "0-2,4"), ([1, 2, 5, 6, 7, 7], "1-2,5-7")]
)
def test_seed_text(seeds: list[int], text: str) -> None:
    assert seed_text(seeds) == text


def test_words_are_joined() -> None:
    assert [join_words(list(w)) for w in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]


def test_a_view_drops_reference_rows_without_a_number() -> None:
    view = TABLE.select(["method", "steps", "absent"], title="x")
    assert [column.key for column in view.columns] == ["method", "steps"]
    assert len(view.rows) == 2
