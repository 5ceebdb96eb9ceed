"""Recurrent cells as values (Liu et al., ICLR 2019).

State 0 mixes the word with the hidden state before it. Node i, counted from 1, reads one state before it and makes
state i by one activation; the mean of the states named by `concat` is the next hidden state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

from nasrepro.errors import UserError
from nasrepro.spaces.base import Path

OPS = ("none", "tanh", "relu", "sigmoid", "identity")
"""The columns of an architecture parameter, in the order of their codes. No cell is made of `none`."""
ACTIVATIONS = OPS[1:]
FIRST = 1
"""Code of the first activation."""
MOST_NODES = 15
"""So that every state is one digit of an id."""

Node = tuple[int, int]
"""(operation code, state that it reads)."""

FIXED: dict[int, tuple[Node, ...]] = {3: ((FIRST, 0), (FIRST, 1))}
"""By number of nodes, those at the beginning that every cell of the space has: a chain of tanh, so that only the third
node is searched (Yu et al., ICLR 2020, Section 4.3.1, which does not say which activations its first nodes have)."""
SPACES = (8, 2, 3)
"""Numbers of nodes that a space has."""


def first_edge(node: int) -> int:
    """Row of the edge from state 0 to a node, counted from 1; edges go node after node, within a node by state."""
    return node * (node - 1) // 2


def entry(node: int, op: int, state: int) -> int:
    """A node's choice as a number of a path: edge · 5 + operation."""
    return (first_edge(node) + state) * len(OPS) + op


def radices(nodes: int) -> tuple[int, ...]:
    """How many choices each free node has."""
    return tuple(node * len(ACTIVATIONS) for node in range(1 + len(FIXED.get(nodes, ())), nodes + 1))


@dataclass(frozen=True)
class RnnGenotype:
    """One cell. Raises `ValueError` where a code, a state or an output does not exist."""

    nodes: tuple[Node, ...]
    concat: tuple[int, ...]

    def __post_init__(self) -> None:
        count = len(self.nodes)
        if not 1 <= count <= MOST_NODES:
            raise ValueError(f"a recurrent cell has 1 to {MOST_NODES} nodes, not {count}")
        for number, (op, state) in enumerate(self.nodes, 1):
            if not FIRST <= op < len(OPS):
                raise ValueError(f"activation codes go from {FIRST} to {len(OPS) - 1}: {op}")
            if not 0 <= state < number:
                raise ValueError(f"node {number} reads states 0 to {number - 1}: {state}")
        outputs = set(self.concat)
        if not outputs or len(outputs) < len(self.concat) or not outputs <= set(range(1, count + 1)):
            raise ValueError(f"the output is the mean of different nodes from 1 to {count}: {self.concat}")
        object.__setattr__(self, "concat", tuple(sorted(self.concat)))

    @property
    def whole(self) -> bool:
        """True where every node is part of the output."""
        return len(self.concat) == len(self.nodes)

    @property
    def home(self) -> int:
        """Number of nodes of the space whose notation it is: cells that no space has are read in the one of 8 nodes."""
        return len(self.nodes) if self.in_space else SPACES[0]

    @property
    def in_space(self) -> bool:
        """True where a supernet holds it."""
        fixed = FIXED.get(len(self.nodes), ())
        return self.whole and len(self.nodes) in SPACES and self.nodes[: len(fixed)] == fixed

    @property
    def free(self) -> tuple[Node, ...]:
        """The nodes that its space does not fix, or all of a cell of no space."""
        return self.nodes[len(FIXED.get(len(self.nodes), ())) :] if self.in_space else self.nodes

    @property
    def id(self) -> str:
        """`rnn` and the number of nodes, then state and activation of every free node, one hexadecimal digit each; then
        outputs, where they are not all."""
        code = "".join(f"{state:x}{op}" for op, state in self.free)
        outputs = "" if self.whole else "+" + "".join(f"{state:x}" for state in self.concat)
        return f"rnn{len(self.nodes)}:{code}{outputs}"

    def __str__(self) -> str:
        """As papers and released code print a cell."""
        pairs = ", ".join(f"('{OPS[op]}', {state})" for op, state in self.nodes)
        concat = f"range(1, {len(self.nodes) + 1})" if self.whole else str(list(self.concat))
        return f"Genotype(recurrent=[{pairs}], concat={concat})"

    @property
    def index(self) -> int | None:
        """Its place in its space; None for a cell of none."""
        if not self.in_space:
            return None
        index = 0
        for (op, state), radix in zip(self.free, radices(len(self.nodes)), strict=True):
            index = index * radix + state * len(ACTIVATIONS) + op - FIRST
        return index

    @cached_property
    def path(self) -> Path:
        """A number edge · 5 + operation for each node. Raises `ValueError` for a genotype outside the spaces."""
        if not self.in_space:
            raise ValueError(f"no supernet holds {self.id}")
        return tuple(entry(number, op, state) for number, (op, state) in enumerate(self.nodes, 1))


def whole_cell(nodes: tuple[Node, ...]) -> RnnGenotype:
    """The cell whose output is the mean of all its nodes; raises `ValueError` as `RnnGenotype` does."""
    return RnnGenotype(nodes, tuple(range(1, len(nodes) + 1)))


def from_index(index: int, nodes: int) -> RnnGenotype:
    """The cell at a place of the space's order; raises `UserError` outside it.

    The number's digits are free nodes, the first most significant; a node's digit counts states, then activations in
    the order tanh, relu, sigmoid, identity. With two nodes that is the numbering of Yu et al. (ICLR 2020).
    """
    sizes = radices(nodes)
    if not 0 <= index < prod(sizes):
        raise UserError(f"index {index} of a cell with {nodes} nodes is out of range; allowed: 0 to {prod(sizes) - 1}")
    found: list[Node] = []
    for radix in reversed(sizes):
        index, digit = divmod(index, radix)
        state, activation = divmod(digit, len(ACTIVATIONS))
        found.insert(0, (activation + FIRST, state))
    return whole_cell((*FIXED.get(nodes, ()), *found))
