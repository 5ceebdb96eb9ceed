"""What searches do with recurrent cells: paths from genes, cells derived from scores, and which cells are one.

A path is a row of numbers edge · 5 + operation: one per node for a genotype, else one per edge.
"""

from __future__ import annotations

import numpy as np

from nasrepro.spaces.base import Cost, Path
from nasrepro.spaces.darts_rnn_genotype import FIRST, FIXED, OPS, Node, RnnGenotype, entry, first_edge, whole_cell
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton


def decisions(genes: np.ndarray, nodes: int) -> np.ndarray:
    """Paths (n, nodes), those of fixed nodes included, of genotypes given by their genes (n, 2 per free node)."""
    chain = [entry(number, op, state) for number, (op, state) in enumerate(FIXED.get(nodes, ()), 1)]
    first = np.array([first_edge(node) for node in range(len(chain) + 1, nodes + 1)])
    free = (first + genes[:, 0::2]) * len(OPS) + genes[:, 1::2] + FIRST
    same = np.tile(np.array(chain, dtype=free.dtype), (len(genes), 1))
    found: np.ndarray = np.concatenate([same, free], axis=1)
    return found


def genotype_of(path: Path, nodes: int) -> RnnGenotype | None:
    """The cell of a space whose path this is, if there is one: one activation for every node."""
    if len(path) != nodes:
        return None
    chosen: list[Node] = []
    for node, number in enumerate(path, 1):
        edge, op = divmod(number, len(OPS))
        state = edge - first_edge(node)
        if not 0 <= state < node or op < FIRST:
            return None
        chosen.append((op, state))
    found = whole_cell(tuple(chosen))
    return found if found.in_space else None


def derive(scores: np.ndarray, nodes: int) -> RnnGenotype:
    """The cell that scores (edges, 5) of operations on edges prefer, beside its fixed nodes (Liu et al., ICLR 2019).

    A node takes the state whose best activation scores highest, and this activation; `none` is never chosen, and ties
    go to the first state, then to the first activation.
    """
    table = np.asarray(scores, dtype=np.float64)[:, FIRST:]
    chosen = list(FIXED.get(nodes, ()))
    for node in range(len(chosen) + 1, nodes + 1):
        first = first_edge(node)
        state, activation = divmod(int(table[first : first + node].argmax()), table.shape[1])
        chosen.append((activation + FIRST, state))
    return whole_cell(tuple(chosen))


def canonical(genotype: RnnGenotype) -> str:
    """Equal for cells that compute the same when the weights of their nodes are renumbered too.

    Every node reads one state, so a cell is a tree that grows from state 0; its text has branches in order of the
    alphabet. A node that is part of the output has a star, and nodes that lead to no output are left out.
    """
    return f"0({_branches(genotype, 0)})"


def _branches(genotype: RnnGenotype, state: int) -> str:
    """What grows from a state."""
    found = []
    for number, (op, source) in enumerate(genotype.nodes, 1):
        if source == state:
            beyond, star = _branches(genotype, number), "*" if number in genotype.concat else ""
            if beyond or star:
                found.append(f"{OPS[op]}{star}({beyond})" if beyond else f"{OPS[op]}{star}")
    return ",".join(sorted(found))


def cost(genotype: RnnGenotype, skeleton: RnnSkeleton) -> Cost:
    """Of the stand-alone language model: V · H word vectors that decode too, a bias per word, 4H² weights of state 0
    and 2H² of each node. Multiply-accumulates are those of all matrix products for one word, the decoder's included."""
    width = skeleton.hidden
    products = 4 * width**2 + len(genotype.nodes) * 2 * width**2 + skeleton.vocabulary * width
    return Cost(products + skeleton.vocabulary, products)
