"""The plainest kind of space, for those who bring their own: one operation on every edge, each free of the others."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nasrepro.errors import UserError, unknown
from nasrepro.spaces.base import Path, Skeleton, Space


@dataclass(frozen=True, order=True)
class Choices:
    """A genotype: the operation of every edge, as numbers counted from 0, of a space that it knows by name."""

    space: str
    operations: tuple[str, ...]
    path: Path

    @property
    def index(self) -> int:
        """Its place in the order of the space: the path as a number, the first edge most significant."""
        index = 0
        for op in self.path:
            index = index * len(self.operations) + op
        return index

    @property
    def id(self) -> str:
        return f"{self.space}:{self.index}"

    def __str__(self) -> str:
        return "|".join(self.operations[op] for op in self.path)


class ChoiceSpace(Space[Choices]):
    """All combinations of operations on edges. A subclass gives `name`, `edges`, `operations` and `cost`, and where it
    likes a better `canonical`; edges that compute the same when they are exchanged are told apart here.

    A cell is written as its operations between bars, as in `conv|skip|conv`.
    """

    skeleton_type: ClassVar[type[Skeleton]] = Skeleton
    tiny = Skeleton(4, 1, 2, 8, 10)

    def __len__(self) -> int:
        return int(len(self.operations) ** self.edges)

    def __iter__(self) -> Iterator[Choices]:
        return map(self._cell, itertools.product(range(len(self.operations)), repeat=self.edges))

    def parse(self, text: str) -> Choices:
        """Reads an index, an id, or operations between bars."""
        text = str(text).strip()
        number = text.removeprefix(f"{self.name}:")
        if re.fullmatch(r"-?\d+", number):
            return self._at(int(number))
        words = text.split("|")
        for word in words:
            if word not in self.operations:
                raise unknown(f"operation in cell '{text}' of space '{self.name}':", word, self.operations)
        if len(words) != self.edges:
            raise UserError(f"cell '{text}' has {len(words)} operations; one of space '{self.name}' has {self.edges}")
        return self._cell([self.operations.index(word) for word in words])

    def sample(self, rng: np.random.Generator) -> Choices:
        return self._cell(rng.integers(len(self.operations), size=self.edges).tolist())

    def mutate(self, genotype: Choices, rng: np.random.Generator) -> Choices:
        """A uniform edge gets a uniform other operation."""
        around = self.neighbours(genotype)
        return around[int(rng.integers(len(around)))]

    def neighbours(self, genotype: Choices) -> list[Choices]:
        path = genotype.path
        return [
            self._cell((*path[:edge], op, *path[edge + 1 :]))
            for edge in range(self.edges)
            for op in range(len(self.operations))
            if op != path[edge]
        ]

    @property
    def gene_sizes(self) -> tuple[int, ...]:
        return (len(self.operations),) * self.edges

    def genes(self, genotype: Choices) -> tuple[int, ...]:
        """The operation of every edge."""
        return genotype.path

    def from_genes(self, genes: Sequence[int]) -> Choices:
        if len(genes) != self.edges or any(not 0 <= gene < len(self.operations) for gene in genes):
            raise ValueError(f"a cell of '{self.name}' has {self.edges} genes below {len(self.operations)}: {genes}")
        return self._cell(genes)

    def decisions(self, genes: np.ndarray) -> np.ndarray:
        return genes

    def differing(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        found: np.ndarray = (a[:, None, :] != b[None, :, :]).sum(axis=2)
        return found

    def complement(self, path: Path, previous: Path, rng: np.random.Generator) -> Path:
        """The operation of `path` where it differs from the previous one, else a random other."""
        shifts = rng.integers(1, len(self.operations), size=self.edges).tolist()
        return tuple(
            (old + shift) % len(self.operations) if now == old else now
            for now, old, shift in zip(path, previous, shifts, strict=True)
        )

    def derive(self, scores: np.ndarray, *, pairs: bool = False) -> Choices:
        """The best operation of every edge; ties go to the first."""
        return self._cell(scores.argmax(axis=1).tolist())

    def path_on_edges(self, operations: Sequence[int]) -> Path:
        return tuple(operations)

    def weights(self, path: Path) -> np.ndarray:
        return np.eye(len(self.operations), dtype=np.float32)[list(path)]

    def path_id(self, path: Path) -> str:
        return self._cell(path).id

    def path_of(self, text: str) -> Path:
        return self.parse(text).path

    def distance(self, a: Choices, b: Choices) -> float:
        """Share of edges whose operation differs, in [0, 1]."""
        return sum(x != y for x, y in zip(a.path, b.path, strict=True)) / self.edges

    def canonical(self, genotype: Choices) -> str:
        return str(genotype)

    def _cell(self, path: Sequence[int]) -> Choices:
        return Choices(self.name, self.operations, tuple(int(op) for op in path))

    def _at(self, index: int) -> Choices:
        if not 0 <= index < len(self):
            raise UserError(f"index {index} is not in space '{self.name}'; allowed: 0 to {len(self) - 1}")
        path = []
        for _ in range(self.edges):
            index, op = divmod(index, len(self.operations))
            path.append(op)
        return self._cell(path[::-1])
