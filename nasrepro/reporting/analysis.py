"""Records in, conclusions out: per-method summaries, tests against a random cell and between the methods."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from nasrepro.metrics.regret import simple_regret
from nasrepro.metrics.significance import Comparison, against_exact, holm, paired
from nasrepro.metrics.summary import Summary, summarize_scores, summarize_within
from nasrepro.records.record import RunRecord, Score
from nasrepro.reporting.forgetting import Forgetting, forgetting_of
from nasrepro.reporting.grouping import BEST_EPOCH, PRIMARY, REFERENCE_METHOD, checked, primary, rows_of
from nasrepro.reporting.ranking import Ranking, ranking_of, with_adjusted_chance
from nasrepro.reporting.row_names import RowNames, protocols_of

ALPHA = 0.05
K = TypeVar("K")
Rows = dict[str, list[RunRecord]]
"""The records of each row, by its name."""


@dataclass(frozen=True)
class Tested:
    """A comparison with its p-value adjusted for the family it is shown in; None when no test is made."""

    comparison: Comparison
    p: float | None

    @property
    def significant(self) -> bool:
        return self.p is not None and self.p < ALPHA


@dataclass(frozen=True)
class Scoring:
    """One way to score a found cell, with what is known of the whole space under it."""

    name: str
    dataset: str
    split: str
    epochs: int
    higher_is_better: bool
    optimum: float | None
    random_mean: float | None
    """Exact mean of one uniform cell, where the truth covers the space."""
    random_std: float | None


@dataclass(frozen=True)
class MethodResult:
    """One method over its seeds. Only finished runs have numbers; the others are counted and named."""

    method: str
    """The row's name: the method's, with its protocol in a table of several and the settings in which rows differ."""
    variant: str
    """The row's name without its protocol."""
    settings: str
    """In which the method's rows differ, such as `sampler.tau_start=5`; empty where it has one row a protocol."""
    done: tuple[RunRecord, ...]
    diverged: tuple[RunRecord, ...]
    failed: tuple[RunRecord, ...]
    values: dict[str, dict[int, float]]
    """Scoring name → seed → value."""
    scores: dict[str, Summary]
    params: Summary
    """Of the found cells' stand-alone networks, in millions, without auxiliary heads."""
    regret: Summary | None
    percentile: Summary | None
    ranking: Ranking | None
    forgetting: Forgetting | None
    """None for texts: what is counted at a look, the words guessed right, is not what their cells are judged by."""
    versus_random: Tested | None
    versus_params: Tested | None
    """The supernets' τ against the parameter count's."""

    @property
    def seeds(self) -> list[int]:
        return [record.spec.seed for record in self.done]

    @property
    def records(self) -> tuple[RunRecord, ...]:
        return (*self.done, *self.diverged, *self.failed)

    @property
    def name(self) -> str:
        """The method's own name."""
        return self.records[0].spec.method

    @property
    def protocol(self) -> str:
        return self.records[0].spec.protocol

    @property
    def trains(self) -> bool:
        """Whether the method trains a supernet; otherwise it only queries."""
        return any(record.cost.steps > 0 for record in self.records)

    def mean_of(self, read: Callable[[RunRecord], float | None]) -> float | None:
        """Mean of a count or time over the finished runs that have it."""
        found = [value for value in map(read, self.done) if value is not None]
        return sum(found) / len(found) if found else None


