"""Sampling, mutation, neighbours and distance."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from nasrepro.spaces.nb201 import NB201Space, from_index

SPACE = NB201Space()
EDGE_SHARES = np.array([1 / 3, 1 / 6, 1 / 6, 1 / 9, 1 / 9, 1 / 9])
"""One node in three, then one of its edges."""


def changed(a, b):
    return [edge for edge in range(6) if a.ops[edge] != b.ops[edge]]


def test_samples_are_uniform_per_edge_and_follow_the_generator():
    rng = np.random.default_rng(0)
    cells = [SPACE.sample(rng) for _ in range(5000)]
    for edge in range(6):
        assert chisquare([n for _, n in sorted(Counter(c.ops[edge] for c in cells).items())]).pvalue > 1e-4
    assert len(set(cells)) > 4000
    assert [SPACE.sample(np.random.default_rng(7)) for _ in range(2)] == [SPACE.sample(np.random.default_rng(7))] * 2


def test_a_mutation_changes_one_edge_chosen_by_node_first():
    rng = np.random.default_rng(1)
    parent = from_index(6111)
    edges, targets = Counter(), Counter()
    for _ in range(6000):
        child = SPACE.mutate(parent, rng)
        (edge,) = changed(parent, child)
        edges[edge] += 1
        targets[edge, child.ops[edge]] += 1
    assert chisquare([edges[e] for e in range(6)], 6000 * EDGE_SHARES).pvalue > 1e-4
    for edge in range(6):  # the four other operations are equally likely
        counts = [n for (e, _), n in targets.items() if e == edge]
        assert len(counts) == 4
        assert chisquare(counts).pvalue > 1e-4


@pytest.mark.parametrize("index", [0, 1462, 15624])
def test_neighbours_are_the_24_cells_one_edge_away(index):
    cell = from_index(index)
    neighbours = SPACE.neighbours(cell)
    assert len(neighbours) == len(set(neighbours)) == 24
    assert all(SPACE.distance(cell, other) == pytest.approx(1 / 6) for other in neighbours)
    assert all(cell in SPACE.neighbours(other) for other in neighbours)


def test_distance_is_the_share_of_differing_edges():
    zero, skip = SPACE.parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"), from_index(1835)
    assert SPACE.distance(zero, zero) == 0
    assert SPACE.distance(zero, skip) == SPACE.distance(skip, zero) == 1
    assert SPACE.distance(from_index(11472), from_index(1835)) == pytest.approx(4 / 6)
