"""What the first page says before any table: what there is, and the statements that our runs decide most clearly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nasrepro.metrics.significance import MINIMUM_PAIRS
from nasrepro.reporting.site.material import ClaimRow, MethodRow, Results, SiteMaterial

_EACH, _OF_ONE_PAPER = 4, 2
"""Statements shown of each verdict at most, and among these of each paper."""
BESIDE = ("gdas", "e2nas")
"""Two methods that a reader is likely to ask for, side by side wherever both were run."""


def clearest(results: Results) -> list[ClaimRow]:
    """The statements that our runs decide most clearly, those that hold first: few of each paper, each once.

    Clear is a mean far from the stated bound, counted in half widths of its interval, among those that a test decided.
    """
    claims = [claim for result in results.items.values() for claim in result.claims]
    decided = [claim for claim in claims if claim.p is not None and claim.n >= MINIMUM_PAIRS]
    return [
        claim
        for verdict in ("holds", "contradicted")
        for claim in _chosen(own for own in decided if own.verdict == verdict)
    ]


def _chosen(claims: Iterable[ClaimRow]) -> list[ClaimRow]:
    chosen: list[ClaimRow] = []
    for claim in sorted(claims, key=_clearness, reverse=True):
        of_paper = [own for own in chosen if own.paper == claim.paper]
        if len(of_paper) < _OF_ONE_PAPER and all(own.item != claim.item for own in chosen):
            chosen.append(claim)
    return chosen[:_EACH]


def _clearness(claim: ClaimRow) -> float:
    if claim.effect is None or claim.bound is None or claim.low is None or claim.high is None:
        return 0.0
    half = (claim.high - claim.low) / 2
    return abs(claim.effect - claim.bound) / half if half > 0 else 0.0


def side_by_side(results: Results) -> list[tuple[str, Sequence[MethodRow]]]:
    """By benchmark, the rows of the two methods where both were run."""
    found: list[tuple[str, Sequence[MethodRow]]] = []
    for benchmark in results.benchmarks.values():
        rows = {row.method: row for row in benchmark.rows}
        if all(name in rows for name in BESIDE):
            found.append((benchmark.name, [rows[name] for name in BESIDE]))
    return found


def inventory(material: SiteMaterial) -> dict[str, int]:
    """How much of everything there is, by the words of the first sentence."""
    specs = [held.record.spec for held in material.held]
    return {
        "records": len(specs),
        "methods": len({spec.method for spec in specs}),
        "benchmarks": len({spec.benchmark for spec in specs}),
        "items": len(material.items),
        "measured": sum(own.state in ("done", "partial") for own in material.items.values()),
    }
