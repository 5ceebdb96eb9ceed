"""The interface every search space implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np

Path = tuple[int, ...]
"""What a supernet runs in one pass: whole numbers whose meaning is the space's."""


class Genotype(Protocol):
    """A discrete choice: immutable, hashable, printable."""

    @property
    def id(self) -> str:
        """Stable identifier such as `nb201:11472`."""

    @property
    def path(self) -> Path:
        """What the supernet runs of it; raises `ValueError` for a genotype that no supernet holds."""


@dataclass(frozen=True)
class Skeleton:
    """The network around the cell; with a genotype it makes an architecture.

    `cells` is the number of cells per stage; channels double and the image side halves between stages. `affine` says
    whether stand-alone networks normalize inside cells with a learned scale and shift; supernets never do.
    """

    channels: int
    cells: int
    stages: int
    image_size: int
    classes: int
    in_channels: int = 3
    affine: bool = True

    def sizes(self) -> dict[str, int]:
        """Everything a supernet's skeleton is made of."""
        return {name: value for name, value in vars(self).items() if name != "affine"}

    def __post_init__(self) -> None:
        if min(self.channels, self.cells, self.stages, self.classes, self.in_channels) < 1:
            raise ValueError(f"every size of a skeleton is at least 1: {self}")
        if self.image_size % 2 ** (self.stages - 1):
            raise ValueError(f"image size {self.image_size} cannot be halved {self.stages - 1} times")


@dataclass(frozen=True)
class Cost:
    """Learnable parameters and multiply-accumulates per image, as plain counts."""

    params: int
    macs: int


G = TypeVar("G", bound=Genotype)


class Space(ABC, Generic[G]):
    """A finite set of genotypes with the moves that search methods need.

    A path is a row of L decisions. An architecture parameter has a row per edge and a column per operation.
    """

    name: str
    skeleton_type: ClassVar[type[Any]]
    """Of the networks around its cells: a frozen dataclass with `sizes()`, whose constructor raises `ValueError`; its
    first field is the network's width."""
    tiny: Any
    """A small skeleton, for checks."""
    cell_kinds: ClassVar[int] = 1
    """How many cells a genotype has; each has an equal part of the decisions."""
    genes_per_choice: ClassVar[int] = 1
    """Neighboring genes that belong together; crossover does not cut between them."""
    edges: int
    operations: ClassVar[tuple[str, ...]]

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __iter__(self) -> Iterator[G]:
        """All genotypes in index order."""

    @abstractmethod
    def parse(self, text: str) -> G:
        """The genotype written as an id, an index or in the space's own notation; raises `UserError`."""

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> G:
        """A uniform draw."""

    @abstractmethod
    def mutate(self, genotype: G, rng: np.random.Generator) -> G:
        """A copy with one decision changed."""

    @abstractmethod
    def neighbours(self, genotype: G) -> list[G]:
        """All genotypes that differ in exactly one decision."""

    @property
    @abstractmethod
    def gene_sizes(self) -> tuple[int, ...]:
        """How many values each gene of a genotype has; any combination of such values is a genotype."""

    @abstractmethod
    def genes(self, genotype: G) -> tuple[int, ...]:
        """The decisions of a genotype as numbers counted from 0, one per gene; what crossover exchanges."""

    @abstractmethod
    def from_genes(self, genes: Sequence[int]) -> G:
        """The genotype with these genes; raises `ValueError` where there is none."""

    @abstractmethod
    def decisions(self, genes: np.ndarray) -> np.ndarray:
        """The paths (n, L) of the genotypes with these genes (n, G), both integers."""

    @abstractmethod
    def differing(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """How many of the L decisions differ, between every path of `a` (n, L) and every one of `b` (m, L): (n, m)."""

    @abstractmethod
    def complement(self, path: Path, previous: Path, rng: np.random.Generator) -> Path:
        """A random path that, as a set of operations on edges, is disjoint from `previous` and together with it
        contains `path` (E²NAS, Section 3.2)."""

    @abstractmethod
    def derive(self, scores: np.ndarray, *, pairs: bool = False) -> G:
        """The genotype that scores (edges, operations) prefer; where a space picks edges too, `pairs` lets it pick an
        edge twice, with two operations."""

    @abstractmethod
    def path_on_edges(self, operations: Sequence[int]) -> Path:
        """The path with one operation on every edge, also where genotypes do not keep them all."""

    @abstractmethod
    def weights(self, path: Path) -> np.ndarray:
        """1 for the operations of a path and 0 for all others, float32 (edges, operations)."""

    @abstractmethod
    def path_id(self, path: Path) -> str:
        """A path as text: the id of the genotype whose path it is, where there is one."""

    @abstractmethod
    def path_of(self, text: str) -> Path:
        """Reads what `path_id` wrote; raises `UserError`."""

    @abstractmethod
    def distance(self, a: G, b: G) -> float:
        """How far apart two genotypes are, in the papers' measure."""

    @abstractmethod
    def canonical(self, genotype: G) -> str:
        """A string that is equal for genotypes the field treats as isomorphic."""

    def live_size(self, genotype: G) -> int:
        """Relative size of what lies on a way from input to output, as a ranking that needs no training; that of all
        weights where a space has no better notion."""
        return self.cost(genotype, self.tiny).params

    def supernet_skeleton(self, sizes: Mapping[str, Any]) -> Any:
        """The skeleton of a supernet from what `sizes()` gives; raises `ValueError` for impossible sizes."""
        return self.skeleton_type(**sizes)

    @abstractmethod
    def cost(self, genotype: G, skeleton: Any) -> Cost:
        """Parameters and MACs of the stand-alone network, in closed form."""