@dataclass(frozen=True)
class Analysis:
    """Everything a comparison states."""

    records: tuple[RunRecord, ...]
    methods: tuple[MethodResult, ...]
    scorings: tuple[Scoring, ...]
    """The primary one first."""
    exact_random: bool
    """Tests are against the exact mean of one uniform cell; otherwise paired with the `random` runs."""
    pairs: dict[tuple[str, str], Tested]
    """First minus second, oriented so that positive means the first is better; paired over shared seeds."""
    winner: str | None
    """The method shown to be better than every other one."""

    @property
    def protocols(self) -> list[str]:
        """Usually one; with more of them every row follows one, and only rows of one are tested against each other."""
        return protocols_of(self.records)

    @property
    def noun(self) -> str:
        """What a row is: a method, or no more than a row where a method has several."""
        return "row" if any(result.settings for result in self.methods) else "method"

    @property
    def primary(self) -> Scoring | None:
        return next((s for s in self.scorings if s.name == PRIMARY), None)

    @property
    def trained(self) -> bool:
        """Whether found cells were trained to be judged, so that nothing is known of the rest of the space."""
        main = self.primary
        alone = main is not None and not main.higher_is_better and main.optimum is None  # as all texts without a table
        return alone or any(scoring.name == BEST_EPOCH for scoring in self.scorings)

    def method(self, name: str) -> MethodResult:
        return next(result for result in self.methods if result.method == name)


def analyze(records: Sequence[RunRecord], *, several_protocols: bool = False) -> Analysis:
    """Aggregate and test the records of one table; raises `UserError` when they must not be mixed.

    With `several_protocols` a method has a row under each protocol it was run with.
    """
    kept = checked(records, several_protocols=several_protocols)
    scorings = _scorings(kept)
    main = next((s for s in scorings if s.name == PRIMARY), None)
    rows = rows_of(kept)
    values = {name: _values(own, scorings) for name, own in rows.items()}
    worth = {name: values[name].get(PRIMARY, {}) for name in rows}
    exact = main is not None and main.random_mean is not None
    versus = _versus_random(rows, worth, main)
    pairs = _pairwise(rows, worth, main)
    oriented = main is None or main.higher_is_better
    done = {name: [record for record in own if record.status == "done"] for name, own in rows.items()}
    rankings = with_adjusted_chance({name: ranking_of(own, higher_is_better=oriented) for name, own in done.items()})
    params = adjusted({name: r.versus_params for name, r in rankings.items() if r and r.versus_params})
    names = RowNames(kept)
    methods = tuple(
        _method(name, names, own, values[name], main, rankings[name], versus.get(name), params)
        for name, own in rows.items()
    )
    return Analysis(tuple(kept), methods, scorings, exact, pairs, _winner(list(rows), pairs))


def _scorings(records: Sequence[RunRecord]) -> tuple[Scoring, ...]:
    found: dict[str, Scoring] = {}
    # a score without a value says nothing of the space either
    for score in sorted((s for record in records for s in record.scores), key=lambda s: s.value is None):
        found.setdefault(score.scoring, _scoring(score))
    return tuple(sorted(found.values(), key=lambda s: s.name != PRIMARY))


def _scoring(score: Score) -> Scoring:
    return Scoring(
        score.scoring,
        score.dataset,
        score.split,
        score.epochs,
        score.higher_is_better,
        score.optimum,
        score.random_mean,
        score.random_std,
    )


def _values(records: Sequence[RunRecord], scorings: Sequence[Scoring]) -> dict[str, dict[int, float]]:
    values: dict[str, dict[int, float]] = {scoring.name: {} for scoring in scorings}
    for record in records:
        for score in record.scores if record.status == "done" else []:
            if score.value is not None and math.isfinite(score.value):
                values[score.scoring][record.spec.seed] = score.value
    return values


def _method(
    name: str,
    names: RowNames,
    records: Sequence[RunRecord],
    values: dict[str, dict[int, float]],
    main: Scoring | None,
    ranking: Ranking | None,
    versus: Tested | None,
    params: dict[str, Tested],
) -> MethodResult:
    by_status = {s: tuple(r for r in records if r.status == s) for s in ("done", "diverged", "failed")}
    mine = list(values.get(PRIMARY, {}).values())
    shares = [score.percentile for r in by_status["done"] if (score := primary(r)) and score.percentile is not None]
    return MethodResult(
        method=name,
        variant=names.variant(records[0]),
        settings=names.settings(records[0]),
        done=by_status["done"],
        diverged=by_status["diverged"],
        failed=by_status["failed"],
        values=values,
        scores=_summaries(values, by_status["done"]),
        params=summarize_within(_sizes(by_status["done"]), 0.0, math.inf),
        regret=_regret(mine, main),
        percentile=summarize_within(shares, 0.0, 1.0) if shares else None,
        ranking=ranking,
        forgetting=forgetting_of(by_status["done"]) if main is None or main.higher_is_better else None,
        versus_random=versus,
        versus_params=params.get(name),
    )


