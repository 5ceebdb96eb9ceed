"""Selection by an evolutionary algorithm under inherited weights (EN²AS)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from nasrepro.methods.base import Answer
from nasrepro.methods.best_of import best_first, most_accurate
from nasrepro.spaces.base import Genotype, Space
from nasrepro.training.evaluate import CellScore
from nasrepro.training.sampler import Sampler
from nasrepro.training.settings import Settings


class EvolutionSettings(Settings):
    """Published: 100 uniform cells, then 60 generations of 100 children, so 6,100 evaluations."""

    published: ClassVar[str] = "Zhang et al., EN²AS, released search script"

    population: int = Field(100, ge=1, description="cells that survive a generation; as many uniform ones begin")
    generations: int = Field(60, ge=0, description="of children")
    crossovers: int = Field(60, ge=0, description="children of two parents in a generation")
    mutations: int = Field(40, ge=0, description="children of one parent in a generation")
    crossover_parents: int = Field(60, ge=2, description="the best of the population, which crossover draws from")
    mutation_parents: int = Field(40, ge=1, description="the best of the population, which mutation draws from")
    mutation_probability: float = Field(
        0.2, ge=0, le=1, description="of a gene of a mutated cell to be drawn anew, its old value included"
    )


class Evolution:
    """Breeds cells by crossover and mutation of the best ones, and returns the best of all that lived.

    Every different cell is scored once, on the same held-out data, so a population is a set and its survivors are
    the best cells met so far. Released code scores each child on fresh batches and never again: a lucky draw stays in
    the population for good, with as many copies as children happened to equal it.
    """

    Settings = EvolutionSettings
    needs = ()

    def __init__(self, space: Space[Any], settings: EvolutionSettings) -> None:
        self.space, self.settings = space, settings

    def select(self, sampler: Sampler, score: Callable[[Genotype], CellScore], rng: np.random.Generator) -> Answer:
        cells: list[Genotype] = [self.space.sample(rng) for _ in range(self.settings.population)]
        scored: dict[Genotype, CellScore] = {}
        for generation in range(self.settings.generations + 1):
            if generation:
                cells = self._children(best_first(scored)[: self.settings.population], rng)
            scored |= {cell: score(cell) for cell in dict.fromkeys(cells) if cell not in scored}
        return most_accurate(scored, scored.__getitem__)

    def _children(self, population: Sequence[Genotype], rng: np.random.Generator) -> list[Genotype]:
        """Of a population with its best first."""
        settings, genes = self.settings, [self.space.genes(cell) for cell in population]
        pairs, single = genes[: settings.crossover_parents], genes[: settings.mutation_parents]
        together = self.space.genes_per_choice
        together = together if len(genes[0]) > together else 1  # a cell of one choice can only be divided inside it
        children = [self._crossed(*_pair(pairs, rng), rng, together) for _ in range(settings.crossovers)]
        children += [self._mutated(single[int(rng.integers(len(single)))], rng) for _ in range(settings.mutations)]
        return [self.space.from_genes(child) for child in children]

    @staticmethod
    def _crossed(first: Sequence[int], second: Sequence[int], rng: np.random.Generator, together: int = 1) -> list[int]:
        """Two-point crossover: the genes between two different cuts come from the second parent. `together` neighboring
        genes are one choice, which no cut divides."""
        places = len(first) // together
        start, end = sorted(together * int(cut) for cut in rng.choice(places, size=2, replace=False))
        return [*first[:start], *second[start:end], *first[end:]]

    def _mutated(self, genes: Sequence[int], rng: np.random.Generator) -> list[int]:
        fresh = rng.integers(self.space.gene_sizes)
        drawn = rng.random(len(genes)) < self.settings.mutation_probability
        return [int(gene) for gene in np.where(drawn, fresh, genes)]


def _pair(parents: Sequence[Sequence[int]], rng: np.random.Generator) -> tuple[Sequence[int], Sequence[int]]:
    """Two different parents; a population of one cell has to do."""
    if len(parents) == 1:
        return parents[0], parents[0]
    first, second = rng.choice(len(parents), size=2, replace=False)
    return parents[int(first)], parents[int(second)]
