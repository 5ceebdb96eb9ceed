"""The same weights in the kernels' layout and in the PyTorch network."""

from __future__ import annotations

import numpy as np
import torch

from nasrepro.kernels.parameters import Weights
from nasrepro.supernets.blocks import Reduction
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.supernets.nb201_cell import NB201Cell


def pairs(network: NB201Network, weights: Weights):
    """(PyTorch parameter, the array that mirrors it), for every parameter of the network."""
    yield network.stem.conv.weight, weights.stem
    yield from _norm(network.stem.norm, weights.stem_norm)
    cells = [block for block in network.body if isinstance(block, NB201Cell)]
    for cell, three, one in zip(cells, weights.three, weights.one, strict=True):
        for edge in range(6):
            yield cell.candidate(edge, 3).conv.weight, three[edge]
            yield cell.candidate(edge, 2).conv.weight, one[edge]
    reductions = [block for block in network.body if isinstance(block, Reduction)]
    for i, block in enumerate(reductions):
        yield block.conv_a.weight, weights.reduce_a[i]
        yield block.conv_b.weight, weights.reduce_b[i]
        yield block.shortcut.weight, weights.shortcut[i]
        yield from _norm(block.norm_a, weights.reduce_norm[i][:2])
        yield from _norm(block.norm_b, weights.reduce_norm[i][2:])
    yield from _norm(network.head.norm, weights.head_norm)
    yield network.head.weight, weights.head
    yield network.head.bias, weights.bias


def _norm(norm, rows):
    yield norm.weight, rows[0]
    yield norm.bias, rows[1]


def copy_into(network: NB201Network, weights: Weights) -> None:
    with torch.no_grad():
        for parameter, values in pairs(network, weights):
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))


def laid_out(images: np.ndarray) -> np.ndarray:
    """(B, C, H, W) → padded (C, H+2, (W+2)·B)."""
    batch, channels, height, width = images.shape
    out = np.zeros((channels, height + 2, width + 2, batch), np.float32)
    out[:, 1:-1, 1:-1] = images.transpose(1, 2, 3, 0)
    return out.reshape(channels, height + 2, (width + 2) * batch)
