"""Is search better than random? Every row against one uniform cell: means, ranks, chances, and an answer in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nasrepro.metrics.rank_tests import improvement, rank_sum, signed_rank
from nasrepro.metrics.regret import expected_best
from nasrepro.metrics.resampling import Estimate
from nasrepro.metrics.significance import MINIMUM_PAIRS, against_exact, holm
from nasrepro.metrics.summary import summarize
from nasrepro.reporting.analysis import ALPHA, Analysis, MethodResult, Scoring, Tested
from nasrepro.reporting.grouping import PRIMARY, REFERENCE_METHOD, primary
from nasrepro.reporting.table_model import join_words
from nasrepro.spaces import catalog

TITLE = "Is search better than random?"


@dataclass(frozen=True)
class AgainstRandom:
    """One row of the comparison beside one uniform cell."""

    result: MethodResult
    mean: Tested
    """Of the difference of means, positive where the row is better; Holm over the rows, as in the other tables."""
    signed_rank: float | None
    """p over the pairs of a seed, Holm over the rows; None without pairs or with too few."""
    rank_sum: float | None
    """p over all runs of both; where the distribution of one uniform cell is known exactly, of the shares of the space
    that the row's cells beat against one half. Holm over the rows."""
    improvement: Estimate
    """Chance that the row's cell beats a uniform one."""
    best: float
    """Of the row's seeds."""
    best_random: float
    """Of as many uniform cells: of the `random` runs, or what can be expected of them; NaN where neither is known."""

    @property
    def verdict(self) -> str:
        """In words; nothing is claimed that the test of the means does not support."""
        c = self.mean.comparison
        if c.underpowered:
            return f"not tested: {c.n} seed{'' if c.n == 1 else 's'}, {MINIMUM_PAIRS} needed"
        if self.mean.significant:
            return f"{'better' if c.difference > 0 else 'worse'} than random"
        ranks = [p for p in (self.signed_rank, self.rank_sum) if p is not None]
        if ranks and max(ranks) < ALPHA:
            return f"mean not distinguishable, though runs rank {'above' if self.improvement.value > 0.5 else 'below'}"
        return "not distinguishable from random"


def against_random(analysis: Analysis) -> tuple[AgainstRandom, ...]:
    """Every row that was compared with random, where `random` is among the methods; else nothing."""
    main = analysis.primary
    drawn = {r.protocol: r for r in analysis.methods if r.name == REFERENCE_METHOD and r.values.get(PRIMARY)}
    rows = [result for result in analysis.methods if result.versus_random is not None]
    if main is None or not drawn or not rows:
        return ()
    sign = 1.0 if main.higher_is_better else -1.0
    worth = {result.method: {s: sign * v for s, v in result.values[PRIMARY].items()} for result in analysis.methods}
    compared = []
    for result in rows:
        mine, reference = worth[result.method], drawn.get(result.protocol)
        others = worth[reference.method] if reference is not None else {}
        exact = _shares_beaten(result) if analysis.exact_random else None
        best_random = max(others.values(), default=math.nan)
        if exact is not None:
            best_random = _expected(analysis, main, len(mine))
        compared.append((result, mine, others, exact, best_random))
    signed = holm([_paired_ranks(mine, others) if exact is None else None for _, mine, others, exact, _ in compared])
    ranks = holm(
        [
            rank_sum(list(mine.values()), list(others.values())) if exact is None else against_exact(exact, 0.5).p
            for _, mine, others, exact, _ in compared
        ]
    )
    return tuple(
        AgainstRandom(
            result=result,
            mean=result.versus_random,
            signed_rank=signed[number],
            rank_sum=ranks[number],
            improvement=_improvement(mine, others, exact),
            best=sign * max(mine.values()),
            best_random=sign * best_random,
        )
        for number, (result, mine, others, exact, best_random) in enumerate(compared)
        if result.versus_random is not None
    )


def _shares_beaten(result: MethodResult) -> list[float]:
    """Of the space, by the cells found: the chance of each to beat a uniform one, known exactly."""
    scores = [score for record in result.done if (score := primary(record)) is not None]
    return [score.percentile for score in scores if score.percentile is not None]


def _paired_ranks(mine: dict[int, float], others: dict[int, float]) -> float | None:
    shared = sorted(mine.keys() & others.keys())
    return signed_rank([mine[seed] for seed in shared], [others[seed] for seed in shared])


def _improvement(mine: dict[int, float], others: dict[int, float], exact: Sequence[float] | None) -> Estimate:
    if exact is None:
        return improvement(list(mine.values()), list(others.values()))
    found = summarize(exact)
    return Estimate(found.mean, max(0.0, found.low), min(1.0, found.high))  # the interval of a mean knows no ends


def _expected(analysis: Analysis, main: Scoring, draws: int) -> float:
    """Worth that the best of so many uniform cells can be expected to have, larger better; NaN where no record holds
    the worth of every cell."""
    for record in analysis.records:
        probes = record.probes
        space = catalog.find(probes.cells[0]) if probes is not None and probes.cells else None
        if probes is not None and space is not None and len(space) == len(probes.cells) and None not in probes.truth:
            truth = np.array(probes.truth, dtype=float)
            return expected_best(truth if main.higher_is_better else -truth, draws)
    return math.nan


def answer(compared: Sequence[AgainstRandom]) -> str:
    """The question with its answer in one sentence; empty where nothing was compared."""
    if not compared:
        return ""
    groups: dict[str, list[str]] = {"better": [], "worse": [], "open": [], "untested": []}
    for own in compared:
        kind = "better" if own.mean.comparison.difference > 0 else "worse"
        if own.mean.comparison.underpowered:
            kind = "untested"
        elif not own.mean.significant:
            kind = "open"
        groups[kind].append(own.result.method)
    if len(groups["untested"]) == len(compared):
        return f"{TITLE} That was not tested: no policy has {MINIMUM_PAIRS} seeds to compare."
    better, worse, unclear, untested = (join_words(groups[kind]) for kind in ("better", "worse", "open", "untested"))
    parts = [f"Here it is for {better}" if better else "No policy here is shown to be"]
    if worse:
        parts.append(f"{worse} {'is' if len(groups['worse']) == 1 else 'are'} shown to be worse")
    if unclear:
        parts.append(f"{unclear} cannot be told from random")
    if untested:
        parts.append(f"not tested, for want of {MINIMUM_PAIRS} seeds: {untested}")
    return f"{TITLE} {'; '.join(parts)}."
