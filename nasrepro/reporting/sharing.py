"""What a watched cell has in common with what an update trained, counted in the terms of their space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nasrepro.metrics.forgetting import shared_edges
from nasrepro.spaces import catalog, darts_genotype, darts_moves, nb201
from nasrepro.spaces.base import Space
from nasrepro.spaces.darts_genotype import OPS
from nasrepro.spaces.nb201 import CONV1, CONV3, EDGES, NONE
from nasrepro.spaces.nb201_equivalence import live_edges

Shared = Literal["edges", "convolutions"]
"""What two cells have in common: operations of any kind, or convolutions that both of them run, so that they share
their weights."""
Counts = Mapping[Shared, np.ndarray]
"""By kind: integers (looks, cells)."""


@dataclass(frozen=True)
class Unit:
    """What is counted when two cells of a space are held side by side."""

    things: str
    """Plural, as in `shares 4 edges or more`."""
    equal: str
    """Those that two cells share, as an axis is labeled."""
    counted: str
    """By what changes of watched cells are told apart, in a sentence."""
    most: int


EDGE = Unit(
    "edges",
    "edges with the same operation",
    "by the number of edges on which it has the same operation as the cell that the update trained",
    len(EDGES),
)
CHOICE = Unit(
    "choices",
    "choices that both have (operation and input)",
    "by how many of its 16 choices of an operation and an input the cell that the update trained makes in the same "
    "node, in either order; where the update ran an operation on every edge, by how many of its choices, `none` left "
    "out, are among these",
    darts_moves.CHOICES,
)


def unit_of(cells: Sequence[str]) -> Unit:
    """Of the space that the cells with these ids are from."""
    space = catalog.find(cells[0])
    return CHOICE if space is not None and space.name == "darts_cnn" else EDGE


def in_common(cells: Sequence[str], trained: Sequence[str]) -> Counts:
    """Counts of what each cell shares with each trained path, by their ids; empty for ids of no space or of several."""
    spaces = {catalog.find(name) for name in (*cells, *trained)}
    space = spaces.pop()
    if spaces or space is None:
        return {}
    return _COUNTS[space.name](space, cells, trained)


def _nb201(space: Space[Any], cells: Sequence[str], trained: Sequence[str]) -> Counts:
    watched, seen = ([space.parse(name) for name in names] for names in (cells, trained))
    return {
        "edges": shared_edges(_codes(watched), _codes(seen)),
        "convolutions": shared_edges(_run(watched), _run(seen), among=(CONV1, CONV3)),
    }


def _codes(cells: Sequence[nb201.NB201Genotype]) -> np.ndarray:
    """(n, 6)."""
    return np.array([cell.ops for cell in cells])


def _run(cells: Sequence[nb201.NB201Genotype]) -> np.ndarray:
    """The codes with `none` on edges off every path from input to output: they are not computed, so not trained."""
    return np.array([[op if edge in live_edges(c.ops) else NONE for edge, op in enumerate(c.ops)] for c in cells])


def _darts(space: Space[Any], cells: Sequence[str], trained: Sequence[str]) -> Counts:
    watched, seen = ([space.path_of(name) for name in names] for names in (cells, trained))
    own, run = ([space.weights(path).ravel() for path in paths] for paths in (watched, seen))
    convolutions = _convolves(space)
    both: np.ndarray = np.array(run) @ (np.array(own) * convolutions).T
    return {"edges": _choices(space, np.array(watched), seen), "convolutions": both.astype(np.int64)}


def _convolves(space: Space[Any]) -> np.ndarray:
    """Which operations on which edges hold kernels, bool (edges · operations,): in reduction cells the skip from a
    cell's input does too, because it halves the map by a convolution."""
    found = np.tile(["conv" in op for op in OPS], (space.edges, 1))
    edges = darts_genotype.EDGES
    halving = [len(edges) + edge for edge, (_, state) in enumerate(edges) if state < 2]
    found[halving, OPS.index("skip_connect")] = True
    return found.ravel()


def _choices(space: Space[Any], cells: np.ndarray, trained: Sequence[tuple[int, ...]]) -> np.ndarray:
    """(looks, cells) from paths of cells (cells, 16)."""
    if all(len(path) == darts_moves.CHOICES for path in trained):
        alike: np.ndarray = darts_moves.CHOICES - space.differing(np.array(trained), cells)
        return alike
    run = np.array([space.weights(path).ravel() for path in trained])
    found: np.ndarray = (run[:, cells] * (cells % len(OPS) > 0)).sum(axis=2).astype(np.int64)
    return found


_COUNTS: Mapping[str, Callable[[Space[Any], Sequence[str], Sequence[str]], Counts]] = {
    "nb201": _nb201,
    "darts_cnn": _darts,
}
