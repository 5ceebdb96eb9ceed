"""The shape of a paper's table: who prints what in which row, and how our number for the same cell is obtained."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from nasrepro.papers.claim import Statement
from nasrepro.papers.item import Item
from nasrepro.papers.part import Part
from nasrepro.records.variant import StatedSettings, Variant

_PRINTED = re.compile(r"(?P<mean>-?\d+(?:\.\d+)?)(?:\s*±\s*(?P<std>\d+(?:\.\d+)?))?")
_PRIMARY = "test"
_ANY_SCORING = ("answer", "best")
_ONLY = {"trace-best": "a trace is scored", "tau": "τ is measured", "params": "parameters are known"}


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
    scoring: str | None = None
    """The benchmark's scoring: `test` for the primary one, else `<dataset>.<split>`. None where the column is only
    quoted, because ours measure nothing like it."""
    of: Literal["answer", "best", "trace-best", "tau", "params"] = "answer"
    """What is shown of a run. `answer`: the score of the cell that the search returned. `best`: the best of these over
    the seeds, one number that gets better with their count. `trace-best`: that of the best of those it would have
    returned at the points of its trace and, where it has an answer at any time and that was recorded, after any epoch;
    an oracle's choice, known under the primary scoring only. `tau`: Kendall τ-b of one-shot scores against the primary
    scoring over the probe cells, at the end of training. `params`: the parameters of the found cell's network that has
    this score, in millions."""
    error: bool = False
    """Show 100 minus an accuracy."""
    benchmark: str = ""
    """Where the scoring is one of another benchmark than the item's: ours of this column are run there."""
    unit: str = "%"
    """Empty for what has none."""
    digits: int = 2
    """Decimals of ours for people; the printed numbers keep their own."""
    higher_is_better: bool = True

    @model_validator(mode="after")
    def _what_is_shown_fits_the_scoring(self) -> Self:
        if self.of not in _ANY_SCORING and self.scoring != _PRIMARY:
            raise ValueError(f"column '{self.key}': {_ONLY[self.of]} by '{_PRIMARY}' only, not by '{self.scoring}'")
        if self.error and (self.higher_is_better or self.scoring is None or self.of in ("tau", "params")):
            raise ValueError(f"column '{self.key}': an error is a scoring's, and lower is better")
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
    how: Literal["reported", "run", "optimum"]
    """`run`: ours comes from running `method`; `reported`: the number is only quoted; `optimum`: ours is the best cell
    of the space, where the truth covers it."""

    @property
    def added(self) -> bool:
        """Whether the row is ours alone: it is run, and the paper prints nothing of it."""
        return self.how == "run" and not self.cells

    @property
    def variant(self) -> Variant | None:
        """What is run for the row; None where it is only quoted."""
        if self.how != "run" or self.method is None:
            return None
        return Variant(method=self.method, settings=self.settings)


class RowClaim(Statement):
    """A statement about one column of a row, or about the difference of two rows."""

    column: str
    """Key of the column."""
    row: str
    """Label of the row."""
    minus: str | None = None
    """Label of the row that is subtracted, seed by seed, where the statement is about a difference."""

    @property
    def is_difference(self) -> bool:
        return self.minus is not None


class TableItem(Item):
    """A table of a paper, or a figure of bars with printed numbers."""

    kind: Literal["table"] = "table"
    columns: list[Column]
    rows: list[Row]
    claims: list[RowClaim] = Field(default_factory=list)

    def column(self, key: str) -> Column:
        """The column called `key`; raises KeyError."""
        return {column.key: column for column in self.columns}[key]

    def row(self, label: str) -> Row:
        """The first row that is labeled so, of those that are run where there are such; raises KeyError."""
        backwards = self.rows[::-1]
        return {row.label: row for row in (*backwards, *(row for row in backwards if row.how == "run"))}[label]

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
            if row.how == "optimum" and row.method is not None:
                raise ValueError(f"{self.id}, row '{row.label}': the best cell of the space is no method's")
            if row.settings and row.method is None:
                raise ValueError(f"{self.id}, row '{row.label}': settings without a method")
        texts = [variant.text for variant in self.variants]
        if repeated := [text for text in texts if texts.count(text) > 1]:
            raise ValueError(f"{self.id}: two rows are '{repeated[0]}'")
        return self

    @model_validator(mode="after")
    def _claims_are_about_rows_that_are_run(self) -> Self:
        columns = {column.key for column in self.columns if column.scoring is not None}
        labels = [row.label for row in self.rows if row.variant is not None]
        for claim in self.claims:
            if claim.column not in columns:
                raise ValueError(
                    f"{self.id}: a claim is about '{claim.column}', which is no column with numbers of ours"
                )
            for label in (claim.row, claim.minus):
                if label is not None and labels.count(label) != 1:
                    raise ValueError(f"{self.id}: a claim is about '{label}', which is not the label of one row to run")
        return self


def parse_printed(text: str) -> tuple[float, float | None]:
    """Mean and standard deviation of `12.30±0.45` or `12.30`; raises ValueError for anything else."""
    match = _PRINTED.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is not a printed number")
    return float(match["mean"]), None if match["std"] is None else float(match["std"])
