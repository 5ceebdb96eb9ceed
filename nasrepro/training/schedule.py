"""Learning-rate and temperature schedules as functions of the epoch."""

from __future__ import annotations

import math


def cosine(start: float, end: float, epoch: int, epochs: int) -> float:
    """Cosine from `start` at epoch 0 towards `end`, which epoch `epochs` would reach."""
    return end + (start - end) * (1 + math.cos(math.pi * epoch / epochs)) / 2


def linear(start: float, end: float, epoch: int, epochs: int) -> float:
    """Straight line from `start` at epoch 0 to `end` at the last epoch; `start` if there is only one."""
    return start + (end - start) * epoch / (epochs - 1) if epochs > 1 else start


def falling_line(start: float, epoch: int, epochs: int, tail: int = 5) -> float:
    """Straight line from `start` at epoch 0 to 0, which is reached `tail` epochs before the end; these epochs fall in
    a line from `start / tail` to 0 instead (P-DARTS on ImageNet). Without enough epochs for a tail, one line."""
    left = epochs - epoch
    if epochs <= tail:
        return start * left / epochs
    return start * (left - tail) / (epochs - tail) if left > tail else start * left / ((epochs - tail) * tail)


def warming(start: float, over: float, epochs: float) -> float:
    """Straight line from `start` at the beginning to 1 after `over` epochs, where it stays; `epochs` may be parts."""
    return start + (1 - start) * min(1.0, epochs / over)


def spread(points: int, epochs: int) -> tuple[int, ...]:
    """Numbers of finished epochs at which to look, at most `points` of them, evenly spread and ending at the end."""
    return tuple(sorted({max(1, round(epochs * k / points)) for k in range(1, points + 1)}))
