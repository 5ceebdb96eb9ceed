"""The answers as tables: one for people, one with every number for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nasrepro.metrics.significance import MINIMUM_PAIRS
from nasrepro.reporting.analysis import Analysis
from nasrepro.reporting.comparison_table import difference_cell, p_equals, p_text
from nasrepro.reporting.contrasts import Answer, out_of_reach, verdict
from nasrepro.reporting.table_model import Cell, Column, Row, Table

_GAIN = ("difference", "low", "high")


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
    return table.select(keys, title="The questions asked", caption=caption, notes=_notes(answered, analysis))


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
    for name, tested in (("best", answer.best), ("tau", answer.tau)):
        if tested.comparison.n:
            bold = tested.significant
            cells |= {name: replace(difference_cell(tested, p_text(tested)), bold=bold)}
            cells |= {f"{name}.p.holm": Cell(value=tested.p)}
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
            "τ: of the supernet at the end, by one-shot accuracy. Holm over the contrasts of each column apart."
        )
    if any(answer.comparison.underpowered for answer in answered):
        notes.append(f"Fewer than {MINIMUM_PAIRS} paired seeds: underpowered, no p.")
    return [*notes, *([hopeless] if (hopeless := out_of_reach(answered)) else [])]
