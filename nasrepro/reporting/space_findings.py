"""What a ranking of the whole space shows, in plain sentences that a test, a count or a number supports."""

from __future__ import annotations

from nasrepro.metrics.quality import TOP_SHARE
from nasrepro.metrics.significance import Comparison
from nasrepro.metrics.summary import Summary
from nasrepro.reporting.comparison_table import p_equals
from nasrepro.reporting.findings import out_of_reach
from nasrepro.reporting.space_ranking import (
    CELLS,
    CHANCE,
    CLASSES,
    PARAMS,
    WITHOUT_PROBES,
    Difference,
    Ordering,
    SpaceRanking,
)
from nasrepro.reporting.space_trust import Trust
from nasrepro.reporting.table_model import decimal, finite, join_words


def space_findings(ranking: SpaceRanking, trust: Trust) -> list[str]:
    """Sentences for the section "What this shows", most important first."""
    leading = [ordering for ordering in ranking.leading() if ordering.summary("tau").n]
    useless = [ordering.label for ordering in ranking.leading() if not ordering.summary("tau").n]
    sentences = [f"{join_words(useless)}: all cells score the same, so nothing is ranked."] if useless else []
    sentences += [_beside_parameters(ordering, ranking) for ordering in leading]
    sentences += [_ceiling(leading, trust)]
    sentences += [_by_loss(ordering, ranking) for ordering in leading]
    sentences += [_best(ordering, ranking) for ordering in leading]
    sentences += [_between(ranking), _other_sets(leading, ranking), _truth(trust)]
    return [sentence for sentence in sentences if sentence]


def _beside_parameters(ordering: Ordering, ranking: SpaceRanking) -> str:
    """τ beside the parameter count's, with the answer in words."""
    what = f"{ordering.name}'s one-shot {ordering.by}" if ordering.by != "score" else ordering.name
    text = f"Over {ranking.sizes[CELLS]:,} cells {what} ranks with {_tau(ordering.summary('tau'))}"
    found = ranking.difference(ordering.label, PARAMS)
    if found is None:
        return f"{text}; the parameter count ranks nothing here."
    c = found.tested.comparison
    baseline = f"counting parameters (τ = {decimal(ranking.baselines[PARAMS][CELLS]['tau'], 2)})"
    if ordering.by == "score":
        return f"{text}, {decimal(abs(c.difference), 2)} {'above' if c.difference > 0 else 'below'} {baseline}."
    return f"{text}, {_verdict(found, baseline)}."


def _tau(summary: Summary) -> str:
    text = f"τ = {decimal(summary.mean, 2)}"
    if finite(summary.low) is not None and summary.n > 1:
        text += f" [{decimal(summary.low, 2)}, {decimal(summary.high, 2)}]"
    return f"{text} (n = {summary.n})" if summary.n > 1 else text


def _verdict(found: Difference, other: str) -> str:
    """`better than …`, with the evidence; by counting seeds, and saying so, where there are too few for a test."""
    c = found.tested.comparison
    if c.underpowered:
        side, count = ("above", found.ahead) if c.difference > 0 else ("below", c.n - found.ahead)
        return f"{side} {other} on {count} of {c.n} seed{'' if c.n == 1 else 's'}; underpowered, so no test"
    if not found.tested.significant:
        return f"not distinguishable from {other}; {_evidence(c, found.tested.p)}"
    return f"{'better' if c.difference > 0 else 'worse'} than {other}; {_evidence(c, found.tested.p)}"


def _evidence(c: Comparison, p: float | None) -> str:
    interval = f"[{decimal(c.low, 3)}, {decimal(c.high, 3)}]"
    return f"difference {decimal(c.difference, 3, sign=True)} {interval}, {p_equals(p)}, n = {c.n}"


def _ceiling(leading: list[Ordering], trust: Trust) -> str:
    if trust.ceiling is None:
        return f"How far below the possible this is remains unknown: {trust.unknown}."
    gaps = join_words([f"{o.name} by {decimal(trust.ceiling - o.summary('tau').mean, 2)}" for o in leading])
    text = f"A perfect ranking would get τ = {decimal(trust.ceiling, 2)}, because trained networks differ by seed"
    return f"{text}; below that stay {gaps}." if gaps else f"{text}."


