"""Statements of a paper held against our runs, one by one: the numbers of the seeds, a test, a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nasrepro.metrics.significance import against_exact
from nasrepro.metrics.summary import Summary, summarize, summarize_correlation
from nasrepro.papers.claim import Statement
from nasrepro.reporting.analysis import Tested, adjusted
from nasrepro.reporting.ours import OursGroup

Verdict = Literal["holds", "contradicted", "inconclusive", "not measured", "no bound stated"]


@dataclass(frozen=True)
class Measured:
    """What our runs say of the quantity that a statement is about."""

    claim: Statement
    values: dict[int, float]
    """By seed, for the seeds that have all of it."""
    digits: int
    """Decimals for people."""
    sought: str
    """What a run must have to count, in words."""
    correlation: bool = False
    """Whether each value is a τ, so that their mean lies in [-1, 1]; a difference of two is none."""


@dataclass(frozen=True)
class Judged:
    """A statement of the paper beside one group of our runs."""

    measured: Measured
    summary: Summary
    tested: Tested | None
    """Against the stated bound; None where the paper states none or one of every run, or nothing was measured."""

    @property
    def claim(self) -> Statement:
        return self.measured.claim

    @property
    def values(self) -> dict[int, float]:
        """The quantity that the claim is about, by seed."""
        return self.measured.values

    @property
    def fulfilled(self) -> int:
        """Seeds on the stated side of the bound."""
        bound = self.claim.bound
        if bound is None:
            return 0
        above = self.claim.relation == "above"
        return sum(value > bound if above else value < bound for value in self.values.values())

    @property
    def verdict(self) -> Verdict:
        """What our runs say of the statement, at their scale. Of a mean only a test that rejects makes it more than
        open; what is said of every run needs no test."""
        if not self.values:
            return "not measured"
        if self.claim.every:
            return "holds" if self.fulfilled == len(self.values) else "contradicted"
        if self.tested is None:
            return "no bound stated"
        if not self.tested.significant:
            return "inconclusive"
        return (
            "holds" if (self.tested.comparison.difference > 0) == (self.claim.relation == "above") else "contradicted"
        )


JudgedGroups = Sequence[tuple[OursGroup, Sequence[Judged]]]


def judge_all(measured: Sequence[Measured]) -> list[Judged]:
    """Every statement of one item against one group's runs.

    Tests are sign-flip permutation tests against the bound, which need ten seeds; their p-values are adjusted over the
    item's statements (Holm).
    """
    compared = {
        number: against_exact(list(own.values.values()), own.claim.bound)
        for number, own in enumerate(measured)
        if own.claim.bound is not None and own.values and not own.claim.every
    }
    tested = adjusted(compared)
    return [Judged(own, _summary(own), tested.get(number)) for number, own in enumerate(measured)]


def _summary(own: Measured) -> Summary:
    values = list(own.values.values())
    return summarize_correlation(values) if own.correlation else summarize(values)


def differences(first: dict[int, float], second: dict[int, float] | None) -> dict[int, float]:
    """First minus second over the seeds that both have; the first alone where there is no second."""
    if second is None:
        return first
    return {seed: first[seed] - second[seed] for seed in first if seed in second}
