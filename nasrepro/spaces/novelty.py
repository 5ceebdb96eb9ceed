"""How far cells are from each other, and how novel they are beside an archive of cells, many at a time.

Cells are rows of operation codes, one column per edge. The distance of two cells is the share of edges whose operation
differs; the novelty of a cell is its mean distance to the k nearest cells of an archive (Zhang et al., NSAS, Eq. 7;
EN²AS, Eq. 6).
"""

from __future__ import annotations

import numpy as np


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Share of columns that differ, between every row of `a` (n, E) and every row of `b` (m, E): (n, m) in [0, 1]."""
    found: np.ndarray = _counts(a, b) / a.shape[1]
    return found


def novelty(codes: np.ndarray, archive: np.ndarray, k: int) -> np.ndarray:
    """Mean distance of each row of `codes` (n, E) to the `k` nearest rows of `archive` (m, E): (n,) in [0, 1].

    An archive row that equals a row of `codes` is one of its neighbors, at distance 0. `k` is at most m, or
    `ValueError` is raised.
    """
    if not 1 <= k <= len(archive):
        raise ValueError(f"{k} nearest neighbors of an archive of {len(archive)}; allowed: 1 to its size")
    # Whole numbers are summed and divided once, so that equal cells are equally novel to the last bit.
    nearest = np.partition(_counts(codes, archive), k - 1, axis=1)[:, :k]
    found: np.ndarray = nearest.sum(axis=1, dtype=np.int64) / (k * codes.shape[1])
    return found


def _counts(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Number of columns that differ (n, m), for fewer than 256 columns; the long axes innermost, which is quickest."""
    ours, theirs = np.ascontiguousarray(a.T), np.ascontiguousarray(b.T)
    differs = (ours[:, :, None] != theirs[:, None, :]).view(np.uint8)
    found: np.ndarray = differs.sum(axis=0, dtype=np.uint8)
    return found
