"""Our runs that know no number in any column of a paper's table, as a table of their own instead of rows of dashes."""

from __future__ import annotations

from dataclasses import replace

from nasrepro.papers.table import TableItem
from nasrepro.reporting.table_model import MISSING, Cell, Column, Row, Table, join_words


def parted(item: TableItem, full: Table) -> tuple[Table, Table | None]:
    """The table without runs on benchmarks that measure none of the paper's columns, and these runs by what is measured
    there; None where there are no such runs.

    `full` is what `reproduction_table` makes.
    """
    printed = {column.key for column in item.columns}
    added = [column for column in full.columns if column.label.endswith("not in the paper")]
    away = [
        row
        for row in full.rows
        if row.records and not _known(row, printed) and _known(row, {column.key for column in added})
    ]
    if not away:
        return full, None
    here = [row for row in full.rows if row not in away]
    gone = {column.key for column in added if not _known_in(here, column)}
    kept = tuple(column for column in full.columns if column.key not in gone)
    return replace(full, columns=kept, rows=tuple(here)), _table(away, [own for own in added if _known_in(away, own)])


def _known(row: Row, keys: set[str]) -> bool:
    return any(row[key].value is not None for key in keys)


def _known_in(rows: list[Row], column: Column) -> bool:
    return any(row[column.key].value is not None for row in rows)


def _table(rows: list[Row], columns: list[Column]) -> Table:
    sources = list(dict.fromkeys(row["source"].text or MISSING for row in rows))
    several = [Column("source", "Source", "text")] if len(sources) > 1 else []
    shown = [
        replace(row, cells={**row.cells, "who": Cell(text=row["row"].text, note=row["who"].note)}, first_of_group=False)
        for row in rows
    ]
    return Table(
        (Column("who", "Method", "text"), *several, *columns),
        tuple(shown),
        title=f"The same searches elsewhere: {join_words(sources)}",
        notes=("What is measured there stands in no column of the paper's, so the two are never compared.",),
    )
