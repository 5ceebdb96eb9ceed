"""What searches do with DARTS cells: neighbors, distances, complements, and cells derived from scores."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from nasrepro.errors import UserError
from nasrepro.spaces.darts_cnn import DartsSpace

SPACE = DartsSpace()
ZERO = "0010" * 4


def overlap(a, b):
    """Matching choices, the slow way: multisets per node."""
    pairs = zip((*a.normal.nodes, *a.reduce.nodes), (*b.normal.nodes, *b.reduce.nodes), strict=True)
    return sum((Counter(one) & Counter(other)).total() for one, other in pairs)


def from_random_genes(rng):
    """Also nodes that read one state twice, and that make one choice twice."""
    sizes = [min(size, 3) for size in SPACE.gene_sizes]
    return SPACE.from_genes(rng.integers(sizes).tolist())


def test_distance_is_the_share_of_choices_without_a_match_in_either_order():
    rng = np.random.default_rng(0)
    cells = [from_random_genes(rng) for _ in range(60)]
    paths = SPACE.decisions(np.array([SPACE.genes(cell) for cell in cells]))
    counts = SPACE.differing(paths, paths[:50])
    assert counts.shape == (60, 50)
    assert np.issubdtype(counts.dtype, np.integer)
    expected = [[16 - overlap(a, b) for b in cells[:50]] for a in cells]
    assert counts.tolist() == expected
    assert SPACE.distance(cells[0], cells[1]) == expected[0][1] / 16


def test_paths_on_all_edges_differ_edge_by_edge():
    rng = np.random.default_rng(1)
    ops = rng.integers(8, size=(9, 28))
    paths = np.array([SPACE.path_on_edges(row.tolist()) for row in ops])
    assert SPACE.differing(paths[:4], paths).tolist() == (ops[:4, None] != ops[None]).sum(axis=2).tolist()


def test_genes_are_read_in_any_order_of_a_nodes_choices():
    genes = list(SPACE.genes(SPACE.parse("EENAS")))
    swapped = [*genes[2:4], *genes[0:2], *genes[4:]]
    assert SPACE.from_genes(swapped) == SPACE.parse("EENAS")
    assert SPACE.decisions(np.array([swapped])).tolist() == [list(SPACE.parse("EENAS").path)]
    assert SPACE.gene_sizes[:16] == (2, 8, 2, 8, 3, 8, 3, 8, 4, 8, 4, 8, 5, 8, 5, 8)


def test_neighbors_change_one_operation_or_one_state():
    cell = SPACE.parse("DARTS_V1")
    around = SPACE.neighbours(cell)
    assert len(around) == 152
    assert all(SPACE.distance(cell, other) == 1 / 16 for other in around)
    assert len(SPACE.neighbours(SPACE.parse(f"darts:{'0000' * 4}-{'0000' * 4}"))) == 76


@pytest.mark.parametrize("draws", [1, 2])
def test_a_complement_takes_another_operation_where_the_previous_path_had_this_one(draws):
    rng = np.random.default_rng(draws)
    path, previous = (from_random_genes(rng).path for _ in range(2))
    found = SPACE.complement(path, previous, rng)
    kept = set(path) - set(previous)
    assert kept <= set(found)
    assert not set(found) & set(previous)
    assert Counter(choice // 8 for choice in found) == Counter(choice // 8 for choice in path)
    assert found == tuple(sorted(found))


def test_a_complement_of_the_path_itself_is_drawn_uniformly():
    rng, path = np.random.default_rng(3), SPACE.parse("darts:" + ZERO + "-" + ZERO).path
    drawn = Counter(SPACE.complement(path, path, rng)[0] for _ in range(2100))
    assert set(drawn) == set(range(1, 8))
    assert all(240 < count < 360 for count in drawn.values())


def scores_of(cosine, sine):
    """The architecture parameters of the fixture on which DARTS's own derivation was run, as probabilities."""
    steps = np.arange(112).reshape(14, 8)
    weights = np.exp(np.concatenate([np.cos(cosine * steps), np.sin(sine * steps)]))
    return weights / weights.sum(axis=1, keepdims=True)


def test_darts_rule_as_its_code_derives():
    expected = (
        "Genotype(normal=[('max_pool_3x3', 1), ('max_pool_3x3', 0), ('avg_pool_3x3', 0), ('skip_connect', 1),"
        "('dil_conv_5x5', 2), ('dil_conv_5x5', 3), ('max_pool_3x3', 1), ('avg_pool_3x3', 2)],"
        "reduce=[('avg_pool_3x3', 0), ('max_pool_3x3', 1), ('sep_conv_5x5', 2), ('dil_conv_3x3', 1),"
        "('sep_conv_3x3', 0), ('skip_connect', 1), ('skip_connect', 3), ('avg_pool_3x3', 4)])"
    )
    assert SPACE.derive(scores_of(0.7, 0.9)) == SPACE.parse(expected)


def test_only_with_pairs_an_edge_may_be_chosen_twice():
    scores = np.zeros((28, 8))
    scores[:, 0] = 9  # none scores highest and is never chosen
    scores[[1, 15], 5], scores[[1, 15], 6] = 2, 1
    darts, gdas = SPACE.derive(scores), SPACE.derive(scores, pairs=True)
    assert darts.normal.nodes[0] == ((1, 0), (5, 1))
    assert gdas.reduce.nodes[0] == ((5, 1), (6, 1))
    # Where nothing scores, the first edges and the first operation are taken.
    assert darts.normal.nodes[3] == ((1, 0), (1, 1))
    assert gdas.normal.nodes[3] == ((1, 0), (2, 0))


def test_paths_have_names():
    genotype = SPACE.parse("ENNAS")
    everywhere = SPACE.path_on_edges([k % 8 for k in range(28)])
    assert SPACE.path_id(genotype.path) == genotype.id
    assert SPACE.path_id(everywhere).startswith("darts-path:0.9.18.")
    assert SPACE.path_of(SPACE.path_id(everywhere)) == everywhere
    weights = SPACE.weights(everywhere)
    assert weights.dtype == np.float32
    assert weights.argmax(axis=1).tolist() == [k % 8 for k in range(28)]
    for wrong in ("darts-path:", "darts-path:224", "darts-path:1.-2", "darts-path:a"):
        with pytest.raises(UserError, match="numbers below 224"):
            SPACE.path_of(wrong)


def test_cells_with_renumbered_nodes_are_one():
    one = SPACE.parse("darts:0414" + "0515" + "0627" + "0010" + "-" + ZERO)
    other = SPACE.parse("darts:0515" + "0414" + "0637" + "0010" + "-" + ZERO)
    assert SPACE.canonical(one) == SPACE.canonical(other)
    assert SPACE.canonical(one) != SPACE.canonical(SPACE.parse("darts:0515" + "0414" + "0627" + "0010" + "-" + ZERO))
