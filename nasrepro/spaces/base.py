"""The interface every search space implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np


class Genotype(Protocol):
    """A discrete choice: immutable, hashable, printable."""

    @property
    def id(self) -> str:
        """Stable identifier such as `nb201:11472`."""


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
    """A finite set of genotypes with the moves that search methods need."""

    name: str

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
    def distance(self, a: G, b: G) -> float:
        """How far apart two genotypes are, in the papers' measure."""

    @abstractmethod
    def canonical(self, genotype: G) -> str:
        """A string that is equal for genotypes the field treats as isomorphic."""

    @abstractmethod
    def cost(self, genotype: G, skeleton: Skeleton) -> Cost:
        """Parameters and MACs of the stand-alone network, in closed form."""
