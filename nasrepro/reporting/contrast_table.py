"""The answers as tables: one for people, one with every number for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nasrepro.metrics.significance import MINIMUM_PAIRS
from nasrepro.reporting.analysis import Analysis
from nasrepro.reporting.comparison_table import difference_cell, p_equals, p_text
from nasrepro.reporting.contrasts import FORGETTING, Answer, out_of_reach, verdict
from nasrepro.reporting.table_model import Cell, Column, NumbersFile, Row, Table

TITLE, FORGETTING_TITLE = "The questions asked", "The same questions, asked about forgetting"
_GAIN = ("difference", "low", "high")
_FORGETTING = {
    "drop": "Below the own best at the end",
    "late_drop": "Below the best of the second half",
    "change": "Change over a lag",
    "late_change": "Change over a lag, second half",
}


def contrast_tables(answered: Sequence[Answer], analysis: Analysis, caption: str) -> list[Table]:
    """What people read: the answers and, where rows of a question watched cells, those about forgetting."""
    forgetting = contrast_forgetting_table(answered, caption)
    return [contrast_table(answered, analysis, caption), *([forgetting] if forgetting is not None else [])]


def contrast_file(answered: Sequence[Answer], name: str) -> NumbersFile:
    """Every number of the answers."""
    return NumbersFile(TITLE, name, contrast_numbers(answered))


def contrast_table(answered: Sequence[Answer], analysis: Analysis, caption: str) -> Table:
    """The table of the page."""
    columns = (
        Column("contrast", "Contrast", "text"),
        Column("n", "Paired seeds", "count"),
        Column("gain", "Difference", parts=_GAIN, show_std=False),
        Column("p_words", "p", "number"),
        Column("holm_words", "p (Holm)", "number"),
        Column("cost", "Path steps, factor", "number"),
        Column("verdict", "Verdict", "text"),
        Column("best", "Best cell on the way, difference", parts=_GAIN, show_std=False),
        Column("tau", "τ of probe cells, difference", digits=3, parts=_GAIN, show_std=False),
    )
    keys = [column.key for column in columns]
    table = Table(columns, _rows(answered))
    return table.select(keys, title=TITLE, caption=caption, notes=_notes(answered, analysis))


def contrast_forgetting_table(answered: Sequence[Answer], caption: str) -> Table | None:
    """The answers about forgetting; None where no question is about two rows that both watched cells."""
    columns = (
        Column("contrast", "Contrast", "text"),
        Column("forgetting.n", "Paired seeds", "count"),
        *(
            Column(name, f"{label}, difference", parts=_GAIN, show_std=False, higher_is_better="change" in name)
            for name, label in _FORGETTING.items()
        ),
    )
    table = Table(columns, tuple(_row(answer) for answer in answered if answer.forgetting))
    notes = (
        "Percentage points of the watched cells' inherited accuracy, the first row minus the second, over the seeds "
        "that both have. What lies less far below its own best at the end has forgotten less, or has learned later; "
        "a larger change over a tenth of the looks is less forgetting, in the second half at least. Holm over the "
        "contrasts of each column apart; bold: shown to differ.",
    )
    keys = [column.key for column in columns]
    return table.select(keys, title=FORGETTING_TITLE, caption=caption, notes=notes) if table.rows else None


def contrast_numbers(answered: Sequence[Answer]) -> Table:
    """The table for machines."""
    columns = (
        Column("label", "Label", "text"),
        Column("first", "First", "text"),
        Column("second", "Second", "text"),
        Column("n", "n", "count"),
        Column("gain", "Difference", parts=_GAIN),
        Column("interval", "Interval", "text"),
        Column("p", "p", "number"),
        Column("p.holm", "p (Holm)", "number"),
        Column("test", "Test", "text"),
        Column("cost", "Path steps, factor", "number"),
        Column("verdict", "Verdict", "text"),
        Column("best", "Best cell on the way, difference", parts=_GAIN),
        Column("best.p.holm", "its p (Holm)", "number"),
        Column("tau", "τ of probe cells, difference", parts=_GAIN),
        Column("tau.p.holm", "its p (Holm)", "number"),
        Column("forgetting.n", "n that watched cells", "count"),
        *(
            column
            for name in FORGETTING
            for column in (Column(name, name, parts=_GAIN), Column(f"{name}.p.holm", "its p (Holm)", "number"))
        ),
    )
    return Table(columns, _rows(answered))


def _rows(answered: Sequence[Answer]) -> tuple[Row, ...]:
    return tuple(_row(answer) for answer in answered)


def _row(answer: Answer) -> Row:
    c = answer.comparison
    cells = {
        "contrast": Cell(text=answer.name, note=answer.pair if answer.asked.label else ""),
        "label": Cell(text=answer.asked.label),
        "first": Cell(text=answer.first),
        "second": Cell(text=answer.second),
        "n": Cell(value=c.n),
        "gain": difference_cell(answer.tested),
        "interval": Cell(text=c.interval),
        "p": Cell(value=c.p),
        "p.holm": Cell(value=answer.tested.p),
        "test": Cell(text=c.test),
        "cost": Cell(value=answer.cost),
        "verdict": Cell(text=verdict(answer), bold=answer.tested.significant),
    }
    if c.p is not None:
        cells |= {"p_words": _p(c.p), "holm_words": _p(answer.tested.p)}
    for name, tested in (("best", answer.best), ("tau", answer.tau), *answer.forgetting.items()):
        if tested.comparison.n:
            bold = tested.significant
            cells |= {name: replace(difference_cell(tested, p_text(tested)), bold=bold)}
            cells |= {f"{name}.p.holm": Cell(value=tested.p)}
    if answer.forgetting:
        cells |= {"forgetting.n": Cell(value=max(tested.comparison.n for tested in answer.forgetting.values()))}
    runs = (*answer.asked.first.runs, *answer.asked.second.runs)
    return Row(cells, records=runs)


def _p(p: float | None) -> Cell:
    """`0.012` or `< 0.001`: the column says that it is a p."""
    return Cell(text=p_equals(p).removeprefix("p ").removeprefix("= "))


def _notes(answered: Sequence[Answer], analysis: Analysis) -> list[str]:
    kinds = sorted({answer.comparison.interval for answer in answered} - {"none"})
    interval = f" (intervals: {', '.join(kinds)})" if kinds else ""
    main = analysis.primary
    what = f"{main.split} {'accuracy in percent' if main.higher_is_better else 'perplexity'}" if main else "the scoring"
    by = "perplexity" if main is not None and not main.higher_is_better else "accuracy"
    notes = [
        f"Mean difference in {what}, the first row minus the second, over the seeds with a result in both; positive: "
        f"the first is better. Brackets: 95 % interval of the mean difference{interval}. Path steps: of the first row, "
        "for each of the second."
    ]
    if any(answer.comparison.p is not None for answer in answered):
        notes.append(
            "Paired sign-flip tests, Holm over these contrasts alone: that is fair to questions that were chosen "
            "before the results were seen."
        )
    if any(answer.best.comparison.n or answer.tau.comparison.n for answer in answered):
        notes.append(
            "Best cell on the way: of the answers that a search would have given after any epoch, chosen by an oracle; "
            f"τ: of the supernet at the end, by one-shot {by}. Holm over the contrasts of each column apart."
        )
    if any(answer.comparison.underpowered for answer in answered):
        notes.append(f"Fewer than {MINIMUM_PAIRS} paired seeds: underpowered, no p.")
    return [*notes, *([hopeless] if (hopeless := out_of_reach(answered)) else [])]
