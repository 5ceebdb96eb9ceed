"""A paper's table with our rows beside the printed ones. Every number says whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from nasrepro.metrics.summary import Summary
from nasrepro.papers.table import Printed, TableItem
from nasrepro.papers.table import Row as PaperRow
from nasrepro.reporting.analysis import MethodResult, Scoring
from nasrepro.reporting.claim_table import claim_findings
from nasrepro.reporting.claims import JudgedGroups
from nasrepro.reporting.ours import OursGroup, scale_findings
from nasrepro.reporting.reproduction_values import (
    at_home,
    comparable,
    extra_key,
    extra_scorings,
    our_name,
    scoring_for,
    summary_of,
)
from nasrepro.reporting.table_model import (
    MINUS,
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

_ABOUT_OURS = " Ours: mean ± sample standard deviation over seeds; brackets: 95 % interval of the mean."
BOLD_NOTE = "b: set in bold by the paper; no test is implied."


def reproduction_table(item: TableItem, groups: Sequence[OursGroup]) -> Table:
    """Printed and own rows with all columns, differences apart: what a machine reads."""
    extra = extra_scorings(item, groups)
    columns = [
        Column("row", "Row", "text"),
        Column("method", "Our name", "text"),
        Column("source", "Source", "text"),
        Column("seeds", "Seeds", "text"),
        Column("n", "n", "count"),
        Column("who", "Method", "text"),
    ]
    for column in item.columns:
        columns.append(
            Column(
                column.key,
                column.label,
                digits=column.digits,
                higher_is_better=column.higher_is_better,
                show_interval=False,
            )
        )
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
        f"{f'Numbers in {units}. ' if units else ''}Rows marked paper are the paper's printed numbers."
        f"{_ABOUT_OURS if groups else ''}"
    ]
    if any(comparable(item, group.analysis) for group in groups):
        notes[0] += (
            " Δ is ours minus the printed mean, with the interval of ours; the printed mean is taken as exact, because "
            "the paper gives no interval."
        )
    notes += [group.caption for group in groups]
    return full.select(keys, title=item.title, caption=item.caption, notes=[*notes, *paper_notes(item)])


def _rows(item: TableItem, line: PaperRow, groups: Sequence[OursGroup], extra: dict[str, Scoring]) -> list[Row]:
    ours = [row for group in groups if (row := _our_row(item, line, group, extra)) is not None]
    if line.added and ours:
        return [replace(ours[0], first_of_group=True), *ours[1:]]
    unmatched = _unmatched(line)
    cells = {
        "row": Cell(text=line.label, marks=tuple(line.marks)),
        "who": Cell(text=line.label, marks=tuple(line.marks), note="paper" if ours else unmatched),
        "method": Cell(text=our_name(line)),
        "source": Cell(text="paper" if ours else unmatched),
        "seeds": Cell(text=""),
        **{key: printed_cell(printed) for key, printed in line.cells.items()},
        **{key: Cell(text="") for key in extra},
    }
    return [Row(cells, reference=True, first_of_group=True), *ours]


def _unmatched(line: PaperRow) -> str:
    """What a row is without numbers of ours."""
    if line.added:
        return "not in the paper, ours not run"
    return "paper, reported only" if line.how == "reported" else "paper, ours not run"


def printed_cell(printed: Printed) -> Cell:
    """The number in the paper's own digits, marked where the paper sets it in bold."""
    text = printed.raw.replace("±", " ± ").replace("  ", " ").replace("-", MINUS)
    return Cell(value=printed.mean, std=printed.std, text=text, marks=("b",) if printed.bold else ())


def _our_row(item: TableItem, line: PaperRow, group: OursGroup, extra: dict[str, Scoring]) -> Row | None:
    if line.how == "optimum":
        return _best_cell(item, line, group)
    result = group.result(line.variant)
    if result is None:
        return None
    whose = f"{line.label}, not in the paper: {group.label}" if line.added else group.label
    cells = {
        "row": Cell(text=line.label),
        "who": Cell(text=whose, note=run_words(result)),
        "seeds": Cell(text=seed_text(result.seeds)),
        "method": Cell(text=our_name(line)),
        "source": Cell(text=group.label),
        "n": Cell(value=len(result.done)),
    }
    for column in item.columns:
        summary = summary_of(item, column, group.analysis, result)
        cell = _with_interval(summary, column.digits)
        printed = line.cells.get(column.key)
        if comparable(item, group.analysis) and printed is not None and cell.value is not None:
            delta = difference_to(printed, cell)
            cells[f"{column.key}.ours_minus_paper"] = delta
            cell = stat(summary, note=difference_text(delta, column.digits))
        cells[column.key] = cell
    for key in extra:
        own = next((s for s in group.analysis.scorings if extra_key(s) == key), None)
        cells[key] = _with_interval(result.scores.get(own.name), 2) if own else Cell(text=MISSING)
    return Row(cells, records=tuple(record.key for record in result.records))


