"""The operations of the DARTS convolutional space (Liu et al., ICLR 2019), and what the cells begin with.

An operation gets a `State`, whose ReLU is computed once for all that begin with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasrepro.spaces.darts_genotype import ALL_OPS
from nasrepro.supernets.blocks import Conv
from nasrepro.supernets.depthwise import depthwise
from nasrepro.supernets.norm import BatchNormMode, Norm
from nasrepro.supernets.pool import max_pool, mean_pool

NONE, MAX, MEAN, SKIP, SEP3, SEP5, DIL3, DIL5 = range(8)
"""The codes of the space's operations."""


class State:
    """A map (B, C, H, W) of a cell; `fed` is False where it is known to be zero."""

    def __init__(self, value: Tensor, *, fed: bool = True) -> None:
        self.value, self.fed = value, fed

    @cached_property
    def active(self) -> Tensor:
        """Its ReLU."""
        return F.relu(self.value)


class Joined(State):
    """Maps side by side in the channels, each rectified once for what reads it alone and for what reads all."""

    def __init__(self, parts: Sequence[State]) -> None:
        self._parts, self.fed = parts, True

    @cached_property
    def value(self) -> Tensor:  # type: ignore[override]
        return torch.cat([part.value for part in self._parts], dim=1)

    @cached_property
    def active(self) -> Tensor:
        return torch.cat([part.active for part in self._parts], dim=1)


class Stage(nn.Module):
    """Depthwise convolution, 1×1 convolution, normalization; what it gets has gone through a ReLU."""

    def __init__(
        self,
        channels: int,
        size: int,
        stride: int,
        dilation: int,
        affine: bool,
        mode: BatchNormMode,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.stride, self.dilation = stride, dilation
        self.kernels = nn.Parameter(torch.empty(channels, 1, size, size))
        nn.init.kaiming_uniform_(self.kernels, a=5**0.5, generator=rng)
        self.point = Conv(channels, channels, 1, 1, rng)
        self.norm = Norm(channels, affine=affine, mode=mode)

    def forward(self, active: Tensor) -> Tensor:
        kernels = self.kernels.to(active.dtype)
        maps = depthwise(active, kernels, stride=self.stride, dilation=self.dilation)
        out: Tensor = self.norm(self.point(maps))
        return out


class Separable(nn.Module):
    """One dilated stage, or two stages of which the first has the stride (`sep_conv`)."""

    def __init__(
        self, op: int, channels: int, stride: int, affine: bool, mode: BatchNormMode, rng: torch.Generator
    ) -> None:
        super().__init__()
        size = int(ALL_OPS[op][-1])
        dilation = 2 if op in (DIL3, DIL5) else 1
        self.stages = nn.ModuleList([Stage(channels, size, stride, dilation, affine, mode, rng)])
        if dilation == 1:
            self.stages.append(Stage(channels, size, 1, 1, affine, mode, rng))

    def forward(self, state: State) -> Tensor:
        x = state.active
        for number, stage in enumerate(self.stages):
            x = stage(F.relu_(x) if number else x)  # nothing else sees the map between the stages
        return x


class Halving(nn.Module):
    """ReLU, two strided 1×1 convolutions, the second one pixel further down and right, side by side, normalization."""

    def __init__(self, inputs: int, outputs: int, affine: bool, mode: BatchNormMode, rng: torch.Generator) -> None:
        super().__init__()
        self.first = Conv(inputs, outputs // 2, 1, 1, rng)
        self.second = Conv(inputs, outputs - outputs // 2, 1, 1, rng)
        self.norm = Norm(outputs, affine=affine, mode=mode)

    def forward(self, state: State) -> Tensor:
        # as one strided 2×2 kernel with zeros: more sums, but neither picked pixels nor their gradients are copied
        kernels = torch.cat([F.pad(self.first.weight, (0, 1, 0, 1)), F.pad(self.second.weight, (1, 0, 1, 0))])
        out: Tensor = self.norm(F.conv2d(state.active, kernels.to(state.active.dtype), stride=2))
        return out


class Projection(nn.Module):
    """ReLU, 1×1 convolution, normalization."""

    def __init__(self, inputs: int, outputs: int, affine: bool, mode: BatchNormMode, rng: torch.Generator) -> None:
        super().__init__()
        self.conv = Conv(inputs, outputs, 1, 1, rng)
        self.norm = Norm(outputs, affine=affine, mode=mode)

    def forward(self, state: State) -> Tensor:
        out: Tensor = self.norm(self.conv(state.active))
        return out


class Pool(nn.Module):
    """3×3 pooling, normalized in supernets; stand-alone networks leave it as it is."""

    def __init__(self, op: int, channels: int, stride: int, mode: BatchNormMode | None) -> None:
        super().__init__()
        self.op, self.stride = op, stride
        self.norm = None if mode is None else Norm(channels, affine=False, mode=mode)

    def forward(self, state: State) -> Tensor:
        pooled = self.pooled(state)
        return pooled if self.norm is None else self.norm(pooled)

    def pooled(self, state: State) -> Tensor:
        """Not normalized."""
        return (max_pool if self.op == MAX else mean_pool)(state.value, self.stride)


class Factored(nn.Module):
    """ReLU, a 1×k and a k×1 convolution, strided one axis each, normalization (`conv_7x1_1x7`, `conv_3x1_1x3`)."""

    def __init__(
        self, op: int, channels: int, stride: int, affine: bool, mode: BatchNormMode, rng: torch.Generator
    ) -> None:
        super().__init__()
        self.stride, self.size = stride, int(ALL_OPS[op][-1])
        self.wide = nn.Parameter(torch.empty(channels, channels, 1, self.size))
        self.high = nn.Parameter(torch.empty(channels, channels, self.size, 1))
        for kernels in (self.wide, self.high):
            nn.init.kaiming_uniform_(kernels, a=5**0.5, generator=rng)
        self.norm = Norm(channels, affine=affine, mode=mode)

    def forward(self, state: State) -> Tensor:
        x, pad = state.active, self.size // 2
        x = F.conv2d(x, self.wide.to(x.dtype), stride=(1, self.stride), padding=(0, pad))
        x = F.conv2d(x, self.high.to(x.dtype), stride=(self.stride, 1), padding=(pad, 0))
        out: Tensor = self.norm(x)
        return out


class Copy(nn.Module):
    """`skip_connect` at stride 1."""

    def forward(self, state: State) -> Tensor:
        return state.value


def operation(
    op: int, channels: int, stride: int, *, affine: bool, mode: BatchNormMode, bare_pools: bool, rng: torch.Generator
) -> nn.Module:
    """The module of an operation's code, `none` excepted: `State` (B, C, H, W) → (B, C, H / stride, W / stride).

    Pools are `bare` in stand-alone networks and normalized in supernets.
    """
    if op in (MAX, MEAN):
        return Pool(op, channels, stride, None if bare_pools else mode)
    if op == SKIP:
        return Copy() if stride == 1 else Halving(channels, channels, affine, mode, rng)
    kind = Factored if ALL_OPS[op].startswith("conv") else Separable
    return kind(op, channels, stride, affine, mode, rng)


def entrance(
    inputs: int, outputs: int, *, halves: bool, affine: bool, mode: BatchNormMode, rng: torch.Generator
) -> nn.Module:
    """What brings a cell's input to the cell's channels, and to its side where the cell before was a reduction."""
    kind = Halving if halves else Projection
    return kind(inputs, outputs, affine, mode, rng)
