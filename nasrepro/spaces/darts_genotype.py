"""Pairs of DARTS cells as values (Liu et al., ICLR 2019).

A cell reads the outputs of the two cells before it, states 0 and 1. Node n (counted from 0) makes state n + 2 as the
sum of two operations, each on one of the states 0 … n + 1; the states named by `concat` are the cell's output, side by
side in the channels. One cell is repeated in all normal positions of the network, the other in both reductions.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

from nasrepro.spaces.base import Path

OPS = (
    "none",
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""The operations of the space, in the order of their codes."""
ALL_OPS = (*OPS, "sep_conv_7x7", "conv_7x1_1x7", "conv_3x1_1x3")
"""With those that only cells from elsewhere have; only stand-alone networks are built of them."""
NODES = 4
EDGES = tuple((node, state) for node in range(NODES) for state in range(node + 2))
"""(node, state) of the 14 edges of a cell of the space: node after node, within a node by the state that it reads."""
FIRST_EDGE = tuple(EDGES.index((node, 0)) for node in range(NODES))
INPUTS = tuple(tuple(itertools.combinations(range(node + 2), 2)) for node in range(NODES))
"""Per node the pairs of different states that it can read."""
RADICES = tuple(len(pairs) * len(OPS) ** 2 for pairs in INPUTS) * 2
"""How many choices each of the eight nodes has when its states differ."""
_MAX_NODES = 8  # so that every state is one digit of an id

Choice = tuple[int, int]
"""(operation code, state that it reads)."""
Node = tuple[Choice, Choice]


@dataclass(frozen=True)
class Cell:
    """One cell; within a node the choices are kept in order of (state, operation), so equal cells are equal values.

    Raises `ValueError` where a code, a state or an output does not exist.
    """

    nodes: tuple[Node, ...]
    concat: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.nodes) <= _MAX_NODES:
            raise ValueError(f"a cell has 1 to {_MAX_NODES} nodes, not {len(self.nodes)}")
        for number, node in enumerate(self.nodes):
            if len(node) != 2:
                raise ValueError(f"node {number} has {len(node)} choices instead of 2")
            for op, state in node:
                if not 0 <= op < len(ALL_OPS):
                    raise ValueError(f"operation codes go from 0 to {len(ALL_OPS) - 1}: {op}")
                if not 0 <= state <= number + 1:
                    raise ValueError(f"node {number} reads states 0 to {number + 1}: {state}")
        last = len(self.nodes) + 1
        outputs = set(self.concat)
        if not outputs or len(outputs) < len(self.concat) or not outputs <= set(range(2, last + 1)):
            raise ValueError(f"the output is made of different states from 2 to {last}: {self.concat}")
        ordered = tuple(tuple(sorted(node, key=lambda choice: choice[::-1])) for node in self.nodes)
        object.__setattr__(self, "nodes", ordered)
        object.__setattr__(self, "concat", tuple(sorted(self.concat)))

    @property
    def whole(self) -> bool:
        """True where every node is part of the output."""
        return len(self.concat) == len(self.nodes)

    @property
    def in_space(self) -> bool:
        """True for 4 nodes, all in the output, with operations of the space."""
        return self.whole and len(self.nodes) == NODES and all(op < len(OPS) for node in self.nodes for op, _ in node)

    @property
    def code(self) -> str:
        """State and operation of every choice, one digit each (hexadecimal); then outputs, where they are not all."""
        choices = "".join(f"{state}{op:x}" for node in self.nodes for op, state in node)
        return choices if self.whole else f"{choices}+{''.join(map(str, self.concat))}"


def standard_cell(nodes: tuple[Node, ...]) -> Cell:
    """The cell whose output is all its nodes; raises `ValueError` as `Cell` does."""
    return Cell(nodes, tuple(range(2, len(nodes) + 2)))


@dataclass(frozen=True)
class DartsGenotype:
    """A normal and a reduction cell."""

    normal: Cell
    reduce: Cell

    @property
    def id(self) -> str:
        return f"darts:{self.normal.code}-{self.reduce.code}"

    def __str__(self) -> str:
        return f"Genotype({_written('normal', self.normal)}, {_written('reduce', self.reduce)})"

    @property
    def in_space(self) -> bool:
        """True where a supernet holds it."""
        return self.normal.in_space and self.reduce.in_space

    @property
    def index(self) -> int | None:
        """Its place among all pairs of cells whose nodes read two different states each; None for any other pair."""
        if not self.in_space:
            return None
        index = 0
        for place, node in enumerate((*self.normal.nodes, *self.reduce.nodes)):
            (first, one), (second, other) = node
            if one == other:
                return None
            pair = INPUTS[place % NODES].index((one, other))
            index = index * RADICES[place] + (pair * len(OPS) + first) * len(OPS) + second
        return index

    @cached_property
    def path(self) -> Path:
        """16 sorted numbers edge · 8 + operation, two per node; edges 0 to 13 are the normal cell's, the others the
        reduction's.

        `none` and repeated choices stay in it. Raises `ValueError` for a genotype outside the space.
        """
        if not self.in_space:
            raise ValueError(f"no supernet of the space holds {self.id}")
        return tuple(
            (first + FIRST_EDGE[number] + state) * len(OPS) + op
            for first, cell in ((0, self.normal), (len(EDGES), self.reduce))
            for number, node in enumerate(cell.nodes)
            for op, state in node
        )


def _written(name: str, cell: Cell) -> str:
    """As papers and released code print a cell."""
    pairs = ", ".join(f"('{ALL_OPS[op]}', {state})" for node in cell.nodes for op, state in node)
    concat = f"range(2, {len(cell.nodes) + 2})" if cell.whole else str(list(cell.concat))
    return f"{name}=[{pairs}], {name}_concat={concat}"
