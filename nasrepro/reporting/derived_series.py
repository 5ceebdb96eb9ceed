"""Curves of a run over its training: those that it measured of itself, and those that follow from its record."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from nasrepro.metrics.ranking import kendall_tau
from nasrepro.records.record import RunRecord
from nasrepro.records.watched import Watched
from nasrepro.reporting.grouping import primary
from nasrepro.reporting.ranking import merits, oriented_truth

Series = list[tuple[float, float]]
"""(x, y) points."""
TAU = "kendall tau"
"""Of one-shot accuracy, or perplexity, against truth over the probe cells (τ-b)."""
MEAN = "watched cells"
"""Mean inherited accuracy of the watched cells, in percent."""
ANSWER = "inherited accuracy of the answer"
"""Of the cell that the search would have answered with at that point of its trace: in percent, or a perplexity."""
WATCHED_TAU = "kendall tau of watched cells"
"""Of inherited accuracy against truth over the watched cells (τ-b)."""
CHANGE = "change of watched cells"
"""Mean absolute change of the watched cells' inherited accuracy since the look before, in points."""
TAUS = (TAU, WATCHED_TAU)
_CELL = re.compile(r"(truth of )?watched cell ([1-9]\d*)")


def series_of(record: RunRecord, name: str) -> Series:
    """The curve called `name`: one of the record's own series, else one that follows from it; empty where it has none.

    What follows is drawn over epochs of training: `kendall tau`, `inherited accuracy of the answer` at the points of
    the trace, `watched cells`, `watched cell 1` … (inherited accuracy in percent after the update that was looked at),
    `change of watched cells` from look to look, `kendall tau of watched cells`, and `truth of watched cell 1` …, a
    level from the first look to the last one.
    """
    if name in record.series:
        return record.series[name]
    per_epoch = _updates_per_epoch(record)
    if per_epoch is None:
        return []
    if name == TAU:
        points = _tau(record)
    elif name == ANSWER:
        points = [(point.at, point.selection_value) for point in record.trace if point.selection_value is not None]
    elif record.watched is None:
        points = []
    else:
        points = _watched_tau(record, record.watched) if name == WATCHED_TAU else _watched(record.watched, name)
    return [(step / per_epoch, y) for step, y in points]


def ranked_cells(record: RunRecord, name: str) -> int:
    """How many cells with a known truth the τ of this curve is over; 0 for a curve of anything else."""
    if name == TAU and record.probes is not None:
        return sum(value is not None for value in record.probes.truth)
    if name == WATCHED_TAU and record.watched is not None:
        return sum(value is not None for value in record.watched.truth)
    return 0


def _updates_per_epoch(record: RunRecord) -> float | None:
    """None where nothing was trained for a number of epochs."""
    block: Any = record.spec.settings.get("training")
    epochs = block.get("epochs") if isinstance(block, dict) else None
    return record.cost.steps / epochs if epochs and record.cost.steps else None


def _tau(record: RunRecord) -> Series:
    if record.probes is None:
        return []
    better = _higher_is_better(record)
    truth = oriented_truth(record.probes.truth, higher_is_better=better)
    return [
        (point.step, kendall_tau(merits(point, higher_is_better=better), truth)) for point in record.probes.checkpoints
    ]


def _watched_tau(record: RunRecord, watched: Watched) -> Series:
    truth = oriented_truth(watched.truth, higher_is_better=_higher_is_better(record))
    accuracy = inherited(watched)
    return [(look.step, kendall_tau(seen, truth)) for look, seen in zip(watched.looks, accuracy, strict=True)]


def _higher_is_better(record: RunRecord) -> bool:
    score = primary(record)
    return score is None or score.higher_is_better


def _watched(watched: Watched, name: str) -> Series:
    """Over weight updates."""
    steps, accuracy = [look.step for look in watched.looks], inherited(watched)
    match = _CELL.fullmatch(name)
    if name == MEAN:
        return list(zip(steps, accuracy.mean(axis=1).tolist(), strict=True))
    if name == CHANGE:
        moved = np.abs(np.diff(accuracy, axis=0)).mean(axis=1)
        return list(zip(steps[1:], moved.tolist(), strict=True))
    if match is None or int(match[2]) > len(watched.cells):
        return []
    cell = int(match[2]) - 1
    if not match[1]:
        return list(zip(steps, accuracy[:, cell].tolist(), strict=True))
    worth = watched.truth[cell]
    return [] if worth is None else [(step, worth) for step in (steps[0], steps[-1])]


def inherited(watched: Watched) -> np.ndarray:
    """Accuracy of the watched cells in percent, right after the updates that were looked at: (looks, cells)."""
    return np.array([look.after.right for look in watched.looks]) * 100.0 / watched.images
