"""The recurrent space of DARTS (Liu et al., ICLR 2019) and the two small ones of "Evaluating the search phase of neural
architecture search" (Yu et al., ICLR 2020): two nodes, and three of which only the third is free."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from nasrepro.errors import UserError
from nasrepro.spaces import darts_rnn_moves, darts_rnn_named, darts_rnn_text, edge_paths
from nasrepro.spaces.base import Cost, Path, Space
from nasrepro.spaces.darts_rnn_genotype import (
    ACTIVATIONS,
    FIRST,
    FIXED,
    OPS,
    SPACES,
    Node,
    RnnGenotype,
    first_edge,
    from_index,
    radices,
    whole_cell,
)
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton

__all__ = ["OPS", "RnnGenotype", "RnnSkeleton", "RnnSpace", "from_index"]


class RnnSpace(Space[RnnGenotype]):
    """All recurrent cells with 8, with 2, or with 3 nodes, where the first two of three are fixed.

    Genes are (state, activation) of every free node. Fixed nodes are part of every path and of every architecture
    parameter, but nothing chooses them. Raises `ValueError` for another number of nodes.
    """

    skeleton_type = RnnSkeleton
    genes_per_choice = 2
    operations = OPS

    def __init__(self, nodes: int = 8) -> None:
        if nodes not in SPACES:
            raise ValueError(f"there are spaces of {', '.join(map(str, SPACES))} nodes, not of {nodes}")
        self.nodes = nodes
        self.name = f"darts_rnn{nodes}"
        self.tiny = RnnSkeleton(4, 12, nodes)
        self.edges = first_edge(nodes + 1)
        self._fixed = FIXED.get(nodes, ())
        self._path_prefix = f"rnn{nodes}-path:"

    def __len__(self) -> int:
        return prod(radices(self.nodes))

    def __iter__(self) -> Iterator[RnnGenotype]:
        return (from_index(index, self.nodes) for index in range(len(self)))

    def parse(self, text: str) -> RnnGenotype:
        """Reads an index, an id such as `rnn2:0103`, printed `Genotype(recurrent=…)` text, pairs of state and
        activation such as `0 1 0 3` (ENAS, NAO), and the name of a known cell in any case of letters.

        The space of eight nodes also reads the cells of no space, such as ENAS's own with eleven nodes.
        """
        text = str(text).strip()
        if re.fullmatch(r"-?\d{1,99}", text):
            return from_index(int(text), self.nodes)
        if text.startswith(self._path_prefix):
            ids = f"ids that begin with 'rnn{self.nodes}:'"
            raise UserError(f"'{text}' is a path through a supernet and no cell; allowed: {ids}")
        found = (
            darts_rnn_text.read(text) if darts_rnn_text.is_written(text) else darts_rnn_named.CELLS.get(text).genotype
        )
        if found.home != self.nodes:
            theirs = f"belongs to another space, 'darts_rnn{found.home}'" if found.in_space else "is in no space"
            raise UserError(f"'{text}' {theirs}; allowed: cells of '{self.name}'")
        return found

    def sample(self, rng: np.random.Generator) -> RnnGenotype:
        return from_index(int(rng.integers(len(self))), self.nodes)

    def mutate(self, genotype: RnnGenotype, rng: np.random.Generator) -> RnnGenotype:
        """One gene that has a choice, a state or an activation, gets another value."""
        genes, sizes = list(self.genes(genotype)), self.gene_sizes
        places = [place for place, size in enumerate(sizes) if size > 1]
        place = places[int(rng.integers(len(places)))]
        genes[place] = (genes[place] + int(rng.integers(1, sizes[place]))) % sizes[place]
        return self.from_genes(genes)

    def neighbours(self, genotype: RnnGenotype) -> list[RnnGenotype]:
        """The cells that differ in one gene: 52 with eight nodes, 7 with two, 5 where only the third is free."""
        genes = self.genes(genotype)
        return [
            self.from_genes((*genes[:place], value, *genes[place + 1 :]))
            for place, size in enumerate(self.gene_sizes)
            for value in range(size)
            if value != genes[place]
        ]

    @property
    def gene_sizes(self) -> tuple[int, ...]:
        """State and activation of every free node; the first node has one state to read."""
        return tuple(size for node in range(len(self._fixed) + 1, self.nodes + 1) for size in (node, len(ACTIVATIONS)))

    def genes(self, genotype: RnnGenotype) -> tuple[int, ...]:
        """(state, activation from 0) of every free node; raises `ValueError` outside the space."""
        if not genotype.in_space or len(genotype.nodes) != self.nodes:
            raise ValueError(f"{genotype.id} is not in the space {self.name}")
        return tuple(gene for op, state in genotype.free for gene in (state, op - FIRST))

    def from_genes(self, genes: Sequence[int]) -> RnnGenotype:
        if len(genes) != len(self.gene_sizes):
            raise ValueError(f"a cell of {self.name} has {len(self.gene_sizes)} genes, not {len(genes)}")
        if any(not 0 <= gene < size for gene, size in zip(genes, self.gene_sizes, strict=True)):
            raise ValueError(f"genes {tuple(genes)} are not below {self.gene_sizes}")
        numbers = [int(gene) for gene in genes]
        free: list[Node] = [(op + FIRST, state) for state, op in zip(numbers[::2], numbers[1::2], strict=True)]
        return whole_cell((*self._fixed, *free))

    def decisions(self, genes: np.ndarray) -> np.ndarray:
        return darts_rnn_moves.decisions(genes, self.nodes)

    def differing(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Nodes are compared in their order, and so are edges where every one has an operation."""
        found: np.ndarray = (a[:, None] != b[None]).sum(axis=2, dtype=np.int64)
        return found

    def complement(self, path: Path, previous: Path, rng: np.random.Generator) -> Path:
        """Never `none`; fixed nodes get another activation too, so that nothing is shared."""
        return edge_paths.complement(path, previous, rng, width=len(OPS), first=FIRST)

    def derive(self, scores: np.ndarray, *, pairs: bool = False) -> RnnGenotype:
        """A node has one edge and one activation, with `pairs` too."""
        return darts_rnn_moves.derive(scores, self.nodes)

    def path_on_edges(self, operations: Sequence[int]) -> Path:
        """A number edge · 5 + operation for each edge."""
        return edge_paths.on_edges(operations, len(OPS))

    def weights(self, path: Path) -> np.ndarray:
        return edge_paths.weights(path, self.edges, len(OPS))

    def path_id(self, path: Path) -> str:
        """The genotype's id, else such as `rnn2-path:` and the numbers of the path."""
        found = darts_rnn_moves.genotype_of(path, self.nodes)
        return found.id if found else edge_paths.written(path, self._path_prefix)

    def path_of(self, text: str) -> Path:
        if text.startswith(self._path_prefix):
            return edge_paths.read(text, self._path_prefix, self.edges * len(OPS))
        found = self.parse(text)
        if not found.in_space:
            raise UserError(f"no supernet holds {found.id}; allowed: cells of '{self.name}'")
        return found.path

    def distance(self, a: RnnGenotype, b: RnnGenotype) -> float:
        """Share of the nodes whose state or activation differs, in their order, in [0, 1] (EN²AS; NSAS)."""
        one, other = np.array([a.path]), np.array([b.path])
        return int(self.differing(one, other)[0, 0]) / self.nodes

    def canonical(self, genotype: RnnGenotype) -> str:
        """Equal for cells that are one when their nodes are numbered anew: 26 of the 32 with two nodes."""
        return darts_rnn_moves.canonical(genotype)

    def cost(self, genotype: RnnGenotype, skeleton: RnnSkeleton) -> Cost:
        """Of the network with this cell, whatever number of nodes the skeleton has; for one word."""
        return darts_rnn_moves.cost(genotype, skeleton)
