"""The tables of a benchmark's page that no other report has: all methods in one line each, and every pair of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nasrepro.metrics.significance import paired
from nasrepro.reporting.analysis import Analysis, MethodResult, Tested, adjusted
from nasrepro.reporting.comparison_notes import ranking_note, worth_notes
from nasrepro.reporting.comparison_table import difference_cell, full_table, p_equals, scoring_label
from nasrepro.reporting.grouping import PRIMARY
from nasrepro.reporting.table_model import EMPTY, Cell, Column, Row, Table

_LINE = (
    *("method", "seeds", PRIMARY, "params", "regret", "percentile", "vs_random"),
    *("tau", "tau.params", "tau.ceiling", "path_steps"),
)
"""Columns of the table with a line for each method."""
_YARDSTICKS = {"tau.params": "counting parameters", "tau.ceiling": "a perfect ranking"}
"""Columns of a τ to compare with, and what they are called as a line where it is the same for all methods."""
_PARTS = ("difference", "low", "high", "n")


def slug(name: str) -> str:
    """A row's name as it stands in the address of a page: without spaces and signs that mean something there."""
    return re.sub(r"[^\w.+-]+", "-", name).strip("-")


def records_anchor(result: MethodResult) -> str:
    """Of the list of the row's records."""
    return f"records-{slug(result.method)}"


def methods_table(analysis: Analysis) -> Table:
    """A line for each row of the analysis: worth, gain over a random cell, τ of its supernets, and cost."""
    full = full_table(analysis)
    rows = [_with_page(row, analysis) for row in full.rows]
    ranked = [result.ranking for result in analysis.methods if result.ranking is not None]
    notes = [*worth_notes(analysis), *([ranking_note(ranked[0])] if ranked else [])]
    known = {key: {row[key].value for row in rows} - {None} for key in _YARDSTICKS}
    common = {key: values.pop() for key, values in known.items() if len(values) == 1}
    for key, value in common.items():
        rows.append(Row({"method": Cell(text=_YARDSTICKS[key]), "tau": Cell(value=value)}, reference=True))
    table = replace(full, rows=tuple(rows))
    keys = [key for key in _LINE if key not in common]
    return table.select(keys, title="Every method, side by side", notes=notes)


def _with_page(row: Row, analysis: Analysis) -> Row:
    if row.reference:
        return row
    result = analysis.method(row["method"].text or "")
    return replace(row, anchor=f"method-{slug(result.method)}", page=f"../methods/{slug(result.name)}.html")


@dataclass(frozen=True)
class Pair:
    """Two rows of one protocol on the seeds that both have."""

    first: str
    second: str
    worth: Tested | None
    """Of the found cells, positive where the first is better; Holm over all pairs."""
    tau: Tested | None
    """Of the supernets' τ at the end of training, first minus second; Holm over all pairs that have one."""


def pairs_of(analysis: Analysis) -> list[Pair]:
    """Every pair that shares a seed, in the order of the rows."""
    taus = _tau_differences(analysis)
    both = [*analysis.pairs, *(pair for pair in taus if pair not in analysis.pairs)]
    place = {result.method: number for number, result in enumerate(analysis.methods)}
    both.sort(key=lambda pair: (place[pair[0]], place[pair[1]]))
    return [Pair(a, b, analysis.pairs.get((a, b)), taus.get((a, b))) for a, b in both]


def _tau_differences(analysis: Analysis) -> Mapping[tuple[str, str], Tested]:
    ranked = [(result, result.ranking.taus) for result in analysis.methods if result.ranking is not None]
    compared = {}
    for (a, first), (b, second) in itertools.combinations(ranked, 2):
        if a.protocol == b.protocol and (shared := sorted(first.keys() & second.keys())):
            compared[a.method, b.method] = paired([first[s] for s in shared], [second[s] for s in shared])
    return adjusted(compared)


def pairs_table(analysis: Analysis, pairs: Sequence[Pair]) -> Table:
    """A line for each pair; machines find every number, and the two names apart."""
    main = analysis.primary
    quantity = scoring_label(main).lower() if main is not None else "worth"
    columns = (
        Column("pair", "Compared", "text"),
        Column("difference", f"Gain in {quantity}", parts=_PARTS, show_std=False),
        Column("p", "p (Holm)", "number", digits=3),
        Column("tau", "Difference of τ", digits=3, parts=_PARTS, show_std=False),
        Column("tau.p", "p (Holm) of τ", "number", digits=3),
        Column("n", "Shared seeds", "count"),
    )
    rows = tuple(_pair_row(pair) for pair in pairs)
    notes = (
        "Positive: the first has found better cells, or its supernets rank better. Means over the seeds that both "
        "have, 95 % intervals of the mean difference; p of sign-flip tests, adjusted over all pairs of a column "
        "(Holm), from ten shared seeds on.",
    )
    table = Table(columns, rows, title="Two methods side by side", notes=notes)
    return table if any(pair.tau for pair in pairs) else _without_tau(table)


def _without_tau(table: Table) -> Table:
    return replace(table, columns=tuple(column for column in table.columns if not column.key.startswith("tau")))


def _pair_row(pair: Pair) -> Row:
    known = pair.worth or pair.tau
    cells = {
        "pair": Cell(text=f"{pair.first} − {pair.second}"),
        "difference": difference_cell(pair.worth) if pair.worth else EMPTY,
        "p": _p(pair.worth),
        "tau": difference_cell(pair.tau) if pair.tau else EMPTY,
        "tau.p": _p(pair.tau),
        "n": Cell(value=known.comparison.n) if known else EMPTY,
    }
    return Row(cells, anchor=pair_anchor(pair.first, pair.second))


def pair_anchor(first: str, second: str) -> str:
    """Of the line of two rows, whichever of them is named first."""
    return "pair-" + "-".join(sorted((slug(first), slug(second))))


def _p(tested: Tested | None) -> Cell:
    if tested is None or tested.p is None:
        return EMPTY
    return Cell(value=tested.p, text=p_equals(tested.p).removeprefix("p ").removeprefix("= "))
