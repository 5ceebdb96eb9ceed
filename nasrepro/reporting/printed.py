"""What papers print of the compared methods on the same benchmark, beside ours. Every number says whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nasrepro.papers.catalog import papers
from nasrepro.papers.table import Column as PaperColumn
from nasrepro.papers.table import Printed, TableItem
from nasrepro.papers.table import Row as PaperRow
from nasrepro.reporting.analysis import Analysis, MethodResult
from nasrepro.reporting.reproduction_table import (
    BOLD_NOTE,
    difference_text,
    difference_to,
    printed_cell,
    row_notes,
    run_words,
)
from nasrepro.reporting.reproduction_values import at_home, comparable, has_columns_of, scoring_for, summary_of
from nasrepro.reporting.table_model import Cell, Column, NumbersFile, Row, Table, brackets, seed_text, stat

TITLE = "What papers print"
FILE = "printed.csv"


@dataclass(frozen=True)
class _Line:
    """A paper's row that is of the same method and settings as a row of ours."""

    result: MethodResult
    item: TableItem
    row: PaperRow
    columns: tuple[PaperColumn, ...]
    """In which the paper prints a number of what ours are scored by."""

    @property
    def printed(self) -> list[tuple[PaperColumn, Printed]]:
        return [(column, self.row.cells[column.key]) for column in self.columns]


def printed_files(analysis: Analysis) -> list[NumbersFile]:
    """A line per printed number, for machines; none where papers print nothing of these methods on this benchmark."""
    lines = _lines(analysis)
    return [NumbersFile(TITLE, FILE, _numbers(analysis, lines))] if lines else []


def printed_views(analysis: Analysis, caption: str) -> list[Table]:
    """The table people read: each row of ours, and below it the rows of papers; none where there are no such rows.

    Without a `caption`, which tells the scale, the table says in its place what our scale means.
    """
    lines = _lines(analysis)
    if not lines:
        return []
    first = _first_columns(analysis, lines)
    columns = (Column("who", "Method", "text"), *(_column(key, column) for key, (_, column) in first.items()))
    rows = []
    for result in analysis.methods:
        if own := [line for line in lines if line.result is result]:
            rows += [_our_row(analysis, result, first), *(_paper_row(analysis, line) for line in own)]
    notes = _notes(analysis, lines)
    return [Table(columns, tuple(rows), title=TITLE, caption=caption or notes[0], notes=tuple(notes))]


def _first_columns(analysis: Analysis, lines: Sequence[_Line]) -> dict[str, tuple[TableItem, PaperColumn]]:
    """By quantity, in the order of the items' columns: the first of the columns that print it."""
    used = {(line.item.id, column.key) for line in lines for column in line.columns}
    first: dict[str, tuple[TableItem, PaperColumn]] = {}
    for item in _items(analysis, lines):
        for column in item.columns:
            if (item.id, column.key) in used:
                first.setdefault(_quantity(column), (item, column))
    return first


def _items(analysis: Analysis, lines: Sequence[_Line]) -> list[TableItem]:
    return [item for item in _tables(analysis) if any(line.item is item for line in lines)]


def _tables(analysis: Analysis) -> list[TableItem]:
    """The papers' tables that are of the benchmark, whichever methods they print."""
    every = (item for paper in papers().values() for item in paper.items)
    return [item for item in every if isinstance(item, TableItem) and _prints_of(item, analysis)]


def _prints_of(item: TableItem, analysis: Analysis) -> bool:
    """Whether the whole item, or a column of it, was measured on the benchmark."""
    return at_home(item, analysis) or (has_columns_of(item, analysis) and not item.measured_on)


def _lines(analysis: Analysis) -> list[_Line]:
    found = []
    for result in analysis.methods:
        for item in _tables(analysis):
            scored = [column for column in item.columns if scoring_for(item, column, analysis) is not None]
            for row in item.rows:
                columns = tuple(column for column in scored if column.key in row.cells)
                if columns and row.variant is not None and row.variant.fits(result.records[0].spec):
                    found.append(_Line(result, item, row, columns))
    return found


def _numbers(analysis: Analysis, lines: Sequence[_Line]) -> Table:
    columns = (
        Column("method", "Method", "text"),
        *([Column("protocol", "Protocol", "text")] if len(analysis.protocols) > 1 else []),
        *([Column("settings", "Settings", "text")] if any(result.settings for result in analysis.methods) else []),
        Column("scale", "Our scale", "text"),
        Column("seeds", "Seeds", "text"),
        Column("item", "Paper's item", "text"),
        Column("row", "Row as printed", "text"),
        Column("marks", "Marks of the row", "text"),
        Column("column", "Column as printed", "text"),
        Column("unit", "Unit", "text"),
        Column("ours", "Ours"),
        Column("printed", "Printed by the paper", parts=("mean", "std")),
        Column("printed.raw", "As printed", "text"),
        Column("ours_minus_paper", "Ours − paper", parts=("value", "low", "high")),
        Column("note", "Note on the row", "text"),
    )
    return Table(columns, tuple(row for line in lines for row in _number_rows(analysis, line)), title=TITLE)


