"""Curves that our records hold, and what a paper says of such curves held against them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping

from nasrepro.metrics.summary import Summary, summarize, summarize_correlation
from nasrepro.papers.figure import Claim, Curve, FigureItem, Over, Place
from nasrepro.reporting.claims import Judged, Measured, differences, judge_all
from nasrepro.reporting.derived_series import series_of
from nasrepro.reporting.ours import OursGroup
from nasrepro.reporting.table_model import join_words

Points = Mapping[int, Mapping[float, float]]
"""Seed → x → value."""


def points_of(group: OursGroup, curve: Curve) -> Points:
    """The curve's points in every finished run of the group that has them; points that are no number are left out.

    A curve over a setting has a run for each of its points, and the runs of one seed make one line. Raises `UserError`
    when the runs behind a point differ in more settings than the curve states.
    """
    if curve.over is not None:
        return _points_over(group, curve, curve.over)
    result = group.result(curve.variants[0])
    known = {r.spec.seed: series_of(r, curve.quantity) for r in (result.done if result is not None else ())}
    numbers = {seed: {x: y for x, y in points if math.isfinite(y)} for seed, points in known.items()}
    return {seed: points for seed, points in numbers.items() if points}


def levels_of(group: OursGroup, curve: Curve) -> Points:
    """The points of the series that is drawn as the curve's level; empty where it has none."""
    return points_of(group, curve.model_copy(update={"series": curve.level})) if curve.level is not None else {}


def _points_over(group: OursGroup, curve: Curve, over: Over) -> Points:
    points: dict[int, dict[float, float]] = {}
    for x in over.values:
        result = group.result(curve.at(x))
        for seed, value in (result.values.get(curve.quantity, {}) if result is not None else {}).items():
            points.setdefault(seed, {})[x] = value
    return dict(sorted(points.items()))


def by_place(points: Points, *, correlation: bool = False) -> dict[float, Summary]:
    """x → the seeds' values there, in rising order of x; intervals of a `correlation` end at −1 and 1."""
    places = sorted({x for own in points.values() for x in own})
    summary = summarize_correlation if correlation else summarize
    return {x: summary([own[x] for own in points.values() if x in own]) for x in places}


def judge(item: FigureItem, group: OursGroup) -> list[Judged]:
    """Every claim of the figure against the group's runs, tested as `judge_all` says."""
    return judge_all([_measured(item, claim, group) for claim in item.claims])


def _measured(item: FigureItem, claim: Claim, group: OursGroup) -> Measured:
    second = None if claim.minus is None else _at(item, claim.minus, group)
    return Measured(
        claim,
        differences(_at(item, claim.at, group), second),
        digits=item.panel_of(claim.at.curve).digits,
        sought=join_words([_sought(item, place) for place in (claim.at, claim.minus) if place is not None]),
    )


def _at(item: FigureItem, place: Place, group: OursGroup) -> dict[int, float]:
    """By seed, where the curve has the point, or one in the range."""
    points = points_of(group, item.curves[place.curve])
    if place.x is not None:
        return {seed: own[place.x] for seed, own in points.items() if place.x in own}
    share = place.share or 0.0
    if place.since is None:
        return {seed: own[nearest(own, share)] for seed, own in points.items() if own}
    inside = {seed: within(own, place.since, share) for seed, own in points.items() if own}
    return {seed: statistics.fmean(points[seed][x] for x in places) for seed, places in inside.items() if places}


def within(places: Iterable[float], since: float, share: float) -> list[float]:
    """The places after the one share of the way from 0 to the last one and up to the other, in rising order."""
    known = sorted(places)
    slack = 1e-9 * abs(known[-1])  # places are quotients: one on the border may lie a rounding error beside it
    return [x for x in known if since * known[-1] + slack < x <= share * known[-1] + slack]


def nearest(places: Iterable[float], share: float) -> float:
    """The place nearest to this share of the way from 0 to the last one; the earlier of two equally near."""
    known = sorted(places)
    return min(known, key=lambda x: abs(x - share * known[-1]))


def _sought(item: FigureItem, place: Place) -> str:
    curve = item.curves[place.curve]
    if curve.over is None or place.x is None:
        at = f"{place.where} {item.x.label}" if place.x is not None else place.where
        return f"'{curve.quantity}' at {at}"
    return f"'{curve.quantity}' of {curve.at(place.x).text}"
