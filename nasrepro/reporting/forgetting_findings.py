"""What the watched cells say, in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

from nasrepro.metrics.significance import MINIMUM_PAIRS
from nasrepro.reporting.analysis import Analysis, Tested
from nasrepro.reporting.comparison_table import p_equals
from nasrepro.reporting.contrasts import Answer
from nasrepro.reporting.forgetting import MANY
from nasrepro.reporting.forgetting_tables import late_changes, shared_unit, sharing_gaps, watched_rows
from nasrepro.reporting.table_model import Cell, brackets, decimal, finite, join_words


def forgetting_findings(analysis: Analysis, answered: Sequence[Answer] = ()) -> list[str]:
    """Who loses late, how far rows end below their best, what two cells share, and what was asked; may be empty."""
    sentences = [_late(analysis), _drops(analysis), _sharing(analysis), _asked(answered)]
    return [text for text in sentences if text]


def _late(analysis: Analysis) -> str:
    """Who loses or gains in the second half of training: by test where there is one."""
    tested = late_changes(analysis)
    if not tested:
        return ""
    groups = {
        "they lose accuracy": [n for n, t in tested.items() if t.significant and t.comparison.difference < 0],
        "they still gain": [n for n, t in tested.items() if t.significant and t.comparison.difference > 0],
        "no change is shown": [n for n, t in tested.items() if t.p is not None and not t.significant],
        "underpowered, so no test": [n for n, t in tested.items() if t.p is None],
    }
    parts = [
        f"{words}: {join_words([f'{name} ({_evidence(tested[name])})' for name in names])}"
        for words, names in groups.items()
        if names
    ]
    steps = join_words(sorted({f"{own.lag_steps:,.0f}" for _, own in watched_rows(analysis)}), last="or")
    return f"Watched cells in the second half of training, points in {steps} weight updates; {'; '.join(parts)}."


def _evidence(tested: Tested) -> str:
    """`−0.31 [−0.50, −0.12], p = 0.012, n = 10`."""
    c = tested.comparison
    interval = brackets(Cell(low=finite(c.low), high=finite(c.high)), 2)
    measured = f"{decimal(c.difference, 2, sign=True)} {interval}".strip()
    return ", ".join([measured, *([p_equals(tested.p)] if tested.p is not None else []), f"n = {c.n}"])


def _drops(analysis: Analysis) -> str:
    """How far below the own best, beside what noise makes of it."""
    listed = [
        f"{result.method} {decimal(own.summary('drop').mean, 2)} ({decimal(own.summary('chance').mean, 2)})"
        for result, own in watched_rows(analysis)
    ]
    if not listed:
        return ""
    return (
        "Points by which watched cells end below their own best, in brackets what weights that stand still would show "
        f"if every look drew its images anew: {join_words(listed)}."
    )


def _sharing(analysis: Analysis) -> str:
    """What an update does to near and far cells, over the rows where both occur."""
    gaps = sharing_gaps(analysis)
    if not gaps:
        return ""
    means = {result.method: (own.summary("near"), own.summary("far")) for result, own in watched_rows(analysis)}
    listed = [
        f"{name} {decimal(near.mean, 4, sign=True)} against {decimal(far.mean, 4, sign=True)}"
        for name, (near, far) in means.items()
        if name in gaps
    ]
    things = shared_unit(analysis).things
    text = (
        f"Change of loss (nats) that one update brings to a cell that shares {MANY} {things} or more with the trained "
        f"one, against one that shares none: {join_words(listed)}"
    )
    if all(gap.comparison.underpowered for gap in gaps.values()):
        return f"{text}; underpowered, so no test."
    shown = [name for name, gap in gaps.items() if gap.significant]
    return f"{text}; the two differ for {join_words(shown)}." if shown else f"{text}; none of these differ measurably."


def _asked(answered: Sequence[Answer]) -> str:
    """Which questions have an answer about the second half of training, the part that learning disturbs least."""
    tests = [(answer, answer.forgetting["late_change"]) for answer in answered if "late_change" in answer.forgetting]
    if not tests:
        return ""
    if all(tested.comparison.underpowered for _, tested in tests):
        return f"Which of two rows forgets less is open: fewer than {MINIMUM_PAIRS} shared seeds (underpowered)."
    shown = [
        f"{answer.name} {decimal(tested.comparison.difference, 2, sign=True)} points ({p_equals(tested.p)})"
        for answer, tested in tests
        if tested.significant
    ]
    if not shown:
        questions = f"{len(tests)} question{'' if len(tests) == 1 else 's'}"
        return f"Of {questions} none shows a difference in how accuracies change in the second half of training."
    return f"Change over a lag in the second half of training, differences that are shown: {join_words(shown)}."