def _number_rows(analysis: Analysis, line: _Line) -> list[Row]:
    result = line.result
    about = {
        "method": result.method,
        "protocol": result.protocol,
        "settings": result.settings,
        "scale": _scale(analysis),
        "seeds": seed_text(result.seeds),
        "item": line.item.id,
        "row": line.row.label,
        "marks": " ".join(line.row.marks),
        "note": line.row.note,
    }
    shared = {key: Cell(text=text) for key, text in about.items()}
    return [
        Row(
            {
                **shared,
                "column": Cell(text=column.label),
                "unit": Cell(text=column.unit),
                "ours": _ours(analysis, line.item, column, result),
                "printed": printed_cell(printed),
                "printed.raw": Cell(text=printed.raw),
                "ours_minus_paper": _difference(analysis, line, column, printed) or Cell(),
            }
        )
        for column, printed in line.printed
    ]


def _our_row(analysis: Analysis, result: MethodResult, first: dict[str, tuple[TableItem, PaperColumn]]) -> Row:
    cells = {"who": Cell(text=result.method, note=f"ours, scale {_scale(analysis)}\n{run_words(result)}")}
    for key, (item, column) in first.items():
        cell = _ours(analysis, item, column, result)
        cells[key] = replace(cell, note=brackets(cell, column.digits))
    return Row(cells, records=tuple(record.key for record in result.records), first_of_group=True)


def _paper_row(analysis: Analysis, line: _Line) -> Row:
    cells = {"who": Cell(text=line.row.label, marks=tuple(line.row.marks), note=f"paper, {line.item.id}")}
    for column, printed in line.printed:
        delta = _difference(analysis, line, column, printed)
        note = difference_text(delta, column.digits) if delta is not None else ""
        cells[_quantity(column)] = replace(printed_cell(printed), note=note)
    return Row(cells, reference=True)


def _ours(analysis: Analysis, item: TableItem, column: PaperColumn, result: MethodResult) -> Cell:
    return stat(summary_of(item, column, analysis, result))


def _difference(analysis: Analysis, line: _Line, column: PaperColumn, printed: Printed) -> Cell | None:
    """Ours minus the paper's, at the paper's scale only; None otherwise and where ours have no number."""
    ours = _ours(analysis, line.item, column, line.result)
    if ours.value is None or _scale(analysis) != "paper" or not comparable(line.item, analysis):
        return None
    return difference_to(printed, ours)


def _scale(analysis: Analysis) -> str:
    return analysis.records[0].spec.scale


def _quantity(column: PaperColumn) -> str:
    """What a column shows, whatever its paper calls it."""
    return f"{column.of} {column.scoring}{' error' if column.error else ''}"


def _column(key: str, column: PaperColumn) -> Column:
    unit = f" ({column.unit})" if column.unit else ""
    better = column.higher_is_better
    return Column(key, column.label + unit, digits=column.digits, higher_is_better=better, show_interval=False)


def _notes(analysis: Analysis, lines: Sequence[_Line]) -> list[str]:
    scale = _scale(analysis)
    notes = [f"Ours are of scale {scale}."]
    if scale != "paper":
        notes[0] += (
            " Numbers at another scale than paper are not comparable in value with printed ones, so no difference "
            "is formed."
        )
    else:
        notes[0] += " Δ is ours minus the printed mean, with the interval of ours; the printed mean is taken as exact."
    errors = any(column.error for line in lines for column in line.columns)
    shown = ", as the error (100 minus the accuracy) where papers print it" if errors else ""
    notes.append(
        "Rows marked paper are printed numbers, quoted and not measured here. Ours: mean ± sample standard deviation "
        f"over seeds{shown}; brackets: 95 % interval of the mean."
    )
    if any(printed.bold for line in lines for _, printed in line.printed):
        notes.append(BOLD_NOTE)
    for item in _items(analysis, lines):
        source = papers()[item.paper]
        rows = [row for row in item.rows if any(line.row is row for line in lines)]
        whole = f"{source.short}, {source.venue} {source.year}; the whole table by nasrepro reproduce {item.id}"
        notes.append(" ".join([f"{item.id} ({whole}).", *row_notes(rows)]))
    return notes
