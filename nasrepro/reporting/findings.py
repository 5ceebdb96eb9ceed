"""What the numbers show, in plain sentences; nothing is said that a test or a count does not support."""

from __future__ import annotations

from collections.abc import Sequence

from nasrepro.metrics.chance import Chance
from nasrepro.metrics.significance import MINIMUM_PAIRS, Comparison, attainable
from nasrepro.reporting import contrasts
from nasrepro.reporting.against_random import against_random, answer
from nasrepro.reporting.analysis import ALPHA, Analysis, MethodResult, Scoring, Tested
from nasrepro.reporting.comparison_table import p_equals
from nasrepro.reporting.contrasts import Answer, sentence
from nasrepro.reporting.forgetting_findings import forgetting_findings
from nasrepro.reporting.grouping import PRIMARY, rows_of
from nasrepro.reporting.table_model import decimal, join_words


def findings(analysis: Analysis, answered: Sequence[Answer] = ()) -> list[str]:
    """Sentences for the section "What this shows", most important first: what was asked before what was not."""
    main = analysis.primary
    family = sum(answer.comparison.p is not None for answer in answered)
    sentences = [*(sentence(answer, family) for answer in answered), contrasts.out_of_reach(answered)]
    if main is not None:
        between = _unasked(analysis) if answered else _between(analysis)
        sentences += [_worth(analysis, main), answer(against_random(analysis)), _random(analysis), between]
    sentences += [_ranking(result) for result in analysis.methods if result.ranking is not None]
    sentences += forgetting_findings(analysis, answered)
    sentences += [_runs(analysis), _trust(analysis)]
    return [text for text in sentences if text]


def _worth(analysis: Analysis, main: Scoring) -> str:
    """The methods from the best mean down, with the known ends of the scale."""
    scored = [result for result in analysis.methods if PRIMARY in result.scores]
    if not scored:
        return "No run finished with a score, so nothing can be said about the found cells."
    ordered = sorted(scored, key=lambda r: r.scores[PRIMARY].mean, reverse=main.higher_is_better)
    stop = ":" if analysis.noun == "row" else ""  # a setting's value and a mean need something between them
    listed = [f"{result.method}{stop} {decimal(result.scores[PRIMARY].mean, 2)}" for result in ordered]
    text = f"Mean {main.split} {'accuracy in percent' if main.higher_is_better else 'perplexity'} of the found cells"
    ends = []
    if main.random_mean is not None:
        ends.append(f"one uniform cell averages {decimal(main.random_mean, 2)}")
    if main.optimum is not None:
        ends.append(f"the best cell of the space has {decimal(main.optimum, 2)}")
    known = f"; under the same truth {join_words(ends)}" if ends else ""
    return f"{text}: {join_words(listed)}{known}."


def _random(analysis: Analysis) -> str:
    """Who is above a random cell: by test where there is one, else by counting and saying so."""
    tested = {r.method: r.versus_random for r in analysis.methods if r.versus_random is not None}
    if not tested:
        return ""
    reference = "one uniform cell" if analysis.exact_random else "the random runs"
    parts = []
    groups = {
        "better than": [m for m, t in tested.items() if t.significant and t.comparison.difference > 0],
        "worse than": [m for m, t in tested.items() if t.significant and t.comparison.difference < 0],
        "not distinguishable from": [m for m, t in tested.items() if t.p is not None and not t.significant],
    }
    for words, methods in groups.items():
        if methods:
            shown = join_words([f"{m} ({_evidence(tested[m])})" for m in methods])
            parts.append(f"{words.capitalize()} {reference}: {shown}.")
    weak = {m: t for m, t in tested.items() if t.comparison.underpowered}
    if weak:
        shown = join_words([f"{m} {decimal(t.comparison.difference, 2, sign=True)}" for m, t in weak.items()])
        parts.append(
            f"Underpowered, so no test against {reference} (fewer than {MINIMUM_PAIRS} seeds); "
            f"differences of the means, better is positive: {shown}."
        )
    return " ".join(parts)


def _evidence(tested: Tested) -> str:
    c = tested.comparison
    interval = f"[{decimal(c.low, 2)}, {decimal(c.high, 2)}]"
    return f"{decimal(c.difference, 2, sign=True)} {interval}, {p_equals(tested.p)}, n = {c.n}"


