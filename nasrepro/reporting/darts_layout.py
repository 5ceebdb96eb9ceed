"""Where the nodes of a DARTS cell stand and where the names of its operations have room.

A node stands in the column of its depth, so every edge points to the right. Heights are chosen by trying all of a
coarse grid: edges shall pass no other node, cross seldom and be short. Everything is in inches, so that distances mean
something.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nasrepro.spaces.darts_genotype import Cell

RADIUS = 0.11
_INPUT_HEIGHT = 0.75
"""Of the two inputs above and below the middle, in halves of the panel."""
_OUTPUT_NEARER = 0.35
"""Of a column, by which the output is nearer than a node: its edges have no names."""
_LEVELS = 9
_MOST_LAYOUTS = 60_000
_CLEAR = 0.25
"""Inches that an edge keeps from a node it does not belong to."""
_BEND = 0.17
"""Inches by which two edges with the same ends leave the straight line between them."""
_LABEL = (0.34, 0.12)
"""Room that a name takes, in inches."""
_POINTS = np.linspace(0.0, 1.0, 61)


@dataclass(frozen=True)
class Line:
    """One choice of a node as a curve."""

    source: int
    target: int
    op: int
    points: np.ndarray
    """From rim to rim, (n, 2)."""
    label: tuple[float, float]
    """Middle of the operation's name."""


@dataclass(frozen=True)
class Layout:
    """A cell in a panel of `width` × `height` inches, whose origin is the middle of its left border."""

    states: tuple[tuple[float, float], ...]
    """Middles of the inputs 0 and 1 and of the nodes; last of the output."""
    lines: tuple[Line, ...]
    outputs: tuple[int, ...]
    """States that are part of the output."""


def layout(cell: Cell, width: float, height: float) -> Layout:
    """The same for the same cell, always."""
    depths = _depths(cell)
    margin = RADIUS + 0.06
    columns = np.array([*depths[:-1], depths[-1] - _OUTPUT_NEARER])
    x = margin + (width - 2 * margin) * columns / columns[-1]
    pairs = [(state, number + 2) for number, node in enumerate(cell.nodes) for _, state in node]
    ends = [(state, len(depths) - 1) for state in cell.concat]
    y = _heights(x, list(dict.fromkeys(pairs)), ends, height / 2 - RADIUS - 0.02)
    places = np.stack([x, y], axis=1)
    curves = [_curve(places[pair[0]], places[pair[1]], _bend(pairs, index)) for index, pair in enumerate(pairs)]
    labels = _labels(curves, places)
    ops = [op for node in cell.nodes for op, _ in node]
    lines = tuple(
        Line(source, target, op, curve, (float(at[0]), float(at[1])))
        for (source, target), op, curve, at in zip(pairs, ops, curves, labels, strict=True)
    )
    return Layout(tuple((float(a), float(b)) for a, b in places), lines, cell.concat)


def _depths(cell: Cell) -> list[int]:
    """Columns of the inputs, the nodes and the output."""
    depths = [0, 0]
    for node in cell.nodes:
        depths.append(1 + max(depths[state] for _, state in node))
    return [*depths, max(depths) + 1]


def _heights(
    x: np.ndarray, pairs: Sequence[tuple[int, int]], ends: Sequence[tuple[int, int]], top: float
) -> np.ndarray:
    """The best of all combinations of levels, (states,)."""
    free = len(x) - 3
    count = next(n for n in range(_LEVELS, 1, -1) if n**free <= _MOST_LAYOUTS or n == 2)
    levels = np.linspace(-top, top, count)
    choices = np.array(list(itertools.product(levels, repeat=free)))
    fixed = np.full((len(choices), 1), _INPUT_HEIGHT * top)
    y = np.concatenate([fixed, -fixed, choices, 0 * fixed], axis=1)
    cost = _crowding(x, y) + _crossings(x, y, pairs) + 0.1 * _crossings(x, y, [*pairs, *ends])
    for weight, edges in ((1.0, pairs), (0.4, ends)):
        for source, target in edges:
            cost += weight * _passing(x, y, source, target) + 0.4 * weight * np.abs(y[:, target] - y[:, source])
    found: np.ndarray = y[cost.argmin()]
    return found