def _best_cell(item: TableItem, line: PaperRow, group: OursGroup) -> Row | None:
    """The best cell of the space under each scoring, where the truth covers it; the cells of a row may differ."""
    cells = {}
    for column in item.columns:
        scoring = scoring_for(item, column, group.analysis)
        best = scoring.optimum if scoring is not None and column.of == "answer" else None
        cells[column.key] = Cell(value=best)
    if all(cell.value is None for cell in cells.values()):
        return None
    said = {"row": line.label, "who": group.label, "seeds": "", "method": "", "source": group.label}
    about = {key: Cell(text=text, note="from the truth" if key == "who" else "") for key, text in said.items()}
    return Row(about | cells)


def run_words(result: MethodResult) -> str:
    """How many seeds stand behind a row, and what became of the others."""
    bad = [(len(result.diverged), "diverged"), (len(result.failed), "failed")]
    seeds = f"seeds {seed_text(result.seeds)}, n = {len(result.done)}" if result.done else "no finished run"
    return ", ".join([seeds, *(f"{count} {word}" for count, word in bad if count)])


def _with_interval(summary: Summary | None, digits: int) -> Cell:
    cell = stat(summary)
    return replace(cell, note=brackets(cell, digits))


def difference_to(printed: Printed, ours: Cell) -> Cell:
    """Ours, which has a value, minus the printed mean, with the interval of ours."""
    shift = printed.mean
    assert ours.value is not None
    return Cell(
        value=ours.value - shift,
        low=finite(ours.low - shift) if ours.low is not None else None,
        high=finite(ours.high - shift) if ours.high is not None else None,
    )


def difference_text(delta: Cell, digits: int) -> str:
    """Two small lines: the difference, its interval."""
    if delta.value is None:
        return ""
    return f"Δ {decimal(delta.value, digits, sign=True)}\n{brackets(delta, digits, sign=True)}"


def paper_notes(item: TableItem) -> list[str]:
    """What is to be known about the printed numbers: marks, rows, the table."""
    bold = any(printed.bold for row in item.rows for printed in row.cells.values())
    return [*([BOLD_NOTE] if bold else []), *row_notes(item.rows), *item.notes]


def row_notes(rows: Iterable[PaperRow]) -> list[str]:
    """The notes on rows, each once, after the labels that it is about."""
    noted: dict[str, list[str]] = {}
    for row in rows:
        if row.note:
            noted.setdefault(row.note, []).append(row.label)
    return [f"{_listed(labels)}: {note}" for note, labels in noted.items()]


def _listed(labels: Sequence[str]) -> str:
    """Labels in a sentence; what holds commas itself is parted by semicolons."""
    return "; ".join(labels) if any("," in label for label in labels) else join_words(labels)


def table_findings(item: TableItem, judged: JudgedGroups) -> list[str]:
    """Which rows have numbers of ours, what may be compared, and what our runs say of the paper's statements."""
    groups = [group for group, _ in judged]
    printed = [row for row in item.rows if not row.added]
    here = [row for row in item.rows if any(_our_row(item, row, group, {}) is not None for group in groups)]
    shown = [row.label for row in here if not row.added]
    lines = [
        f"Of the paper's {len(printed)} rows, {len(shown)} have numbers of ours beside them"
        f"{': ' + _listed(shown) if shown else ''}; {len(printed) - len(shown)} are quoted from the paper only."
    ]
    if added := [row.label for row in here if row.added]:
        lines.append(f"Not in the paper, and added by us: {_listed(added)}.")
    return lines + _what_is_compared(item, groups) + claim_findings(judged) + scale_findings(groups)


def _what_is_compared(item: TableItem, groups: Sequence[OursGroup]) -> list[str]:
    """Why no difference to the printed numbers is formed, where none is."""
    home = [group for group in groups if at_home(item, group.analysis)]
    lines = []
    if elsewhere := sorted({group.benchmark for group in groups if group not in home}):
        lines.append(
            f"Runs on {join_words(elsewhere)} do not measure what the paper measured on "
            f"{item.measured_on or item.benchmark}: they show the methods at work, and no difference to the printed "
            "numbers is formed."
        )
    if smaller := sorted({group.scale for group in home if not comparable(item, group.analysis)}):
        lines.append(
            f"The paper trained the found cells at its own size; ours are trained at scale {join_words(smaller)}, so "
            "no difference to the printed numbers is formed."
        )
    return lines