def _between(analysis: Analysis) -> str:
    """Whether a best method is shown."""
    if not analysis.pairs:
        return ""
    noun = analysis.noun
    pairs = "all pairs" if len(analysis.protocols) == 1 else "all pairs of one protocol"
    if analysis.winner:
        return f"{analysis.winner} is better than every other {noun} here (paired over seeds, Holm over {pairs})."
    if all(tested.comparison.underpowered for tested in analysis.pairs.values()):
        return f"Which {noun} is best is open: no pair of {noun}s shares enough seeds for a test (underpowered)."
    shown = [(a, b, t) for (a, b), t in analysis.pairs.items() if t.significant]
    if hopeless := out_of_reach([tested.comparison for tested in analysis.pairs.values()]):
        return hopeless
    if not shown:
        return f"No two {noun}s are shown to differ (paired over seeds, Holm over {pairs})."
    words = [f"{a} over {b}" if t.comparison.difference > 0 else f"{b} over {a}" for a, b, t in shown]
    if len(analysis.protocols) > 1:
        return f"Shown differences: {join_words(words)} (paired over seeds, Holm over {pairs})."
    return f"No {noun} beats all others; shown differences: {join_words(words)} (paired over seeds, Holm over {pairs})."


def _unasked(analysis: Analysis) -> str:
    """All pairs in one sentence, where the questions were others."""
    if analysis.winner:
        return _between(analysis)
    if len(analysis.pairs) < 2 or all(tested.comparison.underpowered for tested in analysis.pairs.values()):
        return ""
    shown = sum(tested.significant for tested in analysis.pairs.values())
    words = {0: "none is shown to differ", 1: "one is shown to differ"}.get(shown, f"{shown} are shown to differ")
    if out_of_reach([tested.comparison for tested in analysis.pairs.values()]):
        words = "none can be shown to differ, whatever the data"
    return f"Of all {len(analysis.pairs)} pairs, tested as one family, {words} (see the table of tests)."


def out_of_reach(comparisons: Sequence[Comparison]) -> str:
    """A sentence where the pairs are too many for the seeds, so that no test could have shown a difference."""
    smallest = attainable(comparisons)
    if smallest is None or smallest <= ALPHA:
        return ""
    return (
        f"Which method is better than which other cannot be shown here: of {len(comparisons)} pairs on "
        f"{max(c.n for c in comparisons)} seeds Holm's correction leaves no p below {decimal(smallest, 3)}, whatever "
        "the data. The intervals of all differences are in the table of tests."
    )


def _ranking(result: MethodResult) -> str:
    """τ beside the parameter count's, with the answer in words."""
    ranking, tested = result.ranking, result.versus_params
    if ranking is None or ranking.tau.n == 0:
        return f"{result.method}: the supernet's scores do not rank the probe cells at all (τ is undefined)."
    text = (
        f"{result.method}: its supernets rank the {ranking.cells} probe cells with τ = {decimal(ranking.tau.mean, 2)}"
    )
    if ranking.versus_chance is not None:
        return f"{text}, {_beside_chance(ranking.versus_chance)}."
    if ranking.by_params is None or tested is None:
        return f"{text}; the parameter count's τ is not known."
    baseline = f"parameter count (τ = {decimal(ranking.by_params, 2)})"
    c = tested.comparison
    if c.underpowered:
        side = "above" if c.difference > 0 else "below"
        seeds = (
            f"{sum((tau > ranking.by_params) == (c.difference > 0) for tau in ranking.taus.values())} of {c.n} seeds"
        )
        return f"{text}, {side} the {baseline} on {seeds}; underpowered, so no test."
    if not tested.significant:
        return f"{text}, not distinguishable from the {baseline}; {p_equals(tested.p)}."
    side = "better than" if c.difference > 0 else "worse than"
    return f"{text}, {side} the {baseline}; {p_equals(tested.p)}, n = {c.n}."


def _beside_chance(chance: Chance) -> str:
    """How rankings compare with relabeled cells."""
    if chance.p >= ALPHA:
        return f"not distinguishable from chance; {p_equals(chance.p)}, permutation of the cells' truth"
    side = "better" if chance.better else "worse"
    return f"{side} than chance; {p_equals(chance.p)}, permutation of the cells' truth"


def _runs(analysis: Analysis) -> str:
    """What did not finish, counted."""
    bad = [(sum(r.status == s for r in analysis.records), s) for s in ("diverged", "failed")]
    words = [f"{count} {status}" for count, status in bad if count]
    if not words:
        return ""
    counts = f"Of {len(analysis.records)} runs {join_words(words)}"
    return f"{counts}; the means are over the others, and the reasons are listed below."


def _trust(analysis: Analysis) -> str:
    if any(record.truth.unverified for record in analysis.records):
        return "The data behind these numbers are unverified; see the description."
    return ""


def unfinished(analysis: Analysis) -> Sequence[tuple[str, int, str, str]]:
    """Method, seed, status and reason of every run without a result."""
    return [
        (row, r.spec.seed, r.status, r.error or "no reason was recorded")
        for row, own in rows_of(analysis.records).items()
        for r in own
        if r.status != "done"
    ]
