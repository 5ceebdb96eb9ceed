"""One drawing of all statements that could be judged: how far ours is from each bound, in a unit that all share.

Statements are about accuracies, perplexities, τ and shares. What they have in common is how sure we are: the distance
of our mean from the stated bound is measured in half-widths of its own 95 % interval, so an interval always reaches one
unit to both sides (about so where it was resampled), and one that leaves out 0 leaves out the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter

from nasrepro.metrics.significance import MINIMUM_PAIRS
from nasrepro.reporting.site.claims_rows import PaperClaims, PlacedClaim
from nasrepro.reporting.style import (
    BLUE,
    INK,
    MUTED,
    PAPER,
    VERMILION,
    WIDE,
    Drawing,
    finish,
    new_figure,
    styled,
)
from nasrepro.reporting.table_model import MINUS

_ROW, _HEAD, _ENDS = 0.168, 2.2, 1.15
"""Inches of a row and of both ends together; rows that a paper's name takes."""
_LINEAR = 2.0
"""Half-widths up to which the axis is linear."""
_LOOKS = {
    "holds": (BLUE, "o", BLUE),
    "reproduced": (BLUE, "o", BLUE),
    "inconclusive": (MUTED, "D", PAPER),
    "contradicted": (VERMILION, "X", VERMILION),
    "not reproduced": (VERMILION, "X", VERMILION),
}
"""Color, marker and the marker's filling."""


@dataclass(frozen=True)
class Standing:
    """Where a statement's mean and interval lie, in half-widths of the interval from the bound; positive is the stated
    side."""

    claim: PlacedClaim
    mean: float
    low: float
    high: float


def standing(claim: PlacedClaim) -> Standing | None:
    """None where there is no bound, no interval of positive width, or too few seeds to judge."""
    row = claim.row
    if row.bound is None or row.effect is None or row.low is None or row.high is None or row.n < MINIMUM_PAIRS:
        return None
    half = (row.high - row.low) / 2
    if not half > 0:
        return None
    sign = 1 if row.relation == "above" else -1
    ends = sorted(sign * (end - row.bound) / half for end in (row.low, row.high))
    return Standing(claim, sign * (row.effect - row.bound) / half, ends[0], ends[1])


def claims_figure(papers: Sequence[PaperClaims]) -> Drawing | None:
    """A row per judged statement and place, a block per paper, in two columns; None where none can be drawn."""
    blocks = [
        (own.paper.short, [place for claim in own.claims if (place := standing(claim)) is not None]) for own in papers
    ]
    blocks = [(name, rows) for name, rows in blocks if rows]
    if not blocks:
        return None
    columns = _columns(blocks)
    longest = max(_length(column) for column in columns)
    with styled():
        figure = new_figure(WIDE, _ENDS + _ROW * longest)
        panels = figure.subplots(1, len(columns), sharex=True, squeeze=False)[0]
        limit = 1.3 * max(abs(end) for _, rows in blocks for row in rows for end in (row.low, row.high, 3.0))
        for axes, column in zip(panels, columns, strict=True):
            _draw(axes, column, longest, limit)
        shown = {row.claim.word for _, rows in blocks for row in rows}
        figure.legend(handles=_legend(shown), loc="outside upper left", ncols=len(_LOOKS))
        return finish(
            figure,
            name="claims",
            title="How far ours is from what the papers state",
            caption=_caption(papers, sum(len(rows) for _, rows in blocks)),
            provenance="Numbers as in the tables below.",
            wide=True,
        )


def _length(column: Sequence[tuple[str, Sequence[Standing]]]) -> float:
    return sum(_HEAD + len(rows) for _, rows in column)


def _columns(blocks: list[tuple[str, list[Standing]]]) -> list[list[tuple[str, list[Standing]]]]:
    """One or two columns of whole blocks, in order, as equally long as can be."""
    if len(blocks) < 2:
        return [blocks]
    cuts = [[blocks[:cut], blocks[cut:]] for cut in range(1, len(blocks))]
    return min(cuts, key=lambda columns: max(_length(column) for column in columns))


def _draw(axes: Axes, column: Sequence[tuple[str, Sequence[Standing]]], longest: float, limit: float) -> None:
    axes.axvspan(-1, 1, color=MUTED, alpha=0.09, linewidth=0)
    axes.axvline(0, color=INK, linewidth=0.9)
    place, ticks, names = 0.0, [], []
    for name, rows in column:
        axes.annotate(
            name,
            xy=(0, place + 0.9),
            xycoords=("axes fraction", "data"),
            xytext=(-4, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=8.5,
            fontweight="bold",
        )
        place += _HEAD - 0.4
        for row in rows:
            _draw_row(axes, place, row)
            ticks.append(place)
            said = row.claim.row
            every = ", every run" if said.every else ""
            names.append(f"{said.item.partition('/')[2]} · {said.benchmark}{every}  {row.claim.number}")
            place += 1
        place += 0.4
    axes.set_yticks(ticks, names, fontsize=6.8)
    axes.set_ylim(longest, 0)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    axes.set_xscale("symlog", linthresh=_LINEAR, linscale=1.2)
    steps = [step for step in (1, 3, 10, 30, 100, 300, 1000) if step < limit]
    axes.set_xlim(-limit, limit)
    axes.xaxis.set_major_locator(FixedLocator([-step for step in reversed(steps)] + [0, *steps]))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}".replace("-", MINUS)))
    axes.set_xlabel("distance from the bound, in half-widths of the interval\n← against the paper · on its side →")


def _draw_row(axes: Axes, place: float, row: Standing) -> None:
    color, marker, filling = _LOOKS[row.claim.word]
    axes.plot([row.low, row.high], [place, place], color=color, linewidth=1.3, solid_capstyle="butt", zorder=3)
    axes.plot(
        [row.mean],
        [place],
        marker=marker,
        markersize=5 if marker != "X" else 5.8,
        color=color,
        markerfacecolor=filling,
        markeredgecolor=PAPER if filling == color else color,
        markeredgewidth=0.5 if filling == color else 1.1,
        zorder=4,
    )


def _legend(words: set[str]) -> list[Line2D]:
    return [
        Line2D([], [], color=color, marker=marker, markerfacecolor=filling, markersize=5.5, linewidth=1.3, label=word)
        for word, (color, marker, filling) in _LOOKS.items()
        if word in words
    ]


def _caption(papers: Sequence[PaperClaims], drawn: int) -> str:
    bounded = sum(claim.row.bound is not None and claim.sought for own in papers for claim in own.claims)
    left = bounded - drawn
    text = (
        "A row is a statement at one of our places; its number is that of the tables below. The dot is our mean over "
        "seeds, the line its 95 % interval, both as distances from the bound that the paper states, turned so that its "
        "side is right. The unit is half the width of the row's own interval: only so can accuracies, perplexities and "
        "τ share an axis, and it says how clearly a mean lies on a side, not how large the effect is. In the grey band "
        "the interval holds the bound. The axis is linear to 2 and logarithmic beyond. The verdict is the mark's "
        "shape and color; it comes from the adjusted permutation test, or from the single runs where the paper speaks "
        "of every run: there one run on the other side contradicts it, wherever the mean lies."
    )
    if left:
        text += (
            f" Not drawn: {left} of {bounded} measured statements with a bound, for fewer than {MINIMUM_PAIRS} seeds "
            "or seeds that all agree to the last digit."
        )
    return text
