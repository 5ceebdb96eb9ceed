"""How far paths are from each other, and how novel they are beside an archive of paths, many at a time.

Paths are rows of decisions. The distance of two paths is the share of decisions that differ; the novelty of a path is
its mean distance to the k nearest paths of an archive (Zhang et al., NSAS, Eq. 7; EN²AS, Eq. 6).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nasrepro.spaces.base import Space


def distances(space: Space[Any], a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Share of decisions that differ, between every row of `a` (n, L) and every row of `b` (m, L): (n, m) in [0, 1]."""
    found: np.ndarray = space.differing(a, b) / a.shape[1]
    return found


def novelty(space: Space[Any], paths: np.ndarray, archive: np.ndarray, k: int) -> np.ndarray:
    """Mean distance of each row of `paths` (n, L) to the `k` nearest rows of `archive` (m, L): (n,) in [0, 1].

    An archive row that equals a row of `paths` is one of its neighbors, at distance 0. `k` is at most m, or
    `ValueError` is raised.
    """
    if not 1 <= k <= len(archive):
        raise ValueError(f"{k} nearest neighbors of an archive of {len(archive)}; allowed: 1 to its size")
    # Whole numbers are summed and divided once, so that equal cells are equally novel to the last bit.
    nearest = np.partition(space.differing(paths, archive), k - 1, axis=1)[:, :k]
    found: np.ndarray = nearest.sum(axis=1, dtype=np.int64) / (k * paths.shape[1])
    return found
