"""3×3 average pooling, stride 1, padding left out of the mean, as a depthwise convolution.

The library's own average pooling is several times slower on CPUs, most of all backwards and in bfloat16; a
convolution with constant kernels uses the same fast path as the candidate convolutions.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

_KERNEL = 3


def mean_pool(x: Tensor) -> Tensor:
    """(B, C, H, W) → (B, C, H, W), equal to `avg_pool2d(x, 3, 1, 1, count_include_pad=False)` up to rounding."""
    sums = F.conv2d(x, _ones(x.shape[1], x.dtype, x.device), padding=_KERNEL // 2, groups=x.shape[1])
    return sums * _one_over_count(x.shape[2], x.shape[3], x.dtype, x.device)


@lru_cache(maxsize=64)
@torch.inference_mode(False)  # kept for training too, even when evaluation asks first
def _ones(channels: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.ones(channels, 1, _KERNEL, _KERNEL, dtype=dtype, device=device)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _one_over_count(height: int, width: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """How many pixels of each window lie inside the map, inverted; shape (H, W)."""
    ones = torch.ones(1, 1, height, width, dtype=torch.float64, device=device)
    count = F.conv2d(ones, _ones(1, torch.float64, device), padding=_KERNEL // 2)
    return (1 / count)[0, 0].to(dtype)
