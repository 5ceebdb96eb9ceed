"""Facts about all 15,625 cells as arrays in the official index order, for statistics over the whole space."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from nasrepro.spaces import nb201, nb201_costs, nb201_equivalence
from nasrepro.spaces.base import Skeleton


@cache
def reaches_output() -> np.ndarray:
    """False for the 341 cells whose output does not depend on their input; bool (15625,), read-only."""
    return _column([nb201_equivalence.live_edges(ops) != () for ops in _cells()], np.bool_)


@cache
def functional_classes() -> np.ndarray:
    """The number of each cell's functional class, 0 … 5043 by first appearance; int64 (15625,), read-only."""
    return _numbered(nb201_equivalence.functional_key)


@cache
def official_classes() -> np.ndarray:
    """The number of each cell's official class, 0 … 6465 by first appearance; int64 (15625,), read-only."""
    return _numbered(nb201_equivalence.official_string)


@cache
def live_conv_sizes() -> np.ndarray:
    """Relative size of the convolutions on a path from input to output; int64 (15625,), read-only."""
    return _column([nb201_costs.live_conv_size(ops) for ops in _cells()], np.int64)


@cache
def params(skeleton: Skeleton) -> np.ndarray:
    """Parameters of the stand-alone network of every cell; int64 (15625,), read-only."""
    table = nb201.op_table()
    counts = np.stack([(table == op).sum(axis=1) for op in (nb201.CONV1, nb201.CONV3)], axis=1)
    kinds, kind = np.unique(counts, axis=0, return_inverse=True)
    found = np.array([nb201_costs.cost(int(one), int(three), skeleton).params for one, three in kinds])
    return _column(found[kind.ravel()], np.int64)


def _numbered(key: Callable[[tuple[int, ...]], str]) -> np.ndarray:
    numbers: dict[str, int] = {}
    return _column([numbers.setdefault(key(ops), len(numbers)) for ops in _cells()], np.int64)


def _cells() -> list[tuple[int, ...]]:
    return [tuple(ops) for ops in nb201.op_table().tolist()]


def _column(values: object, dtype: type[np.generic]) -> np.ndarray:
    column = np.array(values, dtype=dtype)
    column.setflags(write=False)
    return column
