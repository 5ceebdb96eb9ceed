"""What one pass through a supernet runs: a path, or a mixture of all operations."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from nasrepro.spaces.base import Path

Choice = Path | Tensor
"""A path, or a mixture: the weight of each operation on each edge, (edges, operations)."""


def paths_in(choice: Choice) -> int:
    """How many paths a pass amounts to: a mixture runs every operation of every edge."""
    return choice.shape[1] if isinstance(choice, Tensor) else 1


class EveryOperation(nn.Module):
    """A supernet that runs all operations for a path too, weighted 1 on it and 0 beside it, as released code does.

    Operations off the path then get a gradient of zero instead of none, so that decay and momentum move them, and
    running averages follow them. With `softmax` the weights are the softmax of these numbers, as in the releases that
    left it in: no operation is off the path then (EN²AS; NSAS until July 2020).
    """

    def __init__(self, network: nn.Module, weights: Any, *, softmax: bool) -> None:
        """`weights(path)` gives the path's weights as an array (edges, operations) of ones and zeros."""
        super().__init__()
        self.network, self._weights, self._softmax = network, weights, softmax

    def forward(self, x: Tensor, choice: Choice, gates: Tensor | None = None) -> Tensor:
        """Images (B, C, H, W) → logits (B, classes); gates, where there are any, are the weights."""
        if isinstance(choice, Tensor):
            mixture = choice
        elif gates is not None:
            mixture = gates
        else:
            mixture = torch.as_tensor(self._weights(choice), dtype=torch.float32)
            mixture = mixture.softmax(1) if self._softmax else mixture
        logits: Tensor = self.network(x, mixture)
        return logits
