"""One neutral table: what stands in it, apart from how any format writes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from nasrepro.metrics.summary import Summary

MISSING = "–"
MINUS = "−"
STAT_PARTS = ("mean", "std", "low", "high", "n")

Kind = Literal["text", "count", "number", "stat"]


@dataclass(frozen=True)
class Column:
    """`key` is the machine name; `parts` are the suffixes a statistic is split into for machines."""

    key: str
    label: str
    kind: Kind = "stat"
    digits: int = 2
    higher_is_better: bool | None = None
    parts: tuple[str, ...] = STAT_PARTS
    show_std: bool = True
    """Whether people see `mean ± std`."""
    show_interval: bool = True
    """Whether people see the interval below it."""

    @property
    def heading(self) -> str:
        """The label with an arrow in the direction of better."""
        arrow = {True: "\u00a0↑", False: "\u00a0↓", None: ""}[self.higher_is_better]
        return self.label + arrow


@dataclass(frozen=True)
class Cell:
    """A number with its spread, or a text. Missing is None, never NaN."""

    value: float | None = None
    std: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    text: str | None = None
    """Written instead of the number."""
    note: str = ""
    """Smaller lines below the number, such as a p-value."""
    bold: bool = False
    marks: tuple[str, ...] = ()

    def part(self, name: str) -> float | int | None:
        """The statistic called `name`; every centre (`mean`, `difference`) is the value."""
        known = {"std": self.std, "low": self.low, "high": self.high, "n": self.n}
        return known.get(name, self.value)


EMPTY = Cell()


@dataclass(frozen=True)
class Row:
    """`reference` rows (an optimum, an exact mean, a printed row) are set apart and are not results of runs."""

    cells: dict[str, Cell]
    reference: bool = False
    records: tuple[str, ...] = ()
    """Keys of the records behind the row."""
    first_of_group: bool = False
    anchor: str = ""
    """Of the row in a page, to be linked to."""
    page: str = ""
    """Where a page has more on what the row is about."""

    def __getitem__(self, key: str) -> Cell:
        return self.cells.get(key, EMPTY)


@dataclass(frozen=True)
class Table:
    """Columns, rows and the words around them."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""
    caption: str = ""
    notes: tuple[str, ...] = field(default=())

    def select(self, keys: Sequence[str], *, title: str, caption: str = "", notes: Sequence[str] = ()) -> Table:
        """A view with some of the columns, in the order of `keys`.

        Left out are keys that the table does not have, columns without any content, and reference rows without a
        number in the chosen columns.
        """
        by_key = {c.key: c for c in self.columns if any(r[c.key] != EMPTY for r in self.rows)}
        chosen = tuple(by_key[key] for key in keys if key in by_key)
        rows = tuple(r for r in self.rows if not r.reference or any(r[c.key].value is not None for c in chosen))
        return replace(self, columns=chosen, rows=rows, title=title, caption=caption, notes=tuple(notes))


@dataclass(frozen=True)
class NumbersFile:
    """Every number behind a table that people read, as a file beside the page."""

    title: str
    """Of the table that people read."""
    name: str
    table: Table


def finite(value: float | None) -> float | None:
    """The number as a plain float, or None when it is missing, NaN or infinite."""
    return float(value) if value is not None and math.isfinite(value) else None


def stat(summary: Summary | None, *, bold: bool = False, note: str = "") -> Cell:
    """A cell of a summary over seeds; what one seed cannot give stays missing."""
    if summary is None or summary.n == 0:
        return EMPTY
    return Cell(
        value=finite(summary.mean),
        std=finite(summary.std),
        low=finite(summary.low),
        high=finite(summary.high),
        n=summary.n,
        bold=bold,
        note=note,
    )


def decimal(value: float, digits: int, *, sign: bool = False) -> str:
    """A number with a true minus; what rounds to zero has no sign."""
    rounded = round(value, digits) + 0.0
    body = f"{abs(rounded):,.{digits}f}"
    if rounded < 0:
        return MINUS + body
    return f"+{body}" if sign and rounded > 0 else body


def main_text(cell: Cell, column: Column) -> str:
    """What people read first: `93.21 ± 0.40`, a count, a text, or a dash."""
    if cell.text is not None:
        return cell.text
    if cell.value is None:
        return MISSING
    if column.kind == "count":
        return f"{round(cell.value):,}"
    text = decimal(cell.value, column.digits, sign="difference" in column.parts)
    if column.show_std and cell.std is not None:
        text += f" ± {decimal(cell.std, column.digits)}"
    return text


def interval_text(cell: Cell, column: Column) -> str:
    """The interval as `[low, high]`, or nothing."""
    if cell.text is not None or not column.show_interval:
        return ""
    return brackets(cell, column.digits)


def brackets(cell: Cell, digits: int, *, sign: bool = False) -> str:
    """`[low, high]`, or nothing where there is no interval."""
    if cell.low is None or cell.high is None:
        return ""
    return f"[{decimal(cell.low, digits, sign=sign)}, {decimal(cell.high, digits, sign=sign)}]"


def seed_text(seeds: Sequence[int]) -> str:
    """Seeds as people write them: `0-4`, `0,2,5-7`."""
    runs: list[list[int]] = []
    for seed in sorted(set(seeds)):
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def join_words(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
