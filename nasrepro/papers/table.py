"""The shape of a paper's table: who prints what in which row, and how our number for the same cell is obtained."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from nasrepro.papers.item import Item, Part
from nasrepro.records.variant import StatedSettings, Variant

_PRINTED = re.compile(r"(?P<mean>-?\d+(?:\.\d+)?)(?:\s*±\s*(?P<std>\d+(?:\.\d+)?))?")
_PRIMARY = "test"


class Printed(Part):
    """A number of the paper. It keeps the printed characters, because 0.10 and 0.1 claim different precision."""

    mean: float
    std: float | None = None
    """As printed; the item's notes say over what and with which denominator, where that is known."""
    raw: str
    bold: bool = False
    """Set in bold by the paper. No test is implied."""

    @model_validator(mode="after")
    def _agrees_with_raw(self) -> Self:
        if parse_printed(self.raw) != (self.mean, self.std):
            raise ValueError(f"'{self.raw}' does not read as mean {self.mean}, std {self.std}")
        return self


class Column(Part):
    """One measured quantity of a table."""

    key: str
    label: str
    """For people, as short as the paper's."""
    scoring: str
    """The benchmark's scoring: `test` for the primary one, else `<dataset>.<split>`."""
    of: Literal["answer", "trace-best"] = "answer"
    """Which cell is scored: the one the search returned, or the best of those it would have returned at the points of
    its trace and, where it has an answer at any time and that was recorded, after any epoch. The second is an oracle's
    choice, known under the primary scoring only."""
    unit: str = "%"
    higher_is_better: bool = True

    @model_validator(mode="after")
    def _the_trace_has_one_scoring(self) -> Self:
        if self.of == "trace-best" and self.scoring != _PRIMARY:
            raise ValueError(f"column '{self.key}': a trace is scored by '{_PRIMARY}' only, not by '{self.scoring}'")
        return self


class Row(Part):
    """One method's line of a table."""

    label: str
    """The method's name as printed, without marks."""
    method: str | None
    """Our name of the method, None where nothing of ours corresponds."""
    settings: StatedSettings = Field(default_factory=dict)
    """What the row states of the method, where that is more than its name."""
    cells: dict[str, Printed]
    """By column key; a key that is absent was not printed."""
    marks: list[str] = Field(default_factory=list)
    note: str = ""
    how: Literal["reported", "run"]
    """`run`: ours comes from running `method`; `reported`: the number is only quoted."""

    @property
    def variant(self) -> Variant | None:
        """What is run for the row; None where it is only quoted."""
        if self.how == "reported" or self.method is None:
            return None
        return Variant(method=self.method, settings=self.settings)


class TableItem(Item):
    """A table of a paper."""

    kind: Literal["table"] = "table"
    columns: list[Column]
    rows: list[Row]

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Of the rows that are run."""
        return tuple(row.variant for row in self.rows if row.variant is not None)

    @model_validator(mode="after")
    def _cells_belong_to_columns(self) -> Self:
        keys = [column.key for column in self.columns]
        if len(set(keys)) != len(keys):
            raise ValueError(f"{self.id}: a column key occurs twice")
        for row in self.rows:
            if extra := sorted(set(row.cells) - set(keys)):
                raise ValueError(f"{self.id}, row '{row.label}': no column called {', '.join(extra)}")
            if row.how == "run" and row.method is None:
                raise ValueError(f"{self.id}, row '{row.label}': a row to run needs a method")
            if row.settings and row.method is None:
                raise ValueError(f"{self.id}, row '{row.label}': settings without a method")
        texts = [variant.text for variant in self.variants]
        if repeated := [text for text in texts if texts.count(text) > 1]:
            raise ValueError(f"{self.id}: two rows are '{repeated[0]}'")
        return self


def parse_printed(text: str) -> tuple[float, float | None]:
    """Mean and standard deviation of `12.30±0.45` or `12.30`; raises ValueError for anything else."""
    match = _PRINTED.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is not a printed number")
    return float(match["mean"]), None if match["std"] is None else float(match["std"])
