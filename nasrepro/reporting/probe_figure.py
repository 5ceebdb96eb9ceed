"""One-shot scores of the probe cells against their truth, a panel for each method."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from matplotlib.axes import Axes

from nasrepro.records.record import Checkpoint, Probes
from nasrepro.reporting.analysis import Analysis, MethodResult
from nasrepro.reporting.figures import row_looks
from nasrepro.reporting.ranking import by_chance, dead_cells
from nasrepro.reporting.style import HALF, MUTED, WIDE, Drawing, Look, finish, new_figure
from nasrepro.reporting.table_model import decimal

_COLUMNS = 3


def scatter_figure(analysis: Analysis, provenance: str, rows: Collection[str] | None = None) -> Drawing | None:
    """One-shot against true worth of the probe cells at the end of training, for the seed with the median τ.

    A panel per row of the analysis, or of those named.
    """
    shown = [result for result in analysis.methods if result.ranking is not None and result.ranking.taus]
    shown = [result for result in shown if rows is None or result.method in rows]
    if not shown:
        return None
    columns = min(len(shown), _COLUMNS)
    lines = -(-len(shown) // columns)
    wide = columns > 1
    figure = new_figure(WIDE if wide else HALF, 3.3 * lines if wide else 3.6)
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    styles = row_looks(analysis)
    for axes, result in zip(panels, shown, strict=False):
        _scatter(axes, result, styles[result.method])
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    first = shown[0].ranking
    assert first is not None
    dead = "Crosses are cells whose output does not depend on their input; those off the scale stand at its border. "
    text = (
        f"Probe cells at the end of training, for the seed with the median τ. {dead if first.dead is not None else ''}"
        f"τ is Kendall's τ-b over all of them.{by_chance(first.cells)}"
    )
    return finish(
        figure,
        name="one-shot-vs-truth",
        title=f"One-shot against true {first.scored_by}",
        caption=text,
        provenance=provenance,
        wide=wide,
    )


def _scatter(axes: Axes, result: MethodResult, look: Look) -> None:
    ranking = result.ranking
    assert ranking is not None
    ordered = sorted(ranking.taus, key=lambda seed: (ranking.taus[seed], seed))
    seed = ordered[(len(ordered) - 1) // 2]
    probes = next(record.probes for record in result.done if record.spec.seed == seed)
    assert probes is not None
    shown = f"τ = {decimal(ranking.taus[seed], 2)} (seed {seed})"
    if ranking.by_params is not None:
        shown += f"; parameter count τ = {decimal(ranking.by_params, 2)}"
    text = ranking.scored_by == "perplexity"
    probe_panel(axes, probes, probes.checkpoints[-1], look, text=text)
    axes.set_xlabel(f"truth: {ranking.truth} {'(perplexity)' if text else '(%)'}")
    axes.set_ylabel(f"one-shot validation {'perplexity' if text else 'accuracy (%)'}")
    entitle(axes, result.method, shown)


def probe_panel(axes: Axes, probes: Probes, checkpoint: Checkpoint, look: Look, *, text: bool = False) -> None:
    """Scores of the probe cells at one point of the training against their truth, without labels; perplexities where
    they are of a `text`."""
    truth = np.array([np.nan if value is None else value for value in probes.truth], dtype=float)
    inherited = np.exp(checkpoint.loss) if text else np.array(checkpoint.accuracy)
    dead = dead_cells(probes)
    marker = "o" if look.marker == "x" else look.marker
    axes.scatter(truth[~dead], inherited[~dead], s=16, color=look.color, marker=marker, alpha=0.65, linewidths=0)
    if dead.any() and not dead.all():
        _dead_at_the_border(axes, truth[dead], inherited[dead])


def entitle(axes: Axes, title: str, below: str) -> None:
    """A panel's title with a smaller line below it."""
    axes.set_title(title, pad=17)
    axes.annotate(
        below, xy=(0, 1), xycoords="axes fraction", xytext=(0, 5), textcoords="offset points", fontsize=7.5, color=MUTED
    )


def _dead_at_the_border(axes: Axes, truth: np.ndarray, inherited: np.ndarray) -> None:
    """Dead cells lie at chance, far from all others: on scale they would squeeze the rest into a corner."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    x, y = np.clip(truth, left, right), np.clip(inherited, bottom, top)
    axes.scatter(x, y, s=20, color=MUTED, marker="x", linewidths=1.1, clip_on=False, zorder=3)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
