"""The contrasts around zero: every pair of one seed, the mean difference, its interval."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from nasrepro.reporting.analysis import Analysis
from nasrepro.reporting.contrasts import Answer
from nasrepro.reporting.dot_rows import LONG, DotRow, draw_lines, draw_rows
from nasrepro.reporting.style import BLUE, HALF, MUTED, Drawing, Look, finish, new_figure
from nasrepro.reporting.table_model import MINUS

_SHOWN, _OPEN = Look(BLUE, "o", "-"), Look(MUTED, "D", "-")
_LINE, _ROOM = 0.17, 0.2
"""Inches that a line of a name takes, and those around each row."""


def contrast_figure(answered: Sequence[Answer], analysis: Analysis, provenance: str) -> Drawing | None:
    """A row per contrast with a dot per paired seed; None where no contrast has a pair."""
    main = analysis.primary
    rows = [
        DotRow(_label(answer), list(answer.differences.values()), _SHOWN if answer.tested.significant else _OPEN)
        for answer in answered
        if answer.differences
    ]
    if main is None or not rows:
        return None
    height = sum(max(_LINE * (row.label.count("\n") + 1) + _ROOM, 0.42) for row in rows)
    figure = new_figure(HALF, 1.2 + height)
    axes = figure.subplots()
    draw_rows(axes, rows)
    values = [0.0, *(value for row in rows for value in row.values)]
    pad = max(0.15 * (max(values) - min(values)), 0.1)
    axes.set_xlim(min(values) - pad, max(values) + pad)
    draw_lines(axes, [("no difference", 0.0)])
    unit = "accuracy (points)" if main.higher_is_better else "perplexity"
    axes.set_xlabel(f"difference in {main.split} {unit}\n← the first is worse   the first is better →")
    text = (
        "A dot is one seed that both rows have; the bar is the mean difference with its 95 % interval over seeds, cut "
        "off where it leaves the figure. Blue circles: the test shows a difference (Holm over these contrasts). Grey "
        "diamonds: it does not, or there are too few seeds for one."
    )
    return finish(
        figure, name="contrasts", title="The questions asked", caption=text, provenance=provenance, wide=False
    )


def _label(answer: Answer) -> str:
    """In lines that leave the panel its width."""
    if answer.asked.label:
        return textwrap.fill(answer.asked.label, LONG)
    return answer.pair if len(answer.pair) <= LONG else f"{answer.first}\n{MINUS} {answer.second}"
