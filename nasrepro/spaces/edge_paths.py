"""Paths through supernets whose edges and operations are numbered through: a row of numbers edge · width + operation,
where `width` is how many operations an edge has."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from nasrepro.errors import UserError
from nasrepro.spaces.base import Path


def on_edges(operations: Sequence[int], width: int) -> Path:
    """The path with one operation on every edge."""
    return tuple(edge * width + int(op) for edge, op in enumerate(operations))


def weights(path: Path, edges: int, width: int) -> np.ndarray:
    """1 for the operations of a path and 0 for all others, float32 (edges, width)."""
    found = np.zeros(edges * width, dtype=np.float32)
    found[list(path)] = 1
    return found.reshape(edges, width)


def complement(path: Path, previous: Path, rng: np.random.Generator, *, width: int, first: int = 0) -> Path:
    """The choices of `path`, but where the previous path has one too, another operation of the same edge that the
    previous path does not have, from the code `first` on. The generator gives one number per choice, needed or not."""
    taken, draws = set(previous), rng.random(len(path))
    found = []
    for choice, draw in zip(path, draws.tolist(), strict=True):
        edge = choice // width * width
        free = [other for other in range(edge + first, edge + width) if other not in taken]
        found.append(free[int(draw * len(free))] if choice in taken else choice)
    return tuple(sorted(found))


def written(path: Path, prefix: str) -> str:
    """The path as text that `read` reads."""
    return f"{prefix}{'.'.join(map(str, path))}"


def read(text: str, prefix: str, count: int) -> Path:
    """What `written` wrote, of numbers below `count`; raises `UserError`."""
    numbers = text.removeprefix(prefix).split(".")
    if not all(re.fullmatch(r"\d{1,4}", number) and int(number) < count for number in numbers):
        raise UserError(f"malformed path '{text}'; allowed: numbers below {count} between dots")
    return tuple(map(int, numbers))
