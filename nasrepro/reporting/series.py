"""Curves that our records hold, and what a paper says of such curves held against them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nasrepro.metrics.significance import against_exact
from nasrepro.metrics.summary import Summary, summarize
from nasrepro.papers.figure import Claim, Curve, FigureItem, Over, Place
from nasrepro.reporting.analysis import Tested, adjusted
from nasrepro.reporting.ours import OursGroup

Verdict = Literal["holds", "contradicted", "inconclusive", "not measured", "no bound stated"]
Points = Mapping[int, Mapping[float, float]]
"""Seed → x → value."""


@dataclass(frozen=True)
class Judged:
    """A statement of the paper beside one group of our runs."""

    claim: Claim
    values: dict[int, float]
    """The quantity that the claim is about, by seed."""
    summary: Summary
    tested: Tested | None
    """Against the stated bound; None where the paper states none or nothing was measured."""

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
        """What our runs say of the statement, at their scale. Only a test that rejects makes it more than open."""
        if not self.values:
            return "not measured"
        if self.tested is None:
            return "no bound stated"
        if not self.tested.significant:
            return "inconclusive"
        return (
            "holds" if (self.tested.comparison.difference > 0) == (self.claim.relation == "above") else "contradicted"
        )


def points_of(group: OursGroup, curve: Curve) -> Points:
    """The curve's points in every finished run of the group that has them; points that are no number are left out.

    A curve over a setting has a run for each of its points, and the runs of one seed make one line. Raises `UserError`
    when the runs behind a point differ in more settings than the curve states.
    """
    if curve.over is not None:
        return _points_over(group, curve, curve.over)
    result = group.result(curve.variants[0])
    return {
        record.spec.seed: {x: y for x, y in record.series[curve.series] if math.isfinite(y)}
        for record in (result.done if result is not None else ())
        if curve.series in record.series
    }


def _points_over(group: OursGroup, curve: Curve, over: Over) -> Points:
    points: dict[int, dict[float, float]] = {}
    for x in over.values:
        result = group.result(curve.at(x))
        for seed, value in (result.values.get(curve.quantity, {}) if result is not None else {}).items():
            points.setdefault(seed, {})[x] = value
    return dict(sorted(points.items()))


def by_place(points: Points) -> dict[float, Summary]:
    """x → the seeds' values there, in rising order of x."""
    places = sorted({x for own in points.values() for x in own})
    return {x: summarize([own[x] for own in points.values() if x in own]) for x in places}


def judge(item: FigureItem, group: OursGroup) -> list[Judged]:
    """Every claim of the figure against the group's runs.

    Tests are sign-flip permutation tests against the bound, which need ten seeds; their p-values are adjusted over the
    figure's claims (Holm).
    """
    values = [_values(item, claim, group) for claim in item.claims]
    compared = {
        number: against_exact(list(own.values()), claim.bound)
        for number, (claim, own) in enumerate(zip(item.claims, values, strict=True))
        if claim.bound is not None and own
    }
    tested = adjusted(compared)
    return [
        Judged(claim, own, summarize(list(own.values())), tested.get(number))
        for number, (claim, own) in enumerate(zip(item.claims, values, strict=True))
    ]


def _values(item: FigureItem, claim: Claim, group: OursGroup) -> dict[int, float]:
    """By seed, where every point that the claim needs was measured."""
    first = _at(item, claim.at, group)
    if claim.minus is None:
        return first
    second = _at(item, claim.minus, group)
    return {seed: first[seed] - second[seed] for seed in first if seed in second}


def _at(item: FigureItem, place: Place, group: OursGroup) -> dict[int, float]:
    points = points_of(group, item.curves[place.curve])
    return {seed: own[place.x] for seed, own in points.items() if place.x in own}
