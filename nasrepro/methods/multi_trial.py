"""The one loop of all searches without weight sharing: propose a cell, look it up, keep the best of the history."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nasrepro.errors import UserError
from nasrepro.methods.base import Answer, SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.spaces.base import Genotype

if TYPE_CHECKING:
    from nasrepro.benchmarks import Benchmark
    from nasrepro.oracles.base import Oracle

Proposals = Generator[Genotype, float, None]
"""Yields the cell to look up next and is sent its accuracy in percent, −inf where nothing was measured."""


class Budget(Protocol):
    """What look-ups cost, and how much may be spent."""

    total: int
    """Steps that its spending is reported in."""

    @property
    def done(self) -> int:
        """Steps spent; `total` when nothing more can be looked up."""

    def admit(self, genotype: Genotype) -> bool:
        """Charge the look-up of a genotype; False when it may not be made, which ends the search."""

    def curves(self) -> dict[str, list[tuple[float, float]]]:
        """What the record shall know about the spending."""


@dataclass
class Queries:
    """A number of look-ups, whatever they cost."""

    total: int
    done: int = 0

    def admit(self, genotype: Genotype) -> bool:
        self.done += 1
        return True

    def curves(self) -> dict[str, list[tuple[float, float]]]:
        return {}


def needs_lookups(benchmark: Benchmark, oracle: Oracle) -> None:
    """Raise `UserError` where the truth does not hold what searches look up, as where cells are trained on images
    without a validation part."""
    if benchmark.search not in oracle.fidelities():
        raise UserError(
            f"the truth of '{benchmark.name}' does not hold {benchmark.search}, so that a search can look nothing up; "
            "allowed: methods with weight sharing"
        )


def search_by_looking_up(context: SearchContext, proposals: Proposals, budget: Budget) -> SearchResult:
    """Ask for proposals until the budget is spent; the answer is the best of the history, the first of equals.

    Every proposal is charged, one that was looked up before too. Ends early when there are no more proposals.
    Raises `UserError` when not a single cell could be looked up.
    """
    incumbent: Answer | None = None
    best = 0.0
    trace: list[tuple[int, Answer]] = []
    asked = reported = 0
    genotype = _following(proposals, None)
    while genotype is not None and budget.admit(genotype):
        value = context.query(genotype)
        asked += 1
        if incumbent is None or value > best:
            incumbent, best = Answer(genotype, value), value
            trace.append((asked, incumbent))
        if budget.done > reported:
            reported = budget.done
            context.report(reported, budget.total)
        if budget.done == budget.total:
            break
        genotype = _following(proposals, value)
    if incumbent is None:
        raise UserError("the budget does not suffice to look up a single cell")
    if reported < budget.total:
        context.report(budget.total, budget.total)
    return SearchResult(incumbent, trace=trace, series=budget.curves())


def _following(proposals: Proposals, value: float | None) -> Genotype | None:
    """The next proposal after `value` was seen (None at the start); None when there is none."""
    try:
        return next(proposals) if value is None else proposals.send(value)
    except StopIteration:
        return None
