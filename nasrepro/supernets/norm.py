"""Batch normalisation with its policy as an explicit choice.

Weight sharing makes the policy decide results: running averages mix the statistics of all paths that were
trained, so a candidate evaluated with them is not the network that was trained (NAS-Bench-201's DARTS row
collapses for this reason).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BatchNormMode(StrEnum):
    """Which statistics normalise at evaluation; training always uses the batch's own."""

    BATCH = "batch"
    """The evaluated batch's own statistics; nothing is tracked."""
    RUNNING = "running"
    """Exponential averages over training, momentum 0.1, as in ordinary networks and the 2020 releases."""


class Norm(nn.Module):
    """BatchNorm2d (eps 1e-5, momentum 0.1) with optional affine parameters and optional tracking."""

    eps = 1e-5
    momentum = 0.1

    def __init__(self, channels: int, *, affine: bool, mode: BatchNormMode) -> None:
        super().__init__()
        self.tracks = mode is BatchNormMode.RUNNING
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None
        self.mean: Tensor | None
        self.var: Tensor | None
        self.register_buffer("mean", torch.zeros(channels) if self.tracks else None)
        self.register_buffer("var", torch.ones(channels) if self.tracks else None)
        self._averaged = 0  # batches seen since `recalibrate` began; 0 outside of it

    @property
    def plain(self) -> bool:
        """True when it is a pure function of its input: no parameters, no state."""
        return self.weight is None and not self.tracks

    def forward(self, x: Tensor) -> Tensor:
        use_batch = self.training or not self.tracks
        momentum = 1 / self._averaged if self._averaged else self.momentum
        return F.batch_norm(x, self.mean, self.var, self.weight, self.bias, use_batch, momentum, self.eps)


def normalise(x: Tensor, scale: Tensor | None = None) -> Tensor:
    """Normalisation of (B, C, H, W) by the batch's own statistics, times `scale` (C,) if there is one."""
    shift = None if scale is None else torch.zeros_like(scale)
    return F.batch_norm(x, None, None, scale, shift, training=True, eps=Norm.eps)


@contextmanager
def kept_statistics(network: nn.Module) -> Iterator[None]:
    """Forward passes inside leave no trace in running averages: they are put back afterwards."""
    before = [(buffer, buffer.clone()) for buffer in network.buffers()]
    try:
        yield
    finally:
        for buffer, value in before:
            buffer.copy_(value)


@torch.no_grad()
def recalibrate(network: nn.Module, batches: Iterable[Tensor], forward: Callable[[Tensor], Tensor]) -> None:
    """Re-estimate running statistics for one path as the plain average over `batches`.

    `forward(x)` must run the path that will be evaluated. Norms off that path keep their values.
    """
    norms = [m for m in network.modules() if isinstance(m, Norm) and m.tracks]
    was_training = network.training
    network.train()
    try:
        for seen, x in enumerate(batches, start=1):
            for norm in norms:
                norm._averaged = seen
            forward(x)
    finally:
        for norm in norms:
            norm._averaged = 0
        network.train(was_training)
