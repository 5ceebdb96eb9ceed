"""One cell under many paths with one and the same input: what paths have in common is computed once."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from nasrepro.spaces.base import Path
from nasrepro.spaces.nb201 import EDGES, NODES, NONE, POOL, SKIP
from nasrepro.supernets.nb201_cell import NB201Cell
from nasrepro.supernets.pool import mean_pool

_PREFIX = [sum(target <= node for target, _ in EDGES) for node in range(NODES)]
"""How many of the path's operations, from the first on, decide the value of a node."""


class SharedInput:
    """Outputs of a supernet's `cell` for the input `x` (B, C, H, W), path by path.

    The latest map of every node and operation is kept, some twenty maps in all; when paths come in sorted order
    all cells of the space take 254 convolutions together, and otherwise only sums. For evaluation, without gradients.
    """

    def __init__(self, cell: NB201Cell, x: Tensor) -> None:
        self._cell, self._x = cell, x
        self._kept: dict[tuple[str, int, int], tuple[Path, Tensor | None]] = {}

    def output(self, path: Path) -> Tensor:
        """What the cell's `forward` returns for `path`; not to be changed in place."""
        found = self._node(NODES - 1, path)
        return torch.zeros_like(self._x) if found is None else found

    def _node(self, node: int, path: Path) -> Tensor | None:
        """The sum of all that arrives at a node; None when nothing does."""
        if node == 0:
            return self._x

        def arriving() -> Tensor | None:
            maps = [self._edge(edge, path) for edge, (target, _) in enumerate(EDGES) if target == node]
            fed = [item for item in maps if item is not None]
            return reduce(torch.add, fed) if fed else None

        return self._once(("node", node, 0), path[: _PREFIX[node]], arriving)

    def _edge(self, edge: int, path: Path) -> Tensor | None:
        op, source = path[edge], EDGES[edge][1]
        x = None if op == NONE else self._node(source, path)
        if x is None or op == SKIP:
            return x
        before = path[: _PREFIX[source]]
        if op == POOL:
            return self._once(("pool", source, op), before, lambda: mean_pool(x))
        active = self._once(("active", source, 0), before, lambda: F.relu(x))
        return self._once(("edge", edge, op), before, lambda: self._cell.candidate(edge, op)(active))

    def _once(self, what: tuple[str, int, int], given: Path, compute: Callable[[], Tensor | None]) -> Tensor | None:
        """`compute()`, unless it was done for the same operations before the map in question."""
        known = self._kept.get(what)
        if known is None or known[0] != given:
            known = self._kept[what] = given, compute()
        return known[1]
