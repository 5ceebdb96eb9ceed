"""What a map between cells and points is worth: does it spell cells, keep them apart, and put like beside like?

Points are (N, n) in Euclidean distance, one per cell; codes are (N, 6).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nasrepro.spaces.nb201 import EDGES, OPS, indices_of

_CHUNK = 256


@dataclass(frozen=True, eq=False)
class Nearest:
    """For every cell the other one whose point is nearest."""

    index: np.ndarray
    """(N,), int64."""
    distance: np.ndarray
    """(N,)."""

    def of_how_many(self) -> tuple[int, int, int]:
        """How many cells are the nearest neighbour of none, of one, of several others."""
        times = np.bincount(self.index, minlength=len(self.index))
        none, one = int(np.count_nonzero(times == 0)), int(np.count_nonzero(times == 1))
        return none, one, len(times) - none - one


def exact_share(found: np.ndarray, codes: np.ndarray) -> float:
    """Share of cells that come back with all six operations right; NaN for no cells."""
    return float((np.asarray(found) == codes).all(1).mean()) if len(codes) else float("nan")


def distinct(codes: np.ndarray) -> int:
    """How many different cells there are."""
    return len(np.unique(indices_of(codes)))


def sharing(found: np.ndarray) -> int:
    """How many cells decode to what another one decodes to as well; 0 where the map is injective."""
    _, which, times = np.unique(indices_of(found), return_inverse=True, return_counts=True)
    return int(np.count_nonzero(times[which] > 1))


def nearest(points: np.ndarray) -> Nearest:
    """The nearest other point of each; of several at one distance the first."""
    index = np.empty(len(points), dtype=np.int64)
    for rows, squares in _squared_distances(points, np.arange(len(points))):
        index[rows] = squares.argmin(1)
    return Nearest(index, _apart(points, index, np.arange(len(points))))


def nearest_of_class(points: np.ndarray, classes: np.ndarray) -> Nearest:
    """The nearest other member of a cell's own class; index −1 and distance ∞ for a cell without any."""
    index, distance = np.full(len(points), -1), np.full(len(points), np.inf)
    order = np.argsort(classes, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(classes[order])) + 1):
        if len(members) > 1:
            found = nearest(points[members])
            index[members], distance[members] = members[found.index], found.distance
    return Nearest(index, distance)


def one_edge_apart(codes: np.ndarray) -> np.ndarray:
    """Indices of the 24 cells that differ from each on one edge, (N, 24)."""
    found = []
    for edge in range(len(EDGES)):
        for shift in range(1, len(OPS)):
            other = np.array(codes, dtype=np.int64)
            other[:, edge] = (other[:, edge] + shift) % len(OPS)
            found.append(indices_of(other))
    return np.stack(found, axis=1)


def difference_of_pairs(worths: np.ndarray) -> np.ndarray:
    """Mean |Δ| of each of the m worths (N, m) over all pairs of different cells, (m,)."""
    n, ordered = len(worths), np.sort(worths, axis=0)
    found: np.ndarray = 2 * ((2 * np.arange(n) - n + 1) @ ordered) / (n * (n - 1))
    return found


@dataclass(frozen=True, eq=False)
class Surroundings:
    """How cells change with the distance from a cell, over a sample of cells."""

    differences: np.ndarray
    """(groups, m): mean |Δ| of each of the m worths of neighbours whose rank by distance lies between two bounds."""
    correlation: float
    """Pearson's, of the distance with the number of edges that differ."""


def rank_bounds(cells: int, groups: int) -> list[int]:
    """Ranks that cut the `cells − 1` neighbours of a cell into `groups` or fewer, evenly on a logarithmic scale."""
    return sorted({0, *(round(float(bound)) for bound in np.geomspace(1, cells - 1, groups))})


def surroundings(
    points: np.ndarray, codes: np.ndarray, worths: np.ndarray, sample: np.ndarray, bounds: Sequence[int]
) -> Surroundings:
    """Around each cell of `sample` (k,), all others sorted by the distance of their points; `worths` is (N, m)."""
    totals, moments = np.zeros((len(bounds) - 1, worths.shape[1])), np.zeros(5)
    for rows, squares in _squared_distances(points, sample):
        order = np.argsort(squares, axis=1, kind="stable")[:, :-1]  # the cell itself has the distance ∞
        gaps = np.abs(worths[order] - worths[sample[rows], None])
        totals += np.add.reduceat(gaps, bounds[:-1], axis=1).sum(0)
        distance = np.sqrt(np.take_along_axis(squares, order, axis=1))
        edges = (codes[order] != codes[sample[rows], None]).sum(2).astype(float)
        moments += [np.sum(part) for part in (distance, edges, distance**2, edges**2, distance * edges)]
    mean_d, mean_e, square_d, square_e, product = moments / (len(sample) * (len(points) - 1))
    spread = np.sqrt((square_d - mean_d**2) * (square_e - mean_e**2))
    return Surroundings(totals / (len(sample) * np.diff(bounds))[:, None], float((product - mean_d * mean_e) / spread))


def _squared_distances(points: np.ndarray, cells: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Positions in `cells`, and squared distances (rows, N) of their points to all; to a point itself ∞."""
    points = np.asarray(points, dtype=np.float64)
    points = points - points.mean(0)  # small numbers, so that little is lost in the difference
    squares = np.square(points).sum(1)
    for rows in np.array_split(np.arange(len(cells)), max(1, len(cells) // _CHUNK)):
        chosen = cells[rows]
        found = np.maximum(squares[chosen, None] + squares - 2 * points[chosen] @ points.T, 0)
        found[np.arange(len(rows)), chosen] = np.inf
        yield rows, found


def _apart(points: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distances between pairs of points, (k,): exactly 0 for points that coincide."""
    found: np.ndarray = np.linalg.norm(np.asarray(points, dtype=np.float64)[a] - points[b], axis=1)
    return found
