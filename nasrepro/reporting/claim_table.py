"""What a paper states beside what our runs say of it: as a table, and as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nasrepro.metrics.significance import MINIMUM_PAIRS
from nasrepro.papers.claim import Statement
from nasrepro.reporting.claims import Judged, JudgedGroups
from nasrepro.reporting.comparison_table import p_equals
from nasrepro.reporting.ours import OursGroup
from nasrepro.reporting.table_model import Cell, Column, Row, Table, brackets, decimal, stat


def claim_table(
    title: str,
    claims: Sequence[Statement],
    judged: JudgedGroups,
    *,
    for_people: bool = False,
    notes: Sequence[str] = (),
) -> Table:
    """What the paper states beside what our runs measured: a row per claim and group of runs.

    For people without the columns that say it again, with `notes` below.
    """
    columns = (
        Column("says", "The paper states", "text"),
        Column("measured", "Held against it", "text"),
        Column("source", "Source", "text"),
        Column("bound", "Bound", "number"),
        Column("ours", "Ours", show_interval=not for_people),
        Column("fulfilled", "Seeds on the stated side", "text"),
        Column("p", "p (Holm)", "number", digits=4),
        Column("verdict", "At this scale", "text"),
    )
    rows = [
        _claim_row(owns[number], group, for_people=for_people)
        for number in range(len(claims))
        for group, owns in judged
    ] or [_unmeasured(claim) for claim in claims]
    table = Table(columns, tuple(rows), title=title)
    if not for_people:
        return table
    table = replace(table, rows=_without_repetitions(table.rows))
    about = (
        "Ours: mean ± sample standard deviation over seeds; brackets: 95 % interval of the mean. A verdict needs a "
        f"sign-flip permutation test against the bound (p adjusted over the claims, Holm) and {MINIMUM_PAIRS} seeds; "
        "otherwise it stays inconclusive."
    )
    keys = ["says", "measured", *(["source"] if len(judged) > 1 else []), "ours", "fulfilled", "verdict"]
    return table.select(keys, title="What the paper says, beside ours", notes=[about, *notes])


def _claim_row(own: Judged, group: OursGroup, *, for_people: bool) -> Row:
    digits = own.measured.digits
    ours = stat(own.summary)
    if for_people and ours.value is not None:
        text = decimal(ours.value, digits, sign=own.claim.is_difference)
        text += f" ± {decimal(ours.std, digits)}" if ours.std is not None else ""
        ours = Cell(value=ours.value, text=text, note=brackets(ours, digits))
    counted = f"{own.fulfilled} of {len(own.values)}" if own.values and own.claim.bound is not None else ""
    p = own.tested.p if own.tested else None
    cells = {
        "says": Cell(text=own.claim.says),
        "measured": Cell(text=own.claim.measured),
        "source": Cell(text=group.label),
        "bound": Cell(value=own.claim.bound),
        "ours": ours,
        "fulfilled": Cell(text=counted),
        "p": Cell(value=p),
        "verdict": Cell(text=own.verdict, note=_certainty(own)),
    }
    return Row(cells, records=tuple(r.key for r in group.analysis.records))


def _without_repetitions(rows: Sequence[Row]) -> tuple[Row, ...]:
    """What the paper says and what is held against it only where they change; a new saying opens a group of rows."""
    said = [row["says"].text for row in rows]
    measured = [row["measured"].text for row in rows]
    shown = []
    for k, row in enumerate(rows):
        same = k > 0 and said[k] == said[k - 1]
        blank = {"says": Cell(text="")} if same else {}
        blank |= {"measured": Cell(text="")} if same and measured[k] == measured[k - 1] else {}
        shown.append(replace(row, cells=row.cells | blank, first_of_group=not same))
    return tuple(shown)


def _unmeasured(claim: Statement) -> Row:
    """The claim alone, where nothing of ours was run."""
    return Row({"says": Cell(text=claim.says), "measured": Cell(text=claim.measured), "verdict": Cell(text="not run")})


def _certainty(own: Judged) -> str:
    if own.tested is None:
        return "said of every run" if own.claim.every else ""
    if own.tested.comparison.underpowered:
        return f"underpowered (n = {own.tested.comparison.n})"
    return p_equals(own.tested.p)


def claim_findings(judged: JudgedGroups) -> list[str]:
    """A sentence per claim and group."""
    return [_sentence(own, group, several=len(judged) > 1) for group, owns in judged for own in owns]


def _sentence(own: Judged, group: OursGroup, *, several: bool) -> str:
    """`Holds at this scale: more than … Measured: … is 0.80 [0.79, 0.81], 10 of 10 seeds on that side, p = 0.002.`"""
    digits = own.measured.digits
    lead = f"{group.label}: " if several else ""
    said = own.claim.says
    if said.split(maxsplit=1)[0][1:].islower():  # else it begins with a name such as ENAS or RandomNAS
        said = f"{said[:1].lower()}{said[1:]}"
    if own.verdict == "not measured":
        return f"{lead}{'not' if lead else 'Not'} measured: {said}; no run has {own.measured.sought}."
    interval = brackets(stat(own.summary), digits)
    value = decimal(own.summary.mean, digits, sign=own.claim.is_difference)
    measured = f"{own.claim.measured}: {value}{f' {interval}' if interval else ''}"
    if own.verdict == "no bound stated":
        return f"{lead}{'not' if lead else 'Not'} to be judged: {said}. Ours, {measured}, n = {len(own.values)}."
    verdict = own.verdict if lead else own.verdict.capitalize()
    counted = f"{own.fulfilled} of {len(own.values)} seeds on the stated side, {_certainty(own)}"
    return f"{lead}{verdict} at this scale: {said}. Ours, {measured}, {counted}."
