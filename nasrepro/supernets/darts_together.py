"""Convolutions of one kind that leave one state, side by side in the channels: one call for all edges."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from nasrepro.supernets.darts_ops import Separable, Stage, State
from nasrepro.supernets.depthwise import depthwise
from nasrepro.supernets.norm import normalise

SMALL = 2**17
"""Numbers in a map up to which one call for several edges is faster; the maps of larger ones leave the cache."""


def together(modules: Sequence[Separable], state: State, scale: Tensor | None = None) -> Sequence[Tensor]:
    """What each of the modules makes of the state, times its entry of `scale` (modules,).

    They are of one kind, normalize by batch statistics and have no affine parameters.
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
