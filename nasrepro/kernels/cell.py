"""The NAS-Bench-201 cell, forwards and backwards, for one path; convolutions are normalized without scale and shift.

The path must hold live edges only (`live_edges`): what cannot reach the output is `none`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nasrepro.kernels import convolution as cv
from nasrepro.kernels import maps as mp
from nasrepro.kernels.compiler import kernel
from nasrepro.spaces.nb201 import CONV1, CONV3, EDGES, NODES, POOL, SKIP

_EDGES = np.array(EDGES)
_LAST = NODES - 1


class CellMaps(NamedTuple):
    """Space for the maps of one cell: C channels, H rows, W·B columns × batch."""

    nodes: np.ndarray  # (4, C, H, W·B)
    active: np.ndarray  # (4, C, H+2, (W+2)·B), positive parts of the nodes, padded
    normal: np.ndarray  # (6, C, H, W·B), normalized convolutions
    inverse: np.ndarray  # (6, C), 1 / standard deviations
    gradients: np.ndarray  # (4, C, H, W·B), of the nodes
    scratch: np.ndarray  # (C, H, W·B)
    padded: np.ndarray  # (C, H+2, (W+2)·B), zero border
    kernel: np.ndarray  # (C, C, 3, 3)
    mean: np.ndarray  # (C,)
    shares: np.ndarray  # (H, W·B), of average pooling
    ones: np.ndarray  # (H, W·B)

    @classmethod
    def empty(cls, channels: int, side: int, batch: int) -> CellMaps:
        """Maps for a square image, borders zero."""
        inner, outer = (channels, side, side * batch), (channels, side + 2, (side + 2) * batch)
        shapes = (
            (NODES, *inner),
            (NODES, *outer),
            (len(EDGES), *inner),
            (len(EDGES), channels),
            (NODES, *inner),
            inner,
            outer,
            (channels, channels, 3, 3),
            (channels,),
        )
        shares = mp.window_shares(side, batch)
        return cls._make([*(np.zeros(shape, np.float32) for shape in shapes), shares, np.ones_like(shares)])


@kernel
def cell_forward(
    path: np.ndarray,
    three: np.ndarray,
    one: np.ndarray,
    maps: CellMaps,
    mean: np.ndarray,
    variance: np.ndarray,
    batch: int,
    training: bool,
) -> None:
    """From `maps.nodes[0]` to `maps.nodes[3]`.

    `three` (6, C, C, 3, 3) and `one` (6, C, C, 1, 1) are the weights of each edge's candidates, `mean` and `variance`
    (6, C) their running statistics.
    """
    for node in range(len(maps.nodes)):
        if node:
            maps.nodes[node] = 0
            for edge in range(len(path)):
                if _EDGES[edge, 0] == node:
                    _edge_forward(edge, path[edge], three, one, maps, mean, variance, batch, training)
        for edge in range(len(path)):
            if _EDGES[edge, 1] == node and (path[edge] == CONV1 or path[edge] == CONV3):
                mp.pad(maps.nodes[node], maps.active[node], batch, True)
                break


@kernel
def _edge_forward(
    edge: int,
    op: int,
    three: np.ndarray,
    one: np.ndarray,
    maps: CellMaps,
    mean: np.ndarray,
    variance: np.ndarray,
    batch: int,
    training: bool,
) -> None:
    target, source = _EDGES[edge, 0], _EDGES[edge, 1]
    if op == SKIP:
        mp.add_to(maps.nodes[target], maps.nodes[source])
    elif op == POOL:
        mp.pad(maps.nodes[source], maps.padded, batch, False)
        mp.add_windows(maps.padded, maps.shares, maps.nodes[target], batch)
    elif op in (CONV1, CONV3):
        normal = maps.normal[edge]
        if op == CONV3:
            cv.conv3(maps.active[source], three[edge], normal, batch, 1)
        else:
            cv.conv1(maps.active[source], 1, one[edge], normal, batch, False, False)
        mp.normalize(normal, maps.inverse[edge], mean[edge], variance[edge], training)
        mp.add_to(maps.nodes[target], normal)


@kernel
def cell_backward(
    path: np.ndarray,
    three: np.ndarray,
    one: np.ndarray,
    to_three: np.ndarray,
    to_one: np.ndarray,
    maps: CellMaps,
    batch: int,
) -> None:
    """From `maps.gradients[3]` to `maps.gradients[0]` and the gradients `to_three`, `to_one` of the path's weights."""
    maps.gradients[:_LAST] = 0
    for node in range(_LAST, 0, -1):
        mp.channel_mean(maps.gradients[node], maps.mean)
        for edge in range(len(path)):
            if _EDGES[edge, 0] == node:
                _edge_backward(edge, path[edge], three, one, to_three, to_one, maps, batch)


@kernel
def _edge_backward(
    edge: int,
    op: int,
    three: np.ndarray,
    one: np.ndarray,
    to_three: np.ndarray,
    to_one: np.ndarray,
    maps: CellMaps,
    batch: int,
) -> None:
    target, source = _EDGES[edge, 0], _EDGES[edge, 1]
    upstream, out = maps.gradients[target], maps.gradients[source]
    if op == SKIP:
        mp.add_to(out, upstream)
    elif op == POOL:
        mp.pad_scaled(upstream, maps.shares, maps.padded, batch)
        mp.add_windows(maps.padded, maps.ones, out, batch)
    elif op in (CONV1, CONV3):
        active, padded = maps.active[source], maps.padded
        mp.normalize_gradient(upstream, maps.mean, maps.normal[edge], maps.inverse[edge], padded, 1, batch)
        if op == CONV3:
            cv.conv3_weight_gradient(active, padded, 1, to_three[edge], batch, 1)
            cv.turned(three[edge], maps.kernel)
            cv.conv3(padded, maps.kernel, maps.scratch, batch, 1)
        else:
            cv.conv1_weight_gradient(active, padded, 1, to_one[edge], batch)
            cv.conv1(padded, 1, one[edge], maps.scratch, batch, True, False)
        mp.masked_add(out, maps.scratch, maps.nodes[source])
