"""A paper's table with our rows beside the printed ones. Every number says whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nasrepro.metrics.summary import Summary, summarize
from nasrepro.papers.table import Column as PaperColumn
from nasrepro.papers.table import Printed, TableItem
from nasrepro.papers.table import Row as PaperRow
from nasrepro.reporting.analysis import MethodResult, Scoring
from nasrepro.reporting.grouping import PRIMARY, on_the_way
from nasrepro.reporting.ours import OursGroup, scale_findings
from nasrepro.reporting.table_model import (
    MISSING,
    Cell,
    Column,
    Row,
    Table,
    brackets,
    decimal,
    finite,
    join_words,
    seed_text,
    stat,
)


def reproduction_table(item: TableItem, groups: Sequence[OursGroup]) -> Table:
    """Printed and own rows with all columns, differences apart: what a machine reads."""
    extra = _extra_scorings(item, groups)
    columns = [
        Column("row", "Row", "text"),
        Column("method", "Our name", "text"),
        Column("source", "Source", "text"),
        Column("seeds", "Seeds", "text"),
        Column("n", "n", "count"),
        Column("who", "Method", "text"),
    ]
    for column in item.columns:
        columns.append(Column(column.key, column.label, higher_is_better=column.higher_is_better, show_interval=False))
        columns.append(
            Column(f"{column.key}.ours_minus_paper", f"{column.label}, ours − paper", parts=("value", "low", "high"))
        )
    for key, scoring in extra.items():
        label = f"{scoring.dataset} {scoring.split}, not in the paper"
        columns.append(Column(key, label, higher_is_better=scoring.higher_is_better, show_interval=False))
    rows = [row for line in item.rows for row in _rows(item, line, groups, extra)]
    return Table(tuple(columns), tuple(rows), title=item.title)


def for_people(full: Table, item: TableItem, groups: Sequence[OursGroup]) -> Table:
    """The columns people read, with captions and notes."""
    hidden = {"row", "method", "source", "seeds", "n"} | {f"{column.key}.ours_minus_paper" for column in item.columns}
    keys = [column.key for column in full.columns if column.key not in hidden]
    units = join_words(list(dict.fromkeys(column.unit for column in item.columns if column.unit)))
    notes = [
        f"{f'Numbers in {units}. ' if units else ''}Rows marked paper are the paper's printed numbers. "
        "Ours: mean ± sample standard deviation over seeds; brackets: 95 % interval of the mean."
    ]
    if any(group.benchmark == item.benchmark for group in groups):
        notes[0] += (
            " Δ is ours minus the printed mean, with the interval of ours; the printed mean is taken as exact, because "
            "the paper gives no interval."
        )
    notes += [group.caption for group in groups]
    return full.select(keys, title=item.title, caption=item.caption, notes=[*notes, *paper_notes(item)])


def _rows(item: TableItem, line: PaperRow, groups: Sequence[OursGroup], extra: dict[str, Scoring]) -> list[Row]:
    ours = [row for group in groups if (row := _our_row(item, line, group, extra)) is not None]
    unmatched = "paper, reported only" if line.how == "reported" else "paper, ours not run"
    cells = {
        "row": Cell(text=line.label, marks=tuple(line.marks)),
        "who": Cell(text=line.label, marks=tuple(line.marks), note="paper" if ours else unmatched),
        "method": Cell(text=_our_name(line)),
        "source": Cell(text="paper" if ours else unmatched),
        "seeds": Cell(text=""),
        **{key: _printed(printed) for key, printed in line.cells.items()},
        **{key: Cell(text="") for key in extra},
    }
    return [Row(cells, reference=True, first_of_group=True), *ours]


def _printed(printed: Printed) -> Cell:
    text = printed.raw.replace("±", " ± ").replace("  ", " ")
    return Cell(value=printed.mean, std=printed.std, text=text, marks=("b",) if printed.bold else ())


def _our_row(item: TableItem, line: PaperRow, group: OursGroup, extra: dict[str, Scoring]) -> Row | None:
    result = group.result(line.variant)
    if result is None:
        return None
    cells = {
        "row": Cell(text=line.label),
        "who": Cell(text=group.label, note=_runs(result)),
        "seeds": Cell(text=seed_text(result.seeds)),
        "method": Cell(text=_our_name(line)),
        "source": Cell(text=group.label),
        "n": Cell(value=len(result.done)),
    }
    same = group.benchmark == item.benchmark
    for column in item.columns:
        summary = _summary(item, column, group, result)
        cell = _with_interval(summary)
        printed = line.cells.get(column.key)
        if same and printed is not None and cell.value is not None:
            delta = _difference(cell, printed)
            cells[f"{column.key}.ours_minus_paper"] = delta
            cell = stat(summary, note=_difference_text(delta))
        cells[column.key] = cell
    for key in extra:
        own = next((s for s in group.analysis.scorings if _extra_key(s) == key), None)
        cells[key] = _with_interval(result.scores.get(own.name)) if own else Cell(text=MISSING)
    return Row(cells, records=tuple(record.key for record in result.records))


def _our_name(line: PaperRow) -> str:
    """As it is typed to get the same runs."""
    return line.variant.text if line.variant is not None else line.method or ""


def _runs(result: MethodResult) -> str:
    """How many seeds stand behind a row, and what became of the others."""
    bad = [(len(result.diverged), "diverged"), (len(result.failed), "failed")]
    seeds = f"seeds {seed_text(result.seeds)}, n = {len(result.done)}" if result.done else "no finished run"
    return ", ".join([seeds, *(f"{count} {word}" for count, word in bad if count)])


def _with_interval(summary: Summary | None) -> Cell:
    cell = stat(summary)
    return replace(cell, note=brackets(cell, 2))


def _difference(ours: Cell, printed: Printed) -> Cell:
    shift = printed.mean
    assert ours.value is not None
    return Cell(
        value=ours.value - shift,
        low=finite(ours.low - shift) if ours.low is not None else None,
        high=finite(ours.high - shift) if ours.high is not None else None,
    )


def _difference_text(delta: Cell) -> str:
    if delta.value is None:
        return ""
    return f"Δ {decimal(delta.value, 2, sign=True)}\n{brackets(delta, 2, sign=True)}"


def _summary(item: TableItem, column: PaperColumn, group: OursGroup, result: MethodResult) -> Summary | None:
    """What the column shows, over the seeds of one method; None where these runs have no such number."""
    scoring = _scoring_for(item, column, group)
    if scoring is None or column.of == "answer":
        return result.scores.get(scoring.name) if scoring else None
    if scoring.name != PRIMARY:  # a trace holds the primary scoring only
        return None
    best = max if scoring.higher_is_better else min
    return summarize([best(known) for known in on_the_way(result.done) if known])


def _scoring_for(item: TableItem, column: PaperColumn, group: OursGroup) -> Scoring | None:
    """The group's scoring that measures what the column shows: on another benchmark `test` may be another data set."""
    wanted = _full_name(item, column)
    for scoring in group.analysis.scorings:
        if group.benchmark == item.benchmark and scoring.name == column.scoring:
            return scoring
        if group.benchmark != item.benchmark and _extra_key(scoring) == wanted:
            return scoring
    return None


