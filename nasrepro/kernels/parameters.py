"""Where the weights of a network lie in one long vector, so that the optimizer is a single loop."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import EDGES

Shapes = list[tuple[int, ...]]


class Weights(NamedTuple):
    """Views into one vector. Lists over cells or reductions are tuples, in the order of the network.

    Convolutions (outputs, inputs, k, k) have no bias; norms have (scale, shift); cells hold both candidate
    convolutions of each of their six edges.
    """

    stem: np.ndarray
    stem_norm: np.ndarray  # (2, C)
    three: tuple[np.ndarray, ...]  # (6, C, C, 3, 3) per cell
    one: tuple[np.ndarray, ...]  # (6, C, C, 1, 1) per cell
    reduce_a: tuple[np.ndarray, ...]  # (2C, C, 3, 3) per reduction
    reduce_b: tuple[np.ndarray, ...]  # (2C, 2C, 3, 3)
    shortcut: tuple[np.ndarray, ...]  # (2C, C, 1, 1)
    reduce_norm: tuple[np.ndarray, ...]  # (4, 2C): scale and shift after a, then after b
    head_norm: np.ndarray  # (2, C)
    head: np.ndarray  # (classes, C)
    bias: np.ndarray  # (classes,)


class Statistics(NamedTuple):
    """Running means and variances of all norms; the first axis holds mean and variance."""

    stem: np.ndarray  # (2, C)
    cells: tuple[np.ndarray, ...]  # (2, 6, C)
    reductions: tuple[np.ndarray, ...]  # (2, 2, 2C)
    head: np.ndarray  # (2, C)


def widths(skeleton: Skeleton) -> list[int]:
    """Channels of each cell."""
    return [skeleton.channels * 2 ** (cell // skeleton.cells) for cell in range(skeleton.cells * skeleton.stages)]


def _shapes(skeleton: Skeleton) -> dict[str, tuple[int, ...] | Shapes]:
    """In the order of the fields of `Weights`."""
    edges, cells = len(EDGES), widths(skeleton)
    inputs = [skeleton.channels * 2**stage for stage in range(skeleton.stages - 1)]
    return {
        "stem": (skeleton.channels, skeleton.in_channels, 3, 3),
        "stem_norm": (2, skeleton.channels),
        "three": [(edges, c, c, 3, 3) for c in cells],
        "one": [(edges, c, c, 1, 1) for c in cells],
        "reduce_a": [(2 * c, c, 3, 3) for c in inputs],
        "reduce_b": [(2 * c, 2 * c, 3, 3) for c in inputs],
        "shortcut": [(2 * c, c, 1, 1) for c in inputs],
        "reduce_norm": [(4, 2 * c) for c in inputs],
        "head_norm": (2, cells[-1]),
        "head": (skeleton.classes, cells[-1]),
        "bias": (skeleton.classes,),
    }


def size(skeleton: Skeleton) -> int:
    """Length of the vector that holds all weights."""
    total = 0
    for shape in _shapes(skeleton).values():
        total += sum(int(np.prod(each)) for each in (shape if isinstance(shape, list) else [shape]))
    return total


def views(vector: np.ndarray, skeleton: Skeleton) -> Weights:
    """The parts of a vector of `size(skeleton)` float32."""
    position = 0

    def take(shape: tuple[int, ...]) -> np.ndarray:
        nonlocal position
        length = int(np.prod(shape))
        part = vector[position : position + length].reshape(shape)
        position += length
        return part

    return Weights._make(
        tuple(take(each) for each in shape) if isinstance(shape, list) else take(shape)
        for shape in _shapes(skeleton).values()
    )


def initialize(weights: Weights, rng: np.random.Generator) -> None:
    """PyTorch's defaults, as the stand-alone networks of the benchmark: uniform within 1/√fan-in; scale 1, shift 0."""
    for name, value in weights._asdict().items():
        for part in value if isinstance(value, tuple) else [value]:
            if name.endswith("norm"):
                part[0::2], part[1::2] = 1, 0
            elif name == "bias":
                part[:] = rng.uniform(-1, 1, part.shape) / np.sqrt(weights.head.shape[1])
            else:
                fan_in = int(np.prod(part.shape[2:] if part.ndim == 5 else part.shape[1:]))
                part[:] = rng.uniform(-1, 1, part.shape) / np.sqrt(fan_in)


def statistics(skeleton: Skeleton) -> Statistics:
    """Means 0 and variances 1 for every norm."""

    def fresh(*shape: int) -> np.ndarray:
        values = np.zeros((2, *shape), np.float32)
        values[1] = 1
        return values

    cells = widths(skeleton)
    return Statistics(
        stem=fresh(skeleton.channels),
        cells=tuple(fresh(len(EDGES), c) for c in cells),
        reductions=tuple(fresh(2, skeleton.channels * 2 ** (s + 1)) for s in range(skeleton.stages - 1)),
        head=fresh(cells[-1]),
    )
