"""What the papers state, numbered through all of them, with what every place of ours says of each statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nasrepro.metrics.significance import MINIMUM_PAIRS
from nasrepro.papers.claim import Statement
from nasrepro.papers.drawn import DrawnItem, SchematicItem
from nasrepro.papers.model import Paper, PaperItem
from nasrepro.reporting.site.material import ClaimRow, Results, SiteMaterial
from nasrepro.reporting.site.words import counted, verdict_words
from nasrepro.reporting.table_model import Cell, Column, Row, Table, brackets, decimal

NOTES = (
    "Ours: mean over seeds and its 95 % interval. p: sign-flip permutation test against the bound, adjusted over the "
    "statements of one item (Holm); none below ten seeds, and none of what is said of every run, which any single run "
    "can contradict.",
    "Verdicts are about our runs at their scale; 'reproduced' and 'not reproduced' are said at the paper's scale only.",
)


@dataclass(frozen=True)
class PlacedClaim:
    """A statement at one place of ours."""

    anchor: str
    """Id of its row in the page."""
    number: int
    """Of the statement."""
    again: bool
    """Whether a row before has the same statement at another place."""
    row: ClaimRow

    @property
    def word(self) -> str:
        """The verdict as it is said at the row's scale."""
        return verdict_words(self.row.verdict, self.row.scale)

    @property
    def bound(self) -> str:
        """`above 0.5`, or nothing."""
        row = self.row
        return f"{row.relation} {row.bound:g}" if row.bound is not None and row.relation else ""

    @property
    def ours(self) -> str:
        """The effect in the decimals of its quantity, or nothing."""
        row = self.row
        return "" if row.effect is None else decimal(row.effect, row.digits, sign=row.difference)

    @property
    def interval(self) -> str:
        """`[low, high]`, or nothing."""
        return brackets(Cell(low=self.row.low, high=self.row.high), self.row.digits, sign=self.row.difference)

    @property
    def p(self) -> str:
        """The p-value as people read it; why there is none, where there could be one."""
        row = self.row
        if row.p is not None:
            return "< 0.001" if row.p < 0.001 else decimal(row.p, 3)
        if row.every and row.n:
            return f"{row.fulfilled} of {row.n} runs"
        return "too few seeds" if row.bound is not None and 0 < row.n < MINIMUM_PAIRS else ""

    @property
    def sought(self) -> bool:
        """Whether anything of ours was held against the statement."""
        return self.row.n > 0


@dataclass(frozen=True)
class PaperClaims:
    """What one paper states."""

    paper: Paper
    claims: Sequence[PlacedClaim]

    @property
    def counts(self) -> dict[str, int]:
        """How often each verdict is given, those that are not left out."""
        return dict(counted(claim.row for claim in self.claims))


def placed_claims(material: SiteMaterial, results: Results) -> list[PaperClaims]:
    """Every statement of every paper in the papers' order; one that nothing of ours was held against has a row too."""
    number, found = 0, []
    for paper in material.papers:
        own: list[PlacedClaim] = []
        for item in paper.items:
            result = results.items.get(item.id)
            rows = list(result.claims) if result is not None else []
            for claim in _statements(item):
                number += 1
                own += _placed(number, item, claim, rows)
        found.append(PaperClaims(paper, own))
    return found


def _statements(item: PaperItem) -> Sequence[Statement]:
    """Of an item of any kind; cells that are drawn state nothing."""
    return () if isinstance(item, DrawnItem | SchematicItem) else item.claims


def _placed(number: int, item: PaperItem, claim: Statement, rows: Sequence[ClaimRow]) -> list[PlacedClaim]:
    own = [row for row in rows if (row.says, row.measured) == (claim.says, claim.measured)] or [
        _unmeasured(item, claim)
    ]
    return [
        PlacedClaim(f"claim-{number}" + (f"-{place}" if place else ""), number, place > 0, row)
        for place, row in enumerate(own)
    ]


def _unmeasured(item: PaperItem, claim: Statement) -> ClaimRow:
    return ClaimRow(
        paper=item.paper,
        item=item.id,
        says=claim.says,
        measured=claim.measured,
        source="",
        benchmark="",
        scale="",
        effect=None,
        low=None,
        high=None,
        bound=claim.bound,
        n=0,
        p=None,
        verdict="not measured",
        records=(),
        relation=claim.relation,
        every=claim.every,
    )


def claims_table(papers: Sequence[PaperClaims]) -> Table:
    """Every row of the claims page, for the formats of tables."""
    columns = (
        Column("number", "No.", "count"),
        Column("paper", "Paper", "text"),
        Column("item", "Item", "text"),
        Column("says", "The paper states", "text"),
        Column("measured", "Held against it", "text"),
        Column("relation", "Side", "text"),
        Column("bound", "Bound", "text"),
        Column("benchmark", "Benchmark", "text"),
        Column("scale", "Scale", "text"),
        Column("source", "Source", "text"),
        Column("ours", "Ours", parts=("mean", "low", "high", "n")),
        Column("fulfilled", "Seeds on the stated side", "count"),
        Column("p", "p (Holm)", "number", digits=4),
        Column("verdict", "Verdict", "text"),
    )
    rows = [_table_row(own.paper, claim) for own in papers for claim in own.claims]
    return Table(columns, tuple(rows), title="What the papers state, beside our runs", notes=NOTES)


def for_people(table: Table) -> Table:
    """The columns that fit a page."""
    keys = ("number", "item", "says", "benchmark", "scale", "relation", "bound", "ours", "p", "verdict")
    return table.select(keys, title=table.title, notes=table.notes)


def _table_row(paper: Paper, claim: PlacedClaim) -> Row:
    row = claim.row
    judged = row.bound is not None and row.n > 0
    cells = {
        "number": Cell(value=claim.number),
        "paper": Cell(text=paper.short),
        "item": Cell(text=row.item),
        "says": Cell(text=row.says),
        "measured": Cell(text=row.measured),
        "relation": Cell(text=row.relation or ""),
        "bound": Cell(text="" if row.bound is None else f"{row.bound:g}"),
        "benchmark": Cell(text=row.benchmark),
        "scale": Cell(text=row.scale),
        "source": Cell(text=row.source),
        "ours": Cell(value=row.effect, low=row.low, high=row.high, n=row.n),
        "fulfilled": Cell(value=row.fulfilled if judged else None),
        "p": Cell(value=row.p),
        "verdict": Cell(text=claim.word),
    }
    return Row(cells, records=tuple(row.records), first_of_group=not claim.again)
