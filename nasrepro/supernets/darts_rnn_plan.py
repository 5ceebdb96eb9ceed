"""Which products a recurrent cell computes for what its nodes read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

TANH, RELU, SIGMOID, IDENTITY = 1, 2, 3, 4
"""Numbers of the operations; 0 is `none`, which contributes nothing and never is a term."""
ACTIVE = (TANH, RELU, SIGMOID, IDENTITY)


@dataclass(frozen=True)
class Term:
    """What a node gets from one state: the state's number (0 is the first), the operation, and its matrix's place."""

    state: int
    op: int
    matrix: int


@dataclass(frozen=True)
class Plan:
    """The terms of every node, in order, and which states' mean is the output."""

    nodes: tuple[tuple[Term, ...], ...]
    concat: tuple[int, ...]

    @cached_property
    def matrices(self) -> tuple[int, ...]:
        """The matrices that terms use, each once."""
        return tuple(sorted({term.matrix for terms in self.nodes for term in terms}))

    @cached_property
    def read(self) -> frozenset[int]:
        """The states that a node reads."""
        return frozenset(term.state for terms in self.nodes for term in terms)

    @cached_property
    def whole(self) -> bool:
        """True where the output is the mean of all nodes."""
        return self.concat == tuple(range(1, len(self.nodes) + 1))


@dataclass(frozen=True)
class Products:
    """The products of one node, q of them: the state of each, and the place of its matrix among the plan's.

    Either each has one operation, and they are sorted by operation, or each has all four. `order` are the places of the
    terms in the node's own order: q of them, or q · 4, product by product.
    """

    states: tuple[int, ...]
    matrices: tuple[int, ...]
    spans: tuple[tuple[int, int, int], ...]
    """(operation, first product, product after the last) where each has one operation; empty where each has all."""
    order: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.states)

    @property
    def full(self) -> bool:
        """Each product has all four operations."""
        return not self.spans and len(self.states) > 0

    @cached_property
    def together(self) -> bool:
        """One matrix for several products: they are one product of states on top of each other."""
        return len(self) > 1 and len(set(self.matrices)) == 1

    @cached_property
    def straight(self) -> bool:
        """The states are the first ones in their order."""
        return self.states == tuple(range(len(self)))


@lru_cache(maxsize=4096)
def products(plan: Plan, weighted: bool) -> tuple[Products, ...]:
    """Of every node. With weights, a state's product serves all its operations, if there are all of them."""
    place = {matrix: number for number, matrix in enumerate(plan.matrices)}
    return tuple(_products(terms, place, weighted) for terms in plan.nodes)


def _products(terms: tuple[Term, ...], place: dict[int, int], weighted: bool) -> Products:
    by_product: dict[tuple[int, int], dict[int, int]] = {}
    for number, term in enumerate(terms):
        by_product.setdefault((term.state, term.matrix), {})[term.op] = number
    if terms and weighted and all(len(found) == len(ACTIVE) for found in by_product.values()):
        keys = sorted(by_product)
        order = tuple(by_product[key][op] for key in keys for op in ACTIVE)
        return Products(tuple(s for s, _ in keys), tuple(place[m] for _, m in keys), (), order)
    ordered = sorted(range(len(terms)), key=lambda number: (terms[number].op, terms[number].state))
    ops = [terms[number].op for number in ordered]
    spans = tuple((op, ops.index(op), ops.index(op) + ops.count(op)) for op in ACTIVE if op in ops)
    states = tuple(terms[number].state for number in ordered)
    return Products(states, tuple(place[terms[number].matrix] for number in ordered), spans, tuple(ordered))
