"""Rows of dots: every run of a method, its mean with an interval, and fixed values that all rows stand beside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from nasrepro.metrics.summary import summarize
from nasrepro.reporting.style import INK, MUTED, PAPER, Look
from nasrepro.reporting.table_model import decimal

LONG = 28
"""Letters of a name that take half of the panel."""


@dataclass(frozen=True)
class DotRow:
    """One name and its values, a dot each."""

    label: str
    values: Sequence[float]
    look: Look


def draw_rows(axes: Axes, rows: Sequence[DotRow]) -> None:
    """Rows from top to bottom: dots, and above them the mean with its 95 % interval where there are several."""
    for place, row in enumerate(rows):
        values = np.array([value for value in row.values if math.isfinite(value)])
        # a fixed spread instead of a random one: equal records give equal figures
        offsets = 0.18 * (((np.arange(values.size) * 0.618) % 1) - 0.5) if values.size > 1 else np.zeros(values.size)
        edge: dict[str, Any] = {} if row.look.marker == "x" else {"edgecolors": PAPER}
        axes.scatter(
            values,
            place + 0.14 + offsets,
            s=25,
            color=row.look.color,
            marker=row.look.marker,
            alpha=0.8,
            linewidths=0.6,
            **edge,
        )
        summary = summarize(values.tolist())
        if summary.n > 1 and math.isfinite(summary.low):
            axes.plot([summary.low, summary.high], [place - 0.2] * 2, color=INK, linewidth=1.4)
            axes.plot([summary.mean], [place - 0.2], marker="|", markersize=8, markeredgewidth=2.2, color=INK)
    axes.set_yticks(range(len(rows)), [_in_lines(row.label) for row in rows])
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)


def _in_lines(label: str) -> str:
    """A long name with the settings of its row below the method, so that the panel keeps its width."""
    lines = label.split("\n")
    return "\n".join(line.replace(" · ", "\n", 1) if len(line) > LONG else line for line in lines)


def draw_lines(axes: Axes, lines: Sequence[tuple[str, float]]) -> None:
    """Lines through all rows; their names stand above the panel, a line of text each. Wants the limits set."""
    low, high = axes.get_xlim()
    for number, (name, value) in enumerate(lines):
        axes.axvline(value, color=MUTED, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)
        axes.annotate(
            f"{name}, {decimal(value, 2)}",
            xy=(value, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(3, 3 + 10 * number),
            textcoords="offset points",
            ha="right" if value > (low + high) / 2 else "left",
            va="bottom",
            fontsize=7.5,
            color=MUTED,
        )
