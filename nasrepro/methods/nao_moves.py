"""What the forms of NAO share: decoded cells that are new, and progress that counts look-ups and epochs together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nasrepro.methods.context import SearchContext
from nasrepro.methods.multi_trial import Queries
from nasrepro.spaces.base import Space

if TYPE_CHECKING:  # torch takes seconds to import
    from nasrepro.training.predictor import Ascent

Cell = tuple[int, ...]
"""The genes of a cell, which its string of tokens spells and which must differ for a cell to be new."""


def novel_cells(
    ascent: Ascent, steps: Iterable[float], known: Collection[Cell], wanted: int, *, once: bool
) -> list[Cell]:
    """Up to `wanted` decoded cells that are neither known nor among each other, by rising steps, then by seeds.

    With `once` a seed is done when it has given one new cell; otherwise every seed is decoded again at every step.
    """
    found: dict[Cell, None] = {}
    done: set[int] = set()
    for step in steps:
        for seed, genes in enumerate(ascent.cells(step).tolist()):
            cell = tuple(genes)
            if len(found) == wanted:
                return list(found)
            if seed not in done and cell not in known and cell not in found:
                found[cell] = None
                if once:
                    done.add(seed)
    return list(found)


def random_cells(space: Space[Any], rng: np.random.Generator, known: Collection[Cell], count: int) -> list[Cell]:
    """Distinct uniform cells that are not known; there must be as many."""
    found: dict[Cell, None] = {}
    while len(found) < count:
        cell = space.genes(space.sample(rng))
        if cell not in known:
            found[cell] = None
    return list(found)


def codes(cells: Iterable[Cell]) -> np.ndarray:
    """Cells, at least one, as one array (N, genes)."""
    return np.array(list(cells), dtype=np.int64)


@dataclass
class Work(Queries):
    """A budget of look-ups that shares its progress with the training of a predictor.

    `total` counts look-ups, epochs, and one for what the search writes down at its end. So the budget is never
    spent before the search has no more proposals.
    """

    @classmethod
    def of(cls, queries: int, epochs: int) -> Work:
        return cls(queries + epochs + 1)

    def worked(self, context: SearchContext, epochs: int = 1) -> None:
        """Epochs were trained, or are not needed."""
        self.done += epochs
        context.report(self.done, self.total)
