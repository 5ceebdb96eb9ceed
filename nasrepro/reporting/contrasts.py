"""The questions that were asked of a comparison, answered: a paired test each, one family, and a verdict in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nasrepro.metrics.significance import MINIMUM_PAIRS, Comparison, attainable, paired
from nasrepro.records.contrast import Contrast, Side
from nasrepro.reporting.analysis import ALPHA, Analysis, MethodResult, Tested, adjusted
from nasrepro.reporting.comparison_table import p_equals
from nasrepro.reporting.forgetting import Quantity
from nasrepro.reporting.grouping import PRIMARY, on_the_way
from nasrepro.reporting.table_model import MINUS, Cell, brackets, decimal, finite

Pair = tuple[MethodResult | None, MethodResult | None]
FORGETTING: tuple[Quantity, ...] = ("drop", "late_drop", "change", "late_change")
"""What of forgetting two rows are compared by."""
_OVER_A_LAG: tuple[Quantity, ...] = ("change", "late_change")
_LAGS_ALIKE = 0.1
"""Lags are a share of the looks, so that of a shorter training is shorter; only changes over equal times compare."""
Read = Callable[[MethodResult], Mapping[int, float]]
"""Seed → value."""


@dataclass(frozen=True)
class Answer:
    """What the runs say about one contrast."""

    asked: Contrast
    first: str
    """The row's name; what was asked for where it has no run."""
    second: str
    differences: dict[int, float]
    """Seed → first minus second under the primary scoring, positive where the first is better."""
    tested: Tested
    """Of the mean difference; p adjusted over the contrasts asked (Holm)."""
    cost: float | None
    """Path steps of the first per path step of the second; None where a row has none."""
    unit: str
    """Of the differences, as it stands behind a number; empty for a perplexity."""
    best: Tested
    """The same of the best cell among the answers that a search would have given on its way, an oracle's choice."""
    tau: Tested
    """The same of the supernets' τ on the probe cells."""
    forgetting: Mapping[Quantity, Tested]
    """The same of how much was forgotten of the watched cells, where both rows watched some, first minus second as
    measured. Each quantity beside the primary one is a family of its own (Holm)."""

    @property
    def pair(self) -> str:
        return f"{self.first} {MINUS} {self.second}"

    @property
    def name(self) -> str:
        return self.asked.label or self.pair

    @property
    def comparison(self) -> Comparison:
        return self.tested.comparison


def answers(analysis: Analysis, contrasts: Sequence[Contrast]) -> tuple[Answer, ...]:
    """The contrasts in the order asked, over the seeds for which both rows have a result."""
    main = analysis.primary
    better = 1.0 if main is None or main.higher_is_better else -1.0
    unit = "" if main is None or not main.higher_is_better else "percentage points"
    rows = [(_row(contrast.first, analysis), _row(contrast.second, analysis)) for contrast in contrasts]

    def worth(row: MethodResult) -> Mapping[int, float]:
        return {seed: better * value for seed, value in row.values.get(PRIMARY, {}).items()}

    found = _tested(rows, worth)
    best = _tested(rows, lambda row: _best_on_the_way(row, better))
    tau = _tested(rows, lambda row: row.ranking.taus if row.ranking else {})
    forgotten = {name: _tested([_comparable(pair, name) for pair in rows], _forgotten(name)) for name in FORGETTING}
    return tuple(
        Answer(
            asked=contrast,
            first=first.method if first else contrast.first.name,
            second=second.method if second else contrast.second.name,
            differences={seed: a - b for seed, (a, b) in _shared((first, second), worth).items()},
            tested=found[number],
            cost=_cost(first, second),
            unit=unit,
            best=best[number],
            tau=tau[number],
            forgetting={name: own[number] for name, own in forgotten.items() if own[number].comparison.n},
        )
        for number, (contrast, (first, second)) in enumerate(zip(contrasts, rows, strict=True))
    )


def _row(side: Side, analysis: Analysis) -> MethodResult | None:
    keys = set(side.runs)
    return next((row for row in analysis.methods if any(record.key in keys for record in row.records)), None)


def _tested(rows: Sequence[Pair], read: Read) -> dict[int, Tested]:
    """The contrasts of one quantity, by their number, as one family."""
    values = [_shared(pair, read).values() for pair in rows]
    return adjusted(
        {n: paired([first for first, _ in own], [second for _, second in own]) for n, own in enumerate(values)}
    )