def _crowding(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Nodes of one column stand apart."""
    cost = np.zeros(len(y))
    for a, b in itertools.combinations(range(len(x)), 2):
        if x[a] == x[b]:
            cost += 50 * np.clip(1 - np.abs(y[:, a] - y[:, b]) / (2.9 * RADIUS), 0, None)
    return cost


def _passing(x: np.ndarray, y: np.ndarray, source: int, target: int) -> np.ndarray:
    """How closely an edge passes the other nodes."""
    cost = np.zeros(len(y))
    dx, dy = x[target] - x[source], y[:, target] - y[:, source]
    for other in set(range(len(x))) - {source, target}:
        along = ((x[other] - x[source]) * dx + (y[:, other] - y[:, source]) * dy) / (dx**2 + dy**2)
        along = np.clip(along, 0, 1)
        far = np.hypot(x[source] + along * dx - x[other], y[:, source] + along * dy - y[:, other])
        cost += 12 * np.clip(1 - far / _CLEAR, 0, None)
    return cost


def _crossings(x: np.ndarray, y: np.ndarray, edges: Sequence[tuple[int, int]]) -> np.ndarray:
    """How many pairs of straight edges cross between their ends."""
    count = np.zeros(len(y))
    for one, other in itertools.combinations(edges, 2):
        left, right = max(x[one[0]], x[other[0]]), min(x[one[1]], x[other[1]])
        if left < right and not set(one) & set(other):
            gaps = [_at(x, y, one, place) - _at(x, y, other, place) for place in (left, right)]
            count += gaps[0] * gaps[1] < 0
    return count


def _at(x: np.ndarray, y: np.ndarray, edge: tuple[int, int], place: float) -> np.ndarray:
    """Height of an edge at a place."""
    source, target = edge
    share = (place - x[source]) / (x[target] - x[source])
    found: np.ndarray = y[:, source] + share * (y[:, target] - y[:, source])
    return found


def _bend(pairs: Sequence[tuple[int, int]], index: int) -> float:
    """Nothing, or one way for the first and the other way for the second of two edges with the same ends."""
    if pairs.count(pairs[index]) == 1:
        return 0.0
    return _BEND if pairs.index(pairs[index]) == index else -_BEND


def _curve(start: np.ndarray, end: np.ndarray, bend: float) -> np.ndarray:
    """From rim to rim, (n, 2)."""
    way = end - start
    long = float(np.hypot(*way))
    aside = np.array([-way[1], way[0]]) / long * bend * 2
    t = _POINTS[:, None]
    points = (1 - t) ** 2 * start + 2 * t * (1 - t) * ((start + end) / 2 + aside) + t**2 * end
    from_start, from_end = (np.hypot(*(points - node).T) for node in (start, end))
    inside: np.ndarray = points[(from_start >= RADIUS) & (from_end >= RADIUS + 0.015)]
    return inside


def _labels(curves: Sequence[np.ndarray], places: np.ndarray) -> list[np.ndarray]:
    """A point of every curve where its name hides as little as possible; short curves, which have no choice, first."""
    found: dict[int, np.ndarray] = {}
    for index in sorted(range(len(curves)), key=lambda i: len(curves[i])):
        curve = curves[index]
        middle = curve[len(curve) // 5 : len(curve) - len(curve) // 5]
        others = np.concatenate([other for number, other in enumerate(curves) if number != index])
        taken = np.array(list(found.values())).reshape(-1, 2)
        cost = 3.0 * _overlap(middle, places, 1.2) + 0.35 * _overlap(middle, others, 0.55)
        cost += 5.0 * _overlap(middle, taken, 1.0)
        cost += 0.3 * np.abs(np.linspace(-1, 1, len(middle)))
        found[index] = middle[cost.argmin()]
    return [found[index] for index in range(len(curves))]


def _overlap(points: np.ndarray, others: np.ndarray, size: float) -> np.ndarray:
    """How much names at `points` (n, 2) would lie over other things, summed over these: (n,)."""
    apart = np.abs(points[:, None] - others[None]) / (size * np.array(_LABEL))
    found: np.ndarray = np.clip(1 - apart.max(axis=2), 0, None).sum(axis=1)
    return found
