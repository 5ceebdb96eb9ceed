"""Depthwise convolutions by ways that CPUs have fast code for, forwards and backwards.

For 3×3 kernels without dilation the library has such code, in channels_last most of all. Other kernels fall back to
loops that take ten times as long, mostly backwards. Both detours are exact:

* a dilated convolution is a plain one on each of the four images that every second row and column make up;
* the gradient of a large kernel is put together from blocks of 3×3, each the gradient of a plain 3×3 convolution.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

_SMALL = 2**17
"""Numbers in a map up to which one slow gradient of a kernel costs less than several fast ones."""


def depthwise(x: Tensor, kernels: Tensor, *, stride: int = 1, dilation: int = 1) -> Tensor:
    """Maps (B, C, H, W) with a kernel each, (C, 1, k, k), k odd, padded by zeros to keep their side at stride 1.

    Returns (B, C, ⌈H / stride⌉, ⌈W / stride⌉).
    """
    if dilation > 1 and stride % dilation == 0:  # every pixel that is read then belongs to one of the images below
        x, stride, dilation = x[:, :, ::dilation, ::dilation], stride // dilation, 1
    on_cpu = x.device.type == "cpu"
    if on_cpu and dilation == 2 and stride == 1:
        height, width = x.shape[2:]
        return _joined(depthwise(_split(x), kernels))[:, :, :height, :width]
    fast = kernels.shape[2] == 3 and (stride == 1 or x.dtype == torch.float32)
    if not on_cpu or fast or dilation > 1 or x.numel() <= _SMALL:
        return _convolved(x, kernels, stride, dilation)
    out: Tensor = _Depthwise.apply(x, kernels, stride)  # type: ignore[no-untyped-call]
    return out


def _convolved(x: Tensor, kernels: Tensor, stride: int, dilation: int = 1) -> Tensor:
    pad = kernels.shape[2] // 2 * dilation
    return F.conv2d(x, kernels, stride=stride, padding=pad, dilation=dilation, groups=x.shape[1])


def _split(x: Tensor) -> Tensor:
    """(B, C, H, W) → (4B, C, ⌈H/2⌉, ⌈W/2⌉): the images of even and odd rows and columns; an odd side gets a zero."""
    height, width = x.shape[2:]
    if height % 2 or width % 2:
        x = F.pad(x, (0, width % 2, 0, height % 2))
    batch, channels, height, width = x.shape
    last = x.permute(0, 2, 3, 1).reshape(batch, height // 2, 2, width // 2, 2, channels)
    return last.permute(2, 4, 0, 1, 3, 5).flatten(0, 2).permute(0, 3, 1, 2)


def _joined(x: Tensor) -> Tensor:
    """The inverse of `_split`, added zeros included."""
    _, channels, height, width = x.shape
    parts = x.permute(0, 2, 3, 1).reshape(2, 2, -1, height, width, channels)
    return parts.permute(2, 3, 0, 4, 1, 5).flatten(3, 4).flatten(1, 2).permute(0, 3, 1, 2)


class _Depthwise(torch.autograd.Function):
    """A depthwise convolution whose kernels' gradient is made of 3×3 blocks."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernels: Tensor, stride: int) -> Tensor:
        ctx.save_for_backward(x, kernels)
        ctx.stride = stride
        return _convolved(x, kernels, stride)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, kernels = ctx.saved_tensors
        (upstream,) = grads
        to_x = _input_gradient(upstream, x, kernels, ctx.stride) if ctx.needs_input_grad[0] else None
        to_kernels = _kernel_gradient(upstream, x, kernels, ctx.stride) if ctx.needs_input_grad[1] else None
        return to_x, to_kernels, None


def _input_gradient(upstream: Tensor, x: Tensor, kernels: Tensor, stride: int) -> Tensor:
    # with strides the library's bfloat16 is twenty times slower than its float32
    kind = torch.float32 if x.dtype == torch.bfloat16 and stride > 1 else x.dtype
    pad = kernels.shape[2] // 2
    return _backward(upstream.to(kind), x.to(kind), kernels.to(kind), stride, pad, wanted=0).to(x.dtype)


def _kernel_gradient(upstream: Tensor, x: Tensor, kernels: Tensor, stride: int) -> Tensor:
    """(C, 1, k, k): blocks of 3×3 next to each other, the last one overlapping where k is no multiple of 3."""
    size = kernels.shape[2]
    pad = size // 2
    padded = F.pad(x, (pad,) * 4)
    height, width = (stride * (side - 1) + 3 for side in upstream.shape[2:])
    starts = [*range(0, size - 3, 3), size - 3]
    block = kernels.new_empty(len(kernels), 1, 3, 3)
    rows = []
    for top in starts:
        row = []
        for left in starts:
            seen = padded[:, :, top : top + height, left : left + width]
            row.append(_backward(upstream, seen, block, stride, 0, wanted=1))
        rows.append(_laid(row, starts, dim=3))
    return _laid(rows, starts, dim=2)


def _laid(blocks: list[Tensor], starts: list[int], dim: int) -> Tensor:
    """Blocks side by side along `dim`; where the last begins inside the one before, what it repeats is left out."""
    before = starts[-2] + 3 - starts[-1] if len(starts) > 1 else 0
    return torch.cat([*blocks[:-1], blocks[-1].narrow(dim, before, 3 - before)], dim)


def _backward(upstream: Tensor, x: Tensor, kernels: Tensor, stride: int, pad: int, *, wanted: int) -> Tensor:
    """The gradient of a depthwise convolution by its input (`wanted` 0) or its kernels (1)."""
    mask = [wanted == 0, wanted == 1, False]
    grads = torch.ops.aten.convolution_backward(
        upstream, x, kernels, None, [stride] * 2, [pad] * 2, [1, 1], False, [0, 0], x.shape[1], mask
    )
    found: Tensor = grads[wanted]
    return found
