"""The continuous relaxation of DARTS in one cell: every edge carries the weighted sum of all operations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from nasrepro.placement import places
from nasrepro.spaces.darts_genotype import EDGES, NODES, OPS
from nasrepro.supernets.darts_cell import STATES, DartsCell
from nasrepro.supernets.darts_ops import MAX, MEAN, NONE, SKIP, Joined, Separable, Stage, State
from nasrepro.supernets.depthwise import depthwise
from nasrepro.supernets.norm import normalise

_SEPARABLE = tuple(op for op in range(len(OPS)) if op not in (NONE, MAX, MEAN, SKIP))


def mixed(cell: DartsCell, before: State, last: State, weights: Tensor) -> State:
    """A cell's output where node = Σ over edges into it Σ_o weights[edge, o] · o(state) (Liu et al. 2019, Eq. 2).

    `weights` (28, 8), those of the reduction cell in the second half, are taken as they are; that of `none` merely has
    its share of them.
    """
    weights = weights[len(EDGES) :] if cell.reduces else weights[: len(EDGES)]
    states = cell.entered(before, last)
    arriving: list[list[Tensor]] = [[] for _ in range(NODES)]
    for source in range(STATES - 1):
        if source > 1:
            states.append(State(reduce(torch.add, arriving[source - 2])))
        edges = [edge for edge, (_, start) in enumerate(EDGES) if start == source]
        for op in range(1, len(OPS)):
            of_edges = weights[places(edges, weights.device), op]
            for edge, item in zip(edges, _weighted(cell, op, edges, states[source], of_edges), strict=True):
                arriving[EDGES[edge][0]].append(item)
    states.append(State(reduce(torch.add, arriving[-1])))
    return Joined(states[2:])


def _weighted(cell: DartsCell, op: int, edges: Sequence[int], state: State, weights: Tensor) -> Sequence[Tensor]:
    """The operation of every edge in `edges`, all leaving `state`, times its weight.

    Where operations keep no averages, pools are pooled once, and convolutions run as one and their normalization
    applies the weights.
    """
    if cell.pure and op in _SEPARABLE:
        modules = [cell.candidate(edge, op) for edge in edges]
        return _together([module for module in modules if isinstance(module, Separable)], state, weights)
    return [
        item * weight for item, weight in zip(cell.run(op, edges, state), weights.to(state.value.dtype), strict=True)
    ]


def _together(modules: Sequence[Separable], state: State, scale: Tensor) -> Sequence[Tensor]:
    """What each of the modules makes of the state, times its entry of `scale` (modules,).

    They are of one kind, normalize by batch statistics and have no affine parameters, so they run side by side in the
    channels: one call for all instead of one each.
    """
    maps = state.active if len(modules) == 1 else state.active.repeat(1, len(modules), 1, 1)
    stages = list(zip(*(module.stages for module in modules), strict=True))
    for number, stage in enumerate(stages):
        last = number == len(stages) - 1
        maps = _staged(stage, F.relu_(maps) if number else maps, scale if last else None)
    return maps.chunk(len(modules), dim=1)


def _staged(stages: Sequence[Stage], maps: Tensor, scale: Tensor | None) -> Tensor:
    """Maps (B, stages · C, H, W), each through its own stage."""
    count = len(stages)
    kernels = torch.cat([stage.kernels for stage in stages]).to(maps.dtype)
    maps = depthwise(maps, kernels, stride=stages[0].stride, dilation=stages[0].dilation)
    points = torch.cat([stage.point.weight for stage in stages]).to(maps.dtype)
    maps = F.conv2d(maps, points, groups=count)
    return normalise(maps, None if scale is None else scale.repeat_interleave(maps.shape[1] // count))