def _sizes(done: Sequence[RunRecord]) -> list[float]:
    """Millions of parameters of the found cells' networks."""
    return [record.found.params / 1e6 for record in done if record.found is not None]


def _regret(values: Sequence[float], main: Scoring | None) -> Summary | None:
    if main is None or main.optimum is None or not values:
        return None
    regrets = simple_regret(values, main.optimum, higher_is_better=main.higher_is_better)
    return summarize_within(regrets, 0.0, main.optimum if main.higher_is_better else math.inf)


def _summaries(values: dict[str, dict[int, float]], done: Sequence[RunRecord]) -> dict[str, Summary]:
    """By scoring, over the seeds that have it."""
    better = {score.scoring: score.higher_is_better for record in done for score in record.scores}
    return {
        scoring: summarize_scores(list(own.values()), higher_is_better=better[scoring])
        for scoring, own in values.items()
        if own
    }


def _versus_random(rows: Rows, values: dict[str, dict[int, float]], main: Scoring | None) -> dict[str, Tested]:
    """Each row against one uniform cell: against its exact mean where known, else paired with the `random` runs of
    its protocol."""
    if main is None:
        return {}
    sign = 1.0 if main.higher_is_better else -1.0
    drawn = {_protocol(own): values[name] for name, own in rows.items() if own[0].spec.method == REFERENCE_METHOD}
    compared: dict[str, Comparison] = {}
    for name, mine in values.items():
        if rows[name][0].spec.method == REFERENCE_METHOD or not mine:
            continue
        reference = drawn.get(_protocol(rows[name]), {})
        if main.random_mean is not None:
            compared[name] = against_exact([sign * value for value in mine.values()], sign * main.random_mean)
        elif shared := sorted(mine.keys() & reference.keys()):
            compared[name] = paired([sign * mine[s] for s in shared], [sign * reference[s] for s in shared])
    return adjusted(compared)


def _protocol(records: Sequence[RunRecord]) -> str:
    """Of the records of one row."""
    return records[0].spec.protocol


def _pairwise(rows: Rows, values: dict[str, dict[int, float]], main: Scoring | None) -> dict[tuple[str, str], Tested]:
    """Every pair of rows of one protocol over the seeds both have."""
    if main is None:
        return {}
    sign = 1.0 if main.higher_is_better else -1.0
    compared: dict[tuple[str, str], Comparison] = {}
    for a, b in itertools.combinations(values, 2):
        if _protocol(rows[a]) != _protocol(rows[b]):
            continue
        if shared := sorted(values[a].keys() & values[b].keys()):
            compared[a, b] = paired([sign * values[a][s] for s in shared], [sign * values[b][s] for s in shared])
    return adjusted(compared)


def adjusted(compared: dict[K, Comparison]) -> dict[K, Tested]:
    """Holm's correction over the family; comparisons with too few seeds have no p and do not count in it."""
    p_values = holm([comparison.p for comparison in compared.values()])
    return {key: Tested(comparison, p) for (key, comparison), p in zip(compared.items(), p_values, strict=True)}


def _winner(names: Sequence[str], pairs: dict[tuple[str, str], Tested]) -> str | None:
    for name in names:
        others = [other for other in names if other != name]
        if others and all(_beats(name, other, pairs) for other in others):
            return name
    return None


def _beats(name: str, other: str, pairs: dict[tuple[str, str], Tested]) -> bool:
    tested = pairs.get((name, other)) or pairs.get((other, name))
    if tested is None or not tested.significant:
        return False
    return (tested.comparison.difference > 0) == ((name, other) in pairs)
