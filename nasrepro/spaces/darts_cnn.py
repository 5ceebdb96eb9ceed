"""The convolutional space of DARTS: pairs of cells with four nodes and eight operations (Liu et al., ICLR 2019)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from nasrepro.errors import UserError
from nasrepro.spaces import darts_costs, darts_moves, darts_named, darts_text, edge_paths
from nasrepro.spaces.base import Cost, Path, Space
from nasrepro.spaces.darts_genotype import (
    EDGES,
    INPUTS,
    NODES,
    OPS,
    RADICES,
    Cell,
    DartsGenotype,
    Node,
    standard_cell,
)
from nasrepro.spaces.darts_skeleton import DartsSkeleton

__all__ = ["EDGES", "NODES", "OPS", "Cell", "DartsGenotype", "DartsSpace", "from_index"]

_PATH = "darts-path:"
SIZE = prod(RADICES)
"""(180 · 8⁸)²: every node reads two different states."""


def from_index(index: int) -> DartsGenotype:
    """The genotype at a place of the order of all pairs of cells whose nodes read two different states each.

    The number's digits are nodes, the first node of the normal cell most significant; a node's digit counts pairs of
    states, then first and second operation. Raises `UserError` outside the order.
    `DartsGenotype.index` is the way back.
    """
    if not 0 <= index < SIZE:
        raise UserError(f"DARTS genotype index {index} is out of range; allowed: 0 to {SIZE - 1}")
    nodes: list[Node] = []
    for place in reversed(range(len(RADICES))):
        index, digit = divmod(index, RADICES[place])
        pair, ops = divmod(digit, len(OPS) ** 2)
        first, second = INPUTS[place % NODES][pair]
        nodes.insert(0, ((ops // len(OPS), first), (ops % len(OPS), second)))
    return DartsGenotype(standard_cell(tuple(nodes[:NODES])), standard_cell(tuple(nodes[NODES:])))


class DartsSpace(Space[DartsGenotype]):
    """All pairs of DARTS cells.

    Sampling, size and order are about cells whose nodes read two different states, as RandomNAS draws them (Li &
    Talwalkar, 2019). Genes, and so mutation and crossover, may let a node read one state twice, as published cells do.
    """

    name = "darts_cnn"
    skeleton_type = DartsSkeleton
    tiny = DartsSkeleton(4, 3, 8, 10, auxiliary=False)
    cell_kinds = 2
    genes_per_choice = 2
    edges = 2 * len(EDGES)
    operations = OPS

    def __len__(self) -> int:
        return SIZE

    def __iter__(self) -> Iterator[DartsGenotype]:
        return map(from_index, range(SIZE))

    def parse(self, text: str) -> DartsGenotype:
        """Reads an index, an id such as `darts:0414…-0111…`, the name of a known cell in any case of letters, and
        printed `Genotype(…)` text, also of cells outside the space."""
        text = str(text).strip()
        if re.fullmatch(r"-?\d{1,99}", text):
            return from_index(int(text))
        if text.startswith("darts:"):
            return darts_text.from_id(text)
        if text.startswith(_PATH):
            raise UserError(f"'{text}' is a path through a supernet and no cell; allowed: ids that begin with 'darts:'")
        if re.search(r"[(\[=]", text):
            return darts_text.from_notation(text)
        return darts_named.CELLS.get(text).genotype

    def sample(self, rng: np.random.Generator) -> DartsGenotype:
        """Every node gets two different states and two operations, `none` included (RandomNAS)."""
        return from_index(int(rng.integers(SIZE)))

    def mutate(self, genotype: DartsGenotype, rng: np.random.Generator) -> DartsGenotype:
        """One of the 32 genes, an operation or a state, gets another value."""
        genes = list(self.genes(genotype))
        place = int(rng.integers(len(genes)))
        genes[place] = (genes[place] + int(rng.integers(1, self.gene_sizes[place]))) % self.gene_sizes[place]
        return self.from_genes(genes)

    def neighbours(self, genotype: DartsGenotype) -> list[DartsGenotype]:
        """The pairs of cells that differ in one gene: 152, fewer where a node makes one choice twice."""
        genes = self.genes(genotype)
        changed = (
            self.from_genes((*genes[:place], value, *genes[place + 1 :]))
            for place, size in enumerate(self.gene_sizes)
            for value in range(size)
            if value != genes[place]
        )
        return list(dict.fromkeys(changed))

    @property
    def gene_sizes(self) -> tuple[int, ...]:
        """State and operation of every choice."""
        return tuple(size for node in range(NODES) for size in (node + 2, len(OPS)) * 2) * 2

    def genes(self, genotype: DartsGenotype) -> tuple[int, ...]:
        """(state, operation) of every choice, the normal cell first; raises `ValueError` outside the space."""
        if not genotype.in_space:
            raise ValueError(f"{genotype.id} is not in the space {self.name}")
        nodes = (*genotype.normal.nodes, *genotype.reduce.nodes)
        return tuple(gene for node in nodes for op, state in node for gene in (state, op))

    def from_genes(self, genes: Sequence[int]) -> DartsGenotype:
        if len(genes) != len(self.gene_sizes):
            raise ValueError(f"a pair of DARTS cells has {len(self.gene_sizes)} genes, not {len(genes)}")
        if any(not 0 <= gene < size for gene, size in zip(genes, self.gene_sizes, strict=True)):
            raise ValueError(f"genes {tuple(genes)} are not below {self.gene_sizes}")
        numbers = [int(gene) for gene in genes]
        nodes = tuple(((b, a), (d, c)) for a, b, c, d in zip(*(numbers[k::4] for k in range(4)), strict=True))
        return DartsGenotype(standard_cell(nodes[:NODES]), standard_cell(nodes[NODES:]))

    def decisions(self, genes: np.ndarray) -> np.ndarray:
        return darts_moves.decisions(genes)

    def differing(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return darts_moves.differing(a, b)

    def complement(self, path: Path, previous: Path, rng: np.random.Generator) -> Path:
        return edge_paths.complement(path, previous, rng, width=len(OPS))

    def derive(self, scores: np.ndarray, *, pairs: bool = False) -> DartsGenotype:
        return darts_moves.derive(scores, pairs=pairs)

    def path_on_edges(self, operations: Sequence[int]) -> Path:
        """28 numbers edge · 8 + operation."""
        return edge_paths.on_edges(operations, len(OPS))

    def weights(self, path: Path) -> np.ndarray:
        return edge_paths.weights(path, self.edges, len(OPS))

    def path_id(self, path: Path) -> str:
        """The genotype's id, else `darts-path:` and the numbers of the path."""
        found = darts_moves.genotype_of(path)
        return found.id if found else edge_paths.written(path, _PATH)

    def path_of(self, text: str) -> Path:
        if not text.startswith(_PATH):
            return self.parse(text).path
        return edge_paths.read(text, _PATH, self.edges * len(OPS))

    def distance(self, a: DartsGenotype, b: DartsGenotype) -> float:
        """Share of the 16 choices that the other's node does not have, in either order, in [0, 1] (NSAS; EN²AS)."""
        one, other = np.array([a.path]), np.array([b.path])
        return int(darts_moves.differing(one, other)[0, 0]) / darts_moves.CHOICES

    def canonical(self, genotype: DartsGenotype) -> str:
        """Equal for cells that are one when their nodes are numbered anew: the smallest code over all numberings."""
        return f"{darts_moves.canonical(genotype.normal)}-{darts_moves.canonical(genotype.reduce)}"

    def supernet_skeleton(self, sizes: Mapping[str, Any]) -> DartsSkeleton:
        """Supernets have no auxiliary head."""
        return DartsSkeleton(**sizes, auxiliary=False)

    def cost(self, genotype: DartsGenotype, skeleton: DartsSkeleton) -> Cost:
        return darts_costs.cost(genotype, skeleton)
