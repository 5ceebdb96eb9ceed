"""Places of all cells of a small space, drawn: of answers, by number of shared matrices, while training goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nasrepro.papers.cells_figure import View
from nasrepro.records.record import RunRecord
from nasrepro.reporting.cells_study import SharedCells, places_of, short_name
from nasrepro.reporting.cells_values import Trainings, rank_of
from nasrepro.reporting.dot_rows import DotRow, draw_rows
from nasrepro.reporting.probe_figure import entitle
from nasrepro.reporting.style import INK, MUTED, PAPER, Look, looks
from nasrepro.reporting.table_model import seed_text

_MATRICES = ("#009e73", "#e69f00", "#d55e00", "#7a3b00")
"""From nothing shared on."""
_BY_PLACE = mpl.colormaps["viridis"]
_LIGHTEST = 0.88
"""Of the color map that is still seen on paper."""


def draw_strip(figure: Figure, cells: int, answers: Mapping[str, Sequence[RunRecord]]) -> str:
    """A row per policy over the true places of all cells: a marker where seeds landed, with their number."""
    axes = figure.subplots()
    styles = looks(list(answers))
    for row, (label, records) in enumerate(answers.items()):
        counts = Counter(place for record in records if np.isfinite(place := rank_of(record)))
        axes.hlines(row, 1, cells, color=MUTED, linewidth=0.8, zorder=1)
        axes.scatter(range(1, cells + 1), [row] * cells, s=9, color=PAPER, edgecolors=MUTED, linewidths=0.7, zorder=2)
        for place, count in counts.items():
            axes.scatter([place], [row], s=80 + 18 * count, color=styles[label].color, zorder=3)
            axes.annotate(
                str(count),
                xy=(place, row),
                ha="center",
                va="center",
                fontsize=7.5,
                color=PAPER,
                fontweight="bold",
                zorder=4,
            )
    seeds = [seed_text([record.spec.seed for record in records]) for records in answers.values()]
    names = [f"{label}\nseeds {own}" for label, own in zip(answers, seeds, strict=True)]
    axes.set_yticks(range(len(answers)), names)
    axes.set_ylim(len(answers) - 0.5, -0.5)
    axes.set_xlim(0.2, cells + 0.8)
    axes.set_xticks([1, *range(5, cells + 1, 5)])
    axes.set_xlabel("true place of the answer   (1 is the best cell)")
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    axes.set_title(f"All {cells} cells in their true order")
    return "A marker is a cell that a policy answered with; the number says with how many of its seeds."


def draw_matrices(figure: Figure, own: SharedCells) -> str:
    """The cells in the order of shared weights, colored by how many matrices they share; places of each number."""
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    mean = own.final.mean(axis=0)
    spread = own.final.std(axis=0, ddof=1) if len(own.final) > 1 else np.zeros(mean.size)
    order = np.argsort(mean, kind="stable")
    numbers = sorted(set(own.matrices.tolist()))
    for number in numbers:
        x = np.flatnonzero(own.matrices[order] == number)
        at = order[x]
        left.errorbar(
            x + 1,
            mean[at],
            yerr=spread[at],
            fmt="o",
            color=_MATRICES[number],
            markersize=7,
            elinewidth=1.0,
            capsize=2,
            label=f"{number} shared",
        )
    left.set_xticks(np.arange(order.size) + 1, [short_name(own.cells[k]) for k in order], rotation=60, ha="right")
    left.tick_params(axis="x", labelsize=7.5)
    left.set_ylabel("validation perplexity under shared weights")
    left.legend(loc="upper left")
    entitle(left, f"All {order.size} cells", f"mean ± sample standard deviation, n = {len(own.seeds)} runs")
    places = places_of(own.final)
    rows = [
        DotRow(f"{number}", places[:, own.matrices == number].mean(axis=1).tolist(), Look(_MATRICES[number], "o", "-"))
        for number in numbers
    ]
    draw_rows(right, rows)
    right.set_xlim(0.5, order.size + 0.5)
    right.set_xlabel("mean place (1 is best)")
    right.set_ylabel("shared matrices")
    entitle(right, "By number of shared matrices", "a dot is one run")
    return (
        "Cells named by the activation of the free node and the state that it reads. A matrix counts as shared where "
        "other cells train it too: those of the nodes before, as far as the free node depends on them."
    )


def draw_trainings(figure: Figure, view: View, own: Trainings) -> str:
    """Place of every cell while it is trained by itself, colored by its last one."""
    mean = np.nanmean(own.perplexity, axis=0).T
    axes = figure.subplots()
    end = own.epochs[-1]
    _lines(axes, np.array(own.epochs, dtype=float), places_of(mean), mean[-1], own.cells)
    for share in view.marks:
        axes.axvline(share * end, color=INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=4)
    axes.set_xlabel("epochs of training")
    entitle(axes, "By validation perplexity", f"mean of {own.perplexity.shape[0]} trainings of each cell")
    marks = ", ".join(f"{100 * share:g} %" for share in view.marks)
    return "A line is a cell, the best on top; the color is its place at the end." + (
        f" Dashed: {marks} of the training." if marks else ""
    )


def draw_shared_training(figure: Figure, own: SharedCells) -> str:
    """Place of every cell under shared weights while these are trained, colored by its true one."""
    axes = figure.subplots()
    mean = places_of(own.shared).mean(axis=0)
    in_line = np.argsort(np.argsort(mean, axis=-1, kind="stable"), axis=-1) + 1.0  # equal means side by side
    _lines(axes, np.array(own.steps, dtype=float), in_line, own.truth, own.cells)
    axes.set_xlabel("weight updates of the shared weights")
    entitle(axes, "By perplexity under shared weights", f"order of the mean places over {len(own.seeds)} runs")
    return (
        "A line is a cell, the best on top. The color is its true place "
        f"({own.truth_words}): were shared weights to order cells rightly, colors would be sorted at the right end."
    )


def _lines(axes: Axes, x: np.ndarray, places: np.ndarray, worth: np.ndarray, cells: Sequence[str]) -> None:
    """A line per cell, `places` (looks, cells), colored by the order of `worth`, smallest best."""
    rank = places_of(worth)
    count = len(cells)
    for k in np.argsort(-rank):
        color = _BY_PLACE(_LIGHTEST * (rank[k] - 1) / max(1, count - 1))
        axes.plot(x, places[:, k], color=color, linewidth=1.5, marker="o", markersize=3, zorder=3)
        axes.annotate(
            short_name(cells[k]),
            xy=(x[-1], places[-1, k]),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.5,
            color=color,
            annotation_clip=False,
        )
    axes.set_ylim(count + 0.8, 0.2)
    axes.set_yticks([1, *range(5, count + 1, 5)])
    axes.set_ylabel("place (1 is best)")
    axes.set_xlim(x[0], x[-1])
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.grid(axis="x", visible=False)
