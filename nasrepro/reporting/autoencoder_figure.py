"""How much worth changes with the distance in a latent space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from nasrepro.records.autoencoder import AutoencoderStudy, Gap
from nasrepro.reporting.autoencoder_tables import labels
from nasrepro.reporting.style import INK, WIDE, Drawing, finish, label_line, looks, new_figure


def smoothness_figure(study: AutoencoderStudy, provenance: str) -> Drawing:
    """Mean differences to the neighbours of a cell by their rank of distance: of accuracy and of rank."""
    figure = new_figure(WIDE, 4.0)
    left, right = figure.subplots(1, 2)
    _panel(left, study, lambda gap: gap.accuracy, "difference of accuracy (points)")
    _panel(right, study, lambda gap: gap.rank, "difference of rank (% of the cells)")
    handles, names = left.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    space = study.reference
    caption = (
        f"Around each of {space.sample:,} cells all others are sorted by distance and grouped by their place in that "
        "order; drawn is the mean absolute difference between the cell and a group. Means over training seeds; the "
        "shading is their range. The dashed line sorts by the number of edges that differ, which needs no training. "
        "A map that puts like beside like starts low and rises."
    )
    return finish(
        figure,
        name="smoothness",
        title="How worth changes with distance",
        caption=caption,
        provenance=provenance,
        wide=True,
    )


def _panel(axes: Axes, study: AutoencoderStudy, part: Callable[[Gap], float], label: str) -> None:
    space, kinds = study.reference, labels(study)
    bounds = np.array(space.bounds, dtype=float)
    middle = 100 * np.sqrt((bounds[:-1] + 1) * bounds[1:]) / (space.cells - 1)
    styles = looks(kinds)
    for kind in kinds:
        curves = np.array([[part(gap) for gap in m.gaps] for m in study.measures if m.label == kind])
        look = styles[kind]
        axes.plot(
            middle, curves.mean(0), color=look.color, linestyle=look.dash, marker=look.marker, markersize=3, label=kind
        )
        axes.fill_between(middle, curves.min(0), curves.max(0), color=look.color, alpha=0.15, linewidth=0)
    _line(axes, middle, [part(gap) for gap in space.by_edges])
    label_line(axes, part(space.random_pairs), "random pairs", left=True)
    axes.set_xscale("log")
    ticks = (0.01, 0.1, 1, 10, 100)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("neighbours by distance (% of the cells that are nearer)")
    axes.set_ylabel(label)


def _line(axes: Axes, x: np.ndarray, y: Sequence[float]) -> None:
    dash: Any = (0, (4, 2))
    axes.plot(x, y, color=INK, linestyle=dash, linewidth=1.2, label="by edges that differ")
