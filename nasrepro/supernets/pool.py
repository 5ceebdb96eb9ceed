"""3×3 pooling. Averages, with padding left out of the mean, are depthwise convolutions.

The library's own average pooling is several times slower on CPUs, most of all backwards and in bfloat16; a
convolution with constant kernels uses the same fast path as the candidate convolutions.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from nasrepro.supernets.depthwise import depthwise

_KERNEL = 3


def mean_pool(x: Tensor, stride: int = 1) -> Tensor:
    """(B, C, H, W) → (B, C, ⌈H / stride⌉, ⌈W / stride⌉).

    Equal to `avg_pool2d(x, 3, stride, 1, count_include_pad=False)` up to rounding.
    """
    sums = depthwise(x, _ones(x.shape[1], x.dtype, x.device), stride=stride)
    return sums * _one_over_count(x.shape[2], x.shape[3], x.dtype, x.device)[::stride, ::stride]


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


def max_pool(x: Tensor, stride: int = 1) -> Tensor:
    """(B, C, H, W) → (B, C, ⌈H / stride⌉, ⌈W / stride⌉): the largest of each 3×3 window, padding left out."""
    return F.max_pool2d(x, _KERNEL, stride, _KERNEL // 2)