def _full_name(item: TableItem, column: PaperColumn) -> str:
    """`cifar10.test` for the primary scoring of a CIFAR-10 benchmark; the others are spelled out already."""
    if column.scoring != PRIMARY:
        return column.scoring.lower()
    return f"{item.benchmark.split('-', 1)[-1]}.test"


def _extra_key(scoring: Scoring) -> str:
    return f"{scoring.dataset}.{scoring.split}".lower()


def _extra_scorings(item: TableItem, groups: Sequence[OursGroup]) -> dict[str, Scoring]:
    """Primary scorings of ours that no column of the paper shows, so that such runs are not rows of dashes."""
    known = {_full_name(item, column) for column in item.columns}
    found: dict[str, Scoring] = {}
    for group in groups:
        main = group.analysis.primary
        if group.benchmark != item.benchmark and main is not None and _extra_key(main) not in known:
            found.setdefault(_extra_key(main), main)
    return found


def paper_notes(item: TableItem) -> list[str]:
    """What is to be known about the printed numbers: marks, rows, the table."""
    bold = any(printed.bold for row in item.rows for printed in row.cells.values())
    marks = ["b: set in bold by the paper; no test is implied."] if bold else []
    rows: dict[str, list[str]] = {}
    for row in item.rows:
        if row.note:
            rows.setdefault(row.note, []).append(row.label)
    return [*marks, *(f"{_listed(labels)}: {note}" for note, labels in rows.items()), *item.notes]


def _listed(labels: Sequence[str]) -> str:
    """Labels in a sentence; what holds commas itself is parted by semicolons."""
    return "; ".join(labels) if any("," in label for label in labels) else join_words(labels)


def table_findings(item: TableItem, groups: Sequence[OursGroup]) -> list[str]:
    shown = [row.label for row in item.rows if any(group.result(row.variant) is not None for group in groups)]
    quoted = len(item.rows) - len(shown)
    lines = [
        f"Of the paper's {len(item.rows)} rows, {len(shown)} have numbers of ours beside them"
        f"{': ' + _listed(shown) if shown else ''}; {quoted} are quoted from the paper only."
    ]
    if any(group.benchmark != item.benchmark for group in groups):
        others = sorted({group.benchmark for group in groups if group.benchmark != item.benchmark})
        lines.append(
            f"Runs on {join_words(others)} do not measure what the paper measured on {item.benchmark}: they show the "
            "methods at work, and no difference to the printed numbers is formed."
        )
    return lines + scale_findings(groups)
