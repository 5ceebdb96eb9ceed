"""The section of a comparison that asks whether search is better than random, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from nasrepro.metrics.significance import MINIMUM_PAIRS
from nasrepro.reporting.against_random import TITLE, AgainstRandom, against_random, answer
from nasrepro.reporting.analysis import Analysis
from nasrepro.reporting.comparison_notes import reads_text
from nasrepro.reporting.comparison_table import difference_cell, p_equals, p_text, scoring_label
from nasrepro.reporting.table_model import Cell, Column, NumbersFile, Row, Table, finite

FILE = "random.csv"


def random_views(analysis: Analysis, caption: str) -> list[Table]:
    """The section that people read; none where `random` is not among the methods."""
    compared = against_random(analysis)
    main = analysis.primary
    if not compared or main is None:
        return []
    exact = analysis.exact_random
    columns = (
        Column("who", "Policy", "text"),
        Column("difference", "Gain over random", parts=("difference", "low", "high"), show_std=False),
        Column("mean_p", "p of the mean", "text"),
        *(() if exact else (Column("signed", "p, signed ranks", "text"),)),
        Column("ranks", "p, shares of the space" if exact else "p, rank sum", "text"),
        Column("chance", "Chance to beat a random cell", digits=2, show_std=False),
        Column("best", f"Best of the seeds, {scoring_label(main).lower()}", "number", digits=2),
        Column("best_random", "Best of as many random cells", "number", digits=2),
        Column("verdict", "In words", "text"),
    )
    table = Table(columns, tuple(_row(own) for own in compared))
    keys = [column.key for column in columns]
    return [table.select(keys, title=TITLE, caption=caption, notes=_notes(analysis, compared))]


def random_files(analysis: Analysis) -> list[NumbersFile]:
    """Every number of the section, for machines."""
    compared = against_random(analysis)
    columns = (
        Column("method", "Method", "text"),
        Column("n", "n", "count"),
        Column("difference", "Difference", parts=("difference", "low", "high")),
        Column("p", "p (Holm)", "number"),
        Column("signed_rank.p", "p of the signed ranks (Holm)", "number"),
        Column("ranks.p", "p of the ranks (Holm)", "number"),
        Column("chance", "Chance to beat a random cell", parts=("value", "low", "high")),
        Column("best", "Best", "number"),
        Column("best_random", "Best of random cells", "number"),
        Column("verdict", "In words", "text"),
    )
    rows = tuple(_row(own) for own in compared)
    return [NumbersFile(TITLE, FILE, Table(columns, rows, title=TITLE))] if compared else []


def _row(own: AgainstRandom) -> Row:
    chance = own.improvement
    cells = {
        "who": Cell(text=own.result.method, bold=own.mean.significant),
        "method": Cell(text=own.result.method),
        "n": Cell(value=own.mean.comparison.n),
        "difference": difference_cell(own.mean),
        "mean_p": Cell(text=p_text(own.mean).removeprefix("p ").removeprefix("= ")),
        "signed": _p(own.signed_rank),
        "ranks": _p(own.rank_sum),
        "p": Cell(value=own.mean.p),
        "signed_rank.p": Cell(value=own.signed_rank),
        "ranks.p": Cell(value=own.rank_sum),
        "chance": Cell(value=finite(chance.value), low=finite(chance.low), high=finite(chance.high)),
        "best": Cell(value=finite(own.best)),
        "best_random": Cell(value=finite(own.best_random)),
        "verdict": Cell(text=own.verdict),
    }
    return Row(cells, records=tuple(record.key for record in own.result.records))


def _p(p: float | None) -> Cell:
    return Cell(text=p_equals(p).removeprefix("p ").removeprefix("= ")) if p is not None else Cell()


def _notes(analysis: Analysis, compared: Sequence[AgainstRandom]) -> list[str]:
    turned = " A gain is a lower perplexity." if reads_text(analysis) else ""
    if analysis.exact_random:
        how = (
            "The truth covers the space, so rows are compared with the exact distribution of one uniform cell: the "
            "mean with its mean, the shares of the space that the found cells beat with one half, and the best with "
            "what the best of as many uniform cells can be expected to be."
        )
    else:
        how = (
            "Rows are compared with the runs of random, one uniform cell a seed. Pairs share the seed; the rank sum "
            "and the chance are over all runs of both."
        )
    best = (
        " The best of several seeds rises with their number and is no measure of a policy: what one search can expect "
        "is the mean."
    )
    if any(own.mean.comparison.interval == "constant" for own in compared):
        best += (
            " An interval without width belongs to a policy whose seeds all found cells of one worth: it does not "
            "vary, while that worth has the noise of its own trainings."
        )
    return [
        answer(compared),
        f"{how}{turned} Every p is adjusted over the rows of its column (Holm); below {MINIMUM_PAIRS} seeds there is "
        f"none. Brackets: 95 % intervals{_kinds(analysis, compared)}.{best}",
    ]


def _kinds(analysis: Analysis, compared: Sequence[AgainstRandom]) -> str:
    kinds = sorted({own.mean.comparison.interval for own in compared} - {"none"})
    chance = "" if analysis.exact_random else "; of the chance: Newcombe's method 5"
    return f" ({', '.join(kinds)}{chance})" if kinds else ""
