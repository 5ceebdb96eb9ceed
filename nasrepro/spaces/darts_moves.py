"""What searches do with paths of DARTS cells: from genes, how far apart, and cells derived from scores.

A path is a row of numbers edge · 8 + operation in rising order: 16 for a genotype, 28 for one operation on every edge.
"""

from __future__ import annotations

import itertools

import numpy as np

from nasrepro.spaces.base import Path
from nasrepro.spaces.darts_genotype import (
    EDGES,
    FIRST_EDGE,
    NODES,
    OPS,
    Cell,
    Choice,
    DartsGenotype,
    Node,
    standard_cell,
)

CHOICES = 4 * NODES
"""Of a genotype: two per node of two cells."""


def decisions(genes: np.ndarray) -> np.ndarray:
    """Paths (n, 16) of genotypes given by their genes (n, 32)."""
    first = np.array([cell + FIRST_EDGE[node] for cell in (0, len(EDGES)) for node in range(NODES)])
    edges = genes[:, 0::2] + np.repeat(first, 2)
    # A node's numbers are above those of the nodes before it, so sorting the row sorts within nodes.
    found: np.ndarray = np.sort(edges * len(OPS) + genes[:, 1::2], axis=1)
    return found


def genotype_of(path: Path) -> DartsGenotype | None:
    """The genotype whose path this is, if there is one: two choices for every node."""
    choices: list[list[Choice]] = [[] for _ in range(2 * NODES)]
    for number in path:
        edge, op = divmod(number, len(OPS))
        cell, place = divmod(edge, len(EDGES))
        node, state = EDGES[place]
        choices[cell * NODES + node].append((op, state))
    if any(len(node) != 2 for node in choices):
        return None
    nodes = tuple((one, two) for one, two in choices)
    found = DartsGenotype(standard_cell(nodes[:NODES]), standard_cell(nodes[NODES:]))
    return found if found.path == path else None


def canonical(cell: Cell) -> str:
    """The smallest code of the cell over all orders of its nodes in which none reads a later one."""
    codes = []
    for order in itertools.permutations(range(len(cell.nodes))):
        name = {0: 0, 1: 1, **{old + 2: new + 2 for new, old in enumerate(order)}}
        nodes = [cell.nodes[old] for old in order]
        if all(name[state] < number + 2 for number, node in enumerate(nodes) for _, state in node):
            renamed = tuple(((a, name[i]), (b, name[j])) for (a, i), (b, j) in nodes)
            codes.append(Cell(renamed, tuple(name[state] for state in cell.concat)).code)
    return min(codes)


def differing(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of the decisions of each path of `a` (n, L), how many each path of `b` (m, L) does not have: (n, m).

    The two choices of a node match in either order (L = 16); with an operation on every edge, edges are compared
    (L = 28). A node's choices are a multiset: two equal ones match one of the other cell once.
    """
    ours, theirs = np.ascontiguousarray(a.T)[:, :, None], np.ascontiguousarray(b.T)[:, None, :]
    if a.shape[1] != CHOICES:
        unlike: np.ndarray = (ours != theirs).sum(axis=0, dtype=np.int64)
        return unlike
    straight = (ours == theirs).astype(np.uint8)
    crossed = (ours == theirs.reshape(-1, 2, 1, len(b))[:, ::-1].reshape(theirs.shape)).astype(np.uint8)
    matches = np.maximum(straight[::2] + straight[1::2], crossed[::2] + crossed[1::2])
    found: np.ndarray = CHOICES - matches.sum(axis=0, dtype=np.int64)
    return found


def derive(scores: np.ndarray, *, pairs: bool) -> DartsGenotype:
    """The cells that scores (28, 8) of operations on edges prefer; `none` is never chosen, and ties go to the first.

    DARTS takes the two edges of a node whose best operations score highest. With `pairs` it is the two best operations
    wherever they are, so that an edge may be chosen twice (GDAS on this space; Dong & Yang, CVPR 2019).
    """
    tables = np.split(np.asarray(scores, dtype=np.float64)[:, 1:], 2)
    choose = _best_pairs if pairs else _best_edges
    normal, reduce = (
        standard_cell(tuple(choose(table[first : first + node + 2]) for node, first in enumerate(FIRST_EDGE)))
        for table in tables
    )
    return DartsGenotype(normal, reduce)


def _best_edges(table: np.ndarray) -> Node:
    one, two = np.argsort(-table.max(axis=1), kind="stable")[:2].tolist()
    return _best_op(table, one), _best_op(table, two)


def _best_op(table: np.ndarray, state: int) -> Choice:
    return int(table[state].argmax()) + 1, state


def _best_pairs(table: np.ndarray) -> Node:
    one, two = np.argsort(-table, axis=None, kind="stable")[:2].tolist()
    width = table.shape[1]
    return (one % width + 1, one // width), (two % width + 1, two // width)
