"""The continuous relaxation of DARTS in one cell: every edge carries the weighted sum of all operations."""

from __future__ import annotations

from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from nasrepro.placement import places
from nasrepro.spaces.nb201 import CONV1, CONV3, EDGES, NODES, POOL, SKIP
from nasrepro.supernets.nb201_cell import NB201Cell
from nasrepro.supernets.pool import mean_pool


def mixed(cell: NB201Cell, x: Tensor, weights: Tensor) -> Tensor:
    """(B, C, H, W) → (B, C, H, W): node i = Σ_{j<i} Σ_o weights[(i, j), o] · o(node j) (Liu et al. 2019, Eq. 2).

    `weights` (6, 5) are taken as they are; that of `none` merely has its share of them. A node is rectified and
    pooled once, the convolutions of one kind leaving it run as one, and their normalisation applies the weights.
    """
    arriving: list[list[Tensor]] = [[] for _ in range(NODES)]
    value = x
    for source in range(NODES - 1):
        edges = [edge for edge, (_, start) in enumerate(EDGES) if start == source]
        leaving = places(edges, weights.device)
        active, pooled = F.relu(value), mean_pool(value)
        small, large = (cell.convolved(edges, op, active, weights[leaving, op]) for op in (CONV1, CONV3))
        for k, edge in enumerate(edges):
            direct = weights[edge, SKIP] * value + weights[edge, POOL] * pooled
            arriving[EDGES[edge][0]] += [small[k], large[k], direct]
        value = reduce(torch.add, arriving[source + 1])
    return value
