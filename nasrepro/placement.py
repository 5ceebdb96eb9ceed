"""Bringing numbers that are made on the CPU to the device where networks and data are, without waiting for it.

Everything random is drawn, and everything decided, on the CPU, the same whatever the device. What comes of it is small
and goes to the device ahead of the work that needs it; a plain copy would first let the device finish all it has to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor


def onto(values: Tensor, device: torch.device) -> Tensor:
    """The same values on the device, differentiable; the tensor itself where it is there already."""
    if device.type != "cuda" or values.device.type != "cpu":
        return values.to(device)
    source = values if values.requires_grad else values.pin_memory()
    return source.to(device, non_blocking=True)


def places(numbers: Sequence[int], device: torch.device) -> Tensor:
    """Whole numbers as an index (n,), int64, to be kept as it is: indexing by a list would wait for the device."""
    return constant(tuple(numbers), device, torch.int64)


@lru_cache(maxsize=4096)
@torch.inference_mode(False)  # kept for training too, even when evaluation asks first
def constant(values: tuple[float, ...], device: torch.device, dtype: torch.dtype) -> Tensor:
    """Numbers (n,) that are needed again and again; not to be changed in place."""
    return onto(torch.tensor(values, dtype=dtype), device)