def _by_loss(ordering: Ordering, ranking: SpaceRanking) -> str:
    found = ranking.difference(f"{ordering.name} by loss", ordering.label)
    other = ranking.ordering(ordering.name, "loss")
    if found is None or other is None or not other.summary("tau").n:
        return ""
    return f"By loss {ordering.name} ranks with {_tau(other.summary('tau'))}, {_verdict(found, 'its accuracy')}."


def _best(ordering: Ordering, ranking: SpaceRanking) -> str:
    """Whether the ranking helps where it is needed."""
    parts = []
    top = ordering.summary("tau_top_10_percent")
    if top.n:
        share = f"{TOP_SHARE:.0%}".replace("%", "\u202f%")
        overall = decimal(ordering.summary("tau").mean, 2)
        parts.append(f"τ among the truly best {share} of the cells is {decimal(top.mean, 2)}, over all {overall}")
    for k in (10, 100):
        hits = ordering.summary(f"precision_at_{k}")
        if hits.n and k < ranking.sizes[CELLS]:
            chance = k * ranking.baselines[CHANCE][CELLS][f"precision_at_{k}"]
            among = f"of the {k} cells it scores best {_count(k * hits.mean)} belong to the {k} best, ties included"
            parts.append(f"{among} (chance: {_count(chance)})")
    worth = ordering.summary("truth_of_best_10")
    if worth.n:
        others = {name: of[CELLS]["truth_of_best_10"] for name, of in ranking.baselines.items()}
        parts.append(
            f"the 10 it scores best are worth {decimal(worth.mean, 2)} % on average, the 10 with the most parameters "
            f"{decimal(others[PARAMS], 2)}, all cells {decimal(others[CHANCE], 2)}"
        )
    return f"{ordering.name} among the best: {'; '.join(parts)}." if parts else ""


def _count(value: float) -> str:
    """`7`, `2.4`, `0.006`."""
    return decimal(value, 0 if value == round(value) else 1 if value >= 0.1 else 3)


def _between(ranking: SpaceRanking) -> str:
    """Which method ranks better, pair by pair."""
    labels = [ordering.label for ordering in ranking.leading() if ordering.by != "score"]
    found = [d for d in ranking.differences if d.first in labels and d.second in labels]
    if not found:
        return ""
    if all(difference.tested.comparison.underpowered for difference in found):
        return "Which method ranks better is open: no pair shares enough seeds for a test (underpowered)."
    if hopeless := out_of_reach([difference.tested.comparison for difference in found]):
        return hopeless
    shown = [f"{d.first} is {_verdict(d, d.second)}" for d in found]
    return f"{'; '.join(shown)} (paired by seed)."


def _other_sets(leading: list[Ordering], ranking: SpaceRanking) -> str:
    """Whether the answer depends on which cells count."""
    if not leading:
        return ""
    sentences = []
    by_class = [f"{o.name} {decimal(o.summary('tau', CLASSES).mean, 2)}" for o in leading]
    sentences.append(
        f"With each of the {ranking.sizes[CLASSES]:,} functional classes counted once, τ is {join_words(by_class)}."
    )
    if WITHOUT_PROBES in ranking.sizes:
        changes = [abs(o.summary("tau", WITHOUT_PROBES).mean - o.summary("tau").mean) for o in leading]
        sentences.append(
            "Leaving out the probe cells, on which scales were tuned, changes no τ by more than "
            f"{decimal(max(max(changes), 0.001), 3)}."
        )
    return " ".join(sentences)


def _truth(trust: Trust) -> str:
    """What is known of the truth's own noise."""
    parts = []
    if trust.reliability is not None:
        found = trust.reliability
        parts.append(
            f"{decimal(found.value, 3)} [{decimal(found.low, 3)}, {decimal(found.high, 3)}] of the variance of its "
            f"means is not seed noise ({trust.trials_of}, cells that depend on their input)"
        )
    if trust.tau_other is not None:
        parts.append(
            f"its ranking of these cells agrees with that by {trust.other} with τ = {decimal(trust.tau_other, 2)}"
        )
    return f"About the truth itself: {'; '.join(parts)}." if parts else ""