def _shared(pair: Pair, read: Read) -> dict[int, tuple[float, float]]:
    """Seed → both rows' values, for the seeds that have both."""
    mine, others = (read(row) if row is not None else {} for row in pair)
    return {seed: (mine[seed], others[seed]) for seed in sorted(mine.keys() & others.keys())}


def _best_on_the_way(row: MethodResult, better: float) -> dict[int, float]:
    """By seed, larger is better; of runs that know the worth of every epoch's answer: others have looked less often,
    or where cells are trained at their last answer only."""
    kept = [record for record in row.done if record.visited and all(cell.truth is not None for cell in record.visited)]
    truths = zip(kept, on_the_way(kept), strict=True)
    return {record.spec.seed: max(better * truth for truth in known) for record, known in truths if known}


def _forgotten(name: Quantity) -> Read:
    return lambda row: row.forgetting.values[name] if row.forgetting else {}


def _comparable(pair: Pair, name: Quantity) -> Pair:
    """No rows where they watched other cells or images, or, for changes, over lags of other lengths in updates."""
    mine, others = (row.forgetting if row is not None else None for row in pair)
    if mine is None or others is None:
        return pair
    alike = (mine.cells, mine.images) == (others.cells, others.images)
    same_lag = math.isclose(mine.lag_steps, others.lag_steps, rel_tol=_LAGS_ALIKE)
    return pair if alike and (same_lag or name not in _OVER_A_LAG) else (None, None)


def _cost(first: MethodResult | None, second: MethodResult | None) -> float | None:
    mine, others = (row.mean_of(lambda record: record.cost.path_steps) if row else None for row in (first, second))
    return mine / others if mine and others else None


def verdict(answer: Answer) -> str:
    """The answer in a few words: nothing is claimed that the test does not support."""
    c = answer.comparison
    if c.n == 0:
        return "no answer: no seed has a result in both rows"
    if _equal(c):
        return f"equal on all {c.n} seeds"
    if c.underpowered:
        return f"underpowered (n = {c.n})"
    if not answer.tested.significant:
        return "not distinguishable"
    return f"{'better' if c.difference > 0 else 'worse'} by {decimal(abs(c.difference), 2)}"


def _equal(c: Comparison) -> bool:
    """Whether every pair is a tie, as where a setting never changes the answer; its interval of width zero would
    look like certainty."""
    return c.interval == "constant" and c.difference == 0


def sentence(answer: Answer, family: int) -> str:
    """The answer with its evidence, for the top of the page; `family` is the number of contrasts tested."""
    c = answer.comparison
    asked = f"{answer.name} ({answer.pair})" if answer.asked.label else answer.pair
    cost = f"; {_cost_words(answer.cost)}" if answer.cost is not None else ""
    if c.n == 0 or _equal(c):
        return f"{asked}: {verdict(answer)}{cost}."
    unit = f" {answer.unit}" if answer.unit else ""
    interval = brackets(Cell(low=finite(c.low), high=finite(c.high)), 2)
    within = f" {interval}" if interval else ""
    measured = f"{decimal(c.difference, 2, sign=True)}{unit}{within}"
    if c.underpowered:
        seeds = f"{c.n} seed{'' if c.n == 1 else 's'} in common, {MINIMUM_PAIRS} needed"
        return f"{asked}: underpowered, so no test ({seeds}); mean difference {measured}{cost}."
    over = f", Holm over {family} contrasts" if family > 1 else ""
    evidence = f"{p_equals(answer.tested.p)}{over}, n = {c.n}"
    shown = f"{verdict(answer)}{unit}{within}" if answer.tested.significant else f"not distinguishable, {measured}"
    return f"{asked}: {shown}; {evidence}{cost}."


def _cost_words(factor: float) -> str:
    rounded = decimal(factor, 2)
    return "equal path steps" if rounded == "1.00" else f"{rounded} times the path steps"


def out_of_reach(found: Sequence[Answer]) -> str:
    """A sentence where the contrasts are too many for the seeds, so that no test could have shown a difference."""
    smallest = attainable([answer.comparison for answer in found])
    if smallest is None or smallest <= ALPHA:
        return ""
    return (
        f"None of the {len(found)} contrasts can be shown to differ from zero: with at most "
        f"{max(answer.comparison.n for answer in found)} seeds Holm's correction leaves no p below "
        f"{decimal(smallest, 3)}, whatever the data."
    )
