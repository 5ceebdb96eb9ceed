"""The shape of a paper as data: who says what in which table, and how our number for the same cell is obtained."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

_PRINTED = re.compile(r"(?P<mean>-?\d+(?:\.\d+)?)(?:\s*±\s*(?P<std>\d+(?:\.\d+)?))?")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Printed(_Part):
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


class Column(_Part):
    """One measured quantity of a table."""

    key: str
    label: str
    """For people, as short as the paper's."""
    scoring: str
    """The benchmark's scoring: `test` for the primary one, else `<dataset>.<split>`."""
    unit: str = "%"
    higher_is_better: bool = True


class Row(_Part):
    """One method's line of a table."""

    label: str
    """The method's name as printed, without marks."""
    method: str | None
    """Our name of the method, None where nothing of ours corresponds."""
    cells: dict[str, Printed]
    """By column key; a key that is absent was not printed."""
    marks: list[str] = []
    note: str = ""
    how: Literal["reported", "run"]
    """`run`: ours comes from running `method`; `reported`: the number is only quoted."""


class TableItem(_Part):
    """A table of a paper."""

    kind: Literal["table"] = "table"
    paper: str
    """Slug of the paper."""
    item: str
    """Such as `table-1`."""
    title: str
    caption: str
    """What the table shows, in our words."""
    benchmark: str
    """The benchmark on which the paper measured; ours may be run on another one, said in the caption."""
    seeds: list[int]
    """Search seeds that the paper states for its own runs; empty where it states none."""
    columns: list[Column]
    rows: list[Row]
    notes: list[str] = []

    @property
    def id(self) -> str:
        """`<paper>/<item>`, the name used on the command line."""
        return f"{self.paper}/{self.item}"

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
        return self


class Paper(_Part):
    """A paper and its items."""

    slug: str
    short: str
    title: str
    authors: list[str]
    venue: str
    year: int
    edition: str
    """Which version the numbers were read from."""
    reference: str
    """One line for a bibliography."""
    items: list[TableItem]

    @model_validator(mode="after")
    def _items_belong_here(self) -> Self:
        names = [item.item for item in self.items]
        if len(set(names)) != len(names) or any(item.paper != self.slug for item in self.items):
            raise ValueError(f"the items of {self.slug} are not unique or name another paper")
        return self


def parse_printed(text: str) -> tuple[float, float | None]:
    """Mean and standard deviation of `12.30±0.45` or `12.30`; raises ValueError for anything else."""
    match = _PRINTED.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is not a printed number")
    return float(match["mean"]), None if match["std"] is None else float(match["std"])
