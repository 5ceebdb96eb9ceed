"""Which NAS-Bench-201 cells are the same? Three answers that must not be mixed.

*Official*: the benchmark's canonical string, 6,466 classes. It keeps redundant zero terms and does not
flatten sums, so it splits cells that compute the same thing; and it does not see whether two equal terms are
one convolution used twice or two convolutions, so it also joins cells that compute different things.

*Functional*: what the cell computes when every convolution edge has weights of its own, average pooling is
linear, and a convolution of a zero map is zero; 5,044 classes. Two cells share a class exactly if renaming
their convolutions makes the expressions equal. That a convolution of zero is zero holds without affine
parameters; with them an empty node gains a learned shift, which these classes leave out. Normalization also
cancels the scale of a convolution's input, but only up to its epsilon, so 2·x and x are kept apart.

*Inherited*: what the cell computes with the weights of a supernet, which has one convolution per edge and
operation; 7,548 classes (9,445 would be left if only dead edges were removed). As above, but convolutions keep
their names. It refines the functional classes; 1,023 official strings join cells that it keeps apart.
"""

from __future__ import annotations

import itertools
from collections import Counter
from functools import cache

_NONE, _SKIP, _CONV1, _CONV3, _POOL = range(5)
_NAMES = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
_EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
_INPUT = -1  # the atom standing for the cell's input

# A node's value is a linear combination of atoms: {(pooling power, atom): coefficient}. The atom of a convolution
# is its edge.
Expression = Counter[tuple[int, int]]


@cache
def live_edges(ops: tuple[int, ...]) -> tuple[int, ...]:
    """Edges that lie on a path of non-`none` operations from the cell's input to its output."""
    fed, wanted = {0}, {3}
    for (target, source), op in zip(_EDGES, ops, strict=True):
        if op != _NONE and source in fed:
            fed.add(target)
    for (target, source), op in zip(reversed(_EDGES), reversed(ops), strict=True):
        if op != _NONE and target in wanted:
            wanted.add(source)
    return tuple(
        e for e, (target, source) in enumerate(_EDGES) if ops[e] != _NONE and source in fed and target in wanted
    )


def official_string(ops: tuple[int, ...]) -> str:
    """The benchmark's canonical string: skips folded, `#` for zero, terms sorted per node."""
    nodes = ["0"]
    for target in range(1, 4):
        terms = []
        for (node, source), op in zip(_EDGES, ops, strict=True):
            if node != target:
                continue
            if op == _NONE or nodes[source] == "#":
                terms.append("#")
            elif op == _SKIP:
                terms.append(nodes[source])
            else:
                terms.append(f"({nodes[source]})@{_NAMES[op]}")
        nodes.append("+".join(sorted(terms)))
    return nodes[-1]


def functional_key(ops: tuple[int, ...]) -> str:
    """A string equal exactly for cells of one functional class."""
    output, convolutions = _expressions(ops)
    best: tuple[object, ...] | None = None
    for order in itertools.permutations(range(len(convolutions))):  # at most six convolutions
        key = _key(ops, output, convolutions, {_INPUT: _INPUT, **dict(zip(convolutions, order, strict=True))})
        if best is None or repr(key) < repr(best):
            best = key
    return repr(best)


def inherited_key(ops: tuple[int, ...]) -> str:
    """A string equal exactly for cells that compute the same with the weights of one supernet.

    Holds for batch statistics and for running averages, since a supernet normalizes without affine parameters
    and counts a convolution of an empty node as zero.
    """
    output, convolutions = _expressions(ops)
    return repr(_key(ops, output, convolutions, {atom: atom for atom in (_INPUT, *convolutions)}))


def _expressions(ops: tuple[int, ...]) -> tuple[Expression, dict[int, Expression]]:
    """The output node's expression, and by edge the input expressions of the convolutions it depends on."""
    convolutions: dict[int, Expression] = {}
    nodes: list[Expression] = [Counter({(0, _INPUT): 1})]
    for target in range(1, 4):
        value: Expression = Counter()
        for edge, (node, source) in enumerate(_EDGES):
            op = ops[edge]
            if node != target or op == _NONE or not nodes[source]:
                continue
            if op == _SKIP:
                value.update(nodes[source])
            elif op == _POOL:
                value.update({(power + 1, atom): times for (power, atom), times in nodes[source].items()})
            else:
                value[(0, edge)] += 1
                convolutions[edge] = nodes[source]
        nodes.append(value)
    return nodes[-1], {edge: convolutions[edge] for edge in sorted(_reachable(nodes[-1], convolutions))}


def _reachable(output: Expression, convolutions: dict[int, Expression]) -> set[int]:
    found: set[int] = set()
    open_atoms = [atom for _, atom in output]
    while open_atoms:
        atom = open_atoms.pop()
        if atom != _INPUT and atom not in found:
            found.add(atom)
            open_atoms += [inner for _, inner in convolutions[atom]]
    return found


def _key(
    ops: tuple[int, ...], output: Expression, convolutions: dict[int, Expression], name: dict[int, int]
) -> tuple[object, ...]:
    """All expressions with the atoms called by `name`, in an order that depends on the names only."""
    bodies = sorted((name[edge], ops[edge], _written(body, name)) for edge, body in convolutions.items())
    return _written(output, name), tuple(bodies)


def _written(expression: Expression, name: dict[int, int]) -> tuple[tuple[int, int, int], ...]:
    return tuple(sorted((power, name[atom], times) for (power, atom), times in expression.items()))
