"""What searches do with recurrent cells: derivation, complements, classes of equal cells, and costs."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from nasrepro.spaces.darts_rnn import RnnGenotype, RnnSkeleton, RnnSpace
from nasrepro.spaces.darts_rnn_genotype import OPS, whole_cell
from nasrepro.spaces.darts_rnn_skeleton import PENN_TREEBANK, WIKITEXT_2

EIGHT, TWO, THIRD = RnnSpace(8), RnnSpace(2), RnnSpace(3)
SEARCHED = RnnSkeleton(300, 10_000)
TANH, RELU, SIGMOID, IDENTITY = 1, 2, 3, 4


def test_edges_go_node_after_node():
    assert [space.edges for space in (EIGHT, TWO, THIRD)] == [36, 3, 6]
    cell = EIGHT.parse("0 0 1 1 0 2 3 3 0 0 5 1 6 2 7 3")
    edges = [0, 2, 3, 9, 10, 20, 27, 35]
    assert cell.path == tuple(edge * 5 + op for edge, op in zip(edges, [1, 2, 3, 4] * 2, strict=True))


def test_cells_have_52_or_7_or_5_neighbors():
    for space, count in ((EIGHT, 52), (TWO, 7), (THIRD, 5)):
        cell = space.sample(np.random.default_rng(0))
        around = space.neighbours(cell)
        assert len(around) == count
        assert all(space.distance(cell, other) == 1 / space.nodes for other in around)
    assert EIGHT.gene_sizes == (1, 4, 2, 4, 3, 4, 4, 4, 5, 4, 6, 4, 7, 4, 8, 4)
    assert (TWO.gene_sizes, THIRD.gene_sizes) == ((1, 4, 2, 4), (3, 4))
    assert THIRD.genes(THIRD.parse("rnn3:24")) == (2, 3)


def test_darts_rule_as_its_code_derives():
    """The architecture parameters of the fixture on which DARTS's own search model was run."""
    weights = np.exp(np.cos(0.7 * np.arange(180).reshape(36, 5)))
    weights /= weights.sum(axis=1, keepdims=True)
    expected = ["tanh0", "identity0", "sigmoid0", "identity2", "identity0", "identity2", "identity5", "identity7"]
    assert EIGHT.derive(weights) == whole_cell(tuple((OPS.index(name[:-1]), int(name[-1])) for name in expected))


def test_none_is_never_derived_and_ties_go_to_the_first():
    scores = np.zeros((36, 5))
    scores[:, 0] = 9
    assert EIGHT.derive(scores).nodes == ((TANH, 0),) * 8
    scores[first := 21 + 4, 3] = scores[first + 1, 1] = 1
    assert EIGHT.derive(scores, pairs=True).nodes[6] == (SIGMOID, 4)


def test_fixed_nodes_are_kept_whatever_scores_say():
    scores = np.zeros((6, 5))
    scores[0, IDENTITY] = scores[1, RELU] = scores[5, SIGMOID] = 5
    assert THIRD.derive(scores) == THIRD.parse("rnn3:23")
    assert THIRD.parse("rnn3:23").path == (1, 2 * 5 + TANH, 5 * 5 + SIGMOID)


def test_paths_have_names():
    cell = TWO.parse("rnn2:0114")
    assert TWO.path_id(cell.path) == "rnn2:0114"
    for path in ((0, 6, 13), (1, 2), (1, 5), (6, 12), (1,)):
        assert TWO.path_id(path) == "rnn2-path:" + ".".join(map(str, path)), "no cell"
        assert TWO.path_of(TWO.path_id(path)) == path
    assert THIRD.path_id((2, 11, 17)).startswith("rnn3-path:"), "the first node is not the fixed one"
    assert TWO.weights(cell.path).tolist() == [[0, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1]]


def test_a_complement_takes_another_activation_where_the_previous_path_had_this_one():
    rng = np.random.default_rng(1)
    for _ in range(50):
        one, other = EIGHT.sample(rng).path, EIGHT.sample(rng).path
        found = EIGHT.complement(one, other, rng)
        assert not set(found) & set(other)
        assert set(one) - set(other) <= set(found)
        assert [number // 5 for number in found] == [number // 5 for number in one]
    path = TWO.parse("rnn2:0101").path
    drawn = Counter(TWO.complement(path, path, rng)[0] for _ in range(900))
    assert set(drawn) == {RELU, SIGMOID, IDENTITY}
    assert all(240 < count < 360 for count in drawn.values())


def test_mirrored_cells_are_one_and_others_are_not():
    forms = [TWO.canonical(cell) for cell in TWO]
    assert len(set(forms)) == 26
    mirrored = [[i for i in range(32) if forms[i] == form] for form, size in Counter(forms).items() if size == 2]
    assert mirrored == [[1, 8], [2, 16], [3, 24], [10, 17], [11, 25], [19, 26]]
    assert len({THIRD.canonical(cell) for cell in THIRD}) == 12


def test_canonical_forms_follow_trees_and_leave_out_what_leads_nowhere():
    one = whole_cell(((TANH, 0), (RELU, 0), (SIGMOID, 1), (IDENTITY, 2)))
    same = whole_cell(((RELU, 0), (TANH, 0), (IDENTITY, 1), (SIGMOID, 2)))
    other = whole_cell(((RELU, 0), (TANH, 0), (IDENTITY, 2), (SIGMOID, 1)))
    assert EIGHT.canonical(one) == EIGHT.canonical(same) == "0(relu*(identity*),tanh*(sigmoid*))"
    assert EIGHT.canonical(one) != EIGHT.canonical(other)
    part = RnnGenotype(((TANH, 0), (RELU, 1), (SIGMOID, 0)), (2,))
    assert EIGHT.canonical(part) == "0(tanh(relu*))"


@pytest.mark.parametrize(
    ("cell", "skeleton", "params"),
    [
        ("DARTS_V2", PENN_TREEBANK, 22_960_000),
        ("DARTS_V1", SEARCHED, 4_810_000),
        ("ENNAS", WIKITEXT_2, 33_127_878),
        ("ENAS", PENN_TREEBANK, 27_295_000),
        ("ENAS", SEARCHED, 5_350_000),
        ("ENAS", WIKITEXT_2, 36_067_878),
        ("ENNAS_PR", RnnSkeleton(300, 33_278), 11_816_678),
    ],
)
def test_parameters_are_those_of_the_released_networks(cell, skeleton, params):
    found = EIGHT.cost(EIGHT.parse(cell), skeleton)
    assert found.params == params
    assert found.macs == params - skeleton.vocabulary, "all weights but the decoder's bias work once for a word"


def test_impossible_sizes_say_why():
    for wrong, says in (((0, 10), "at least 1"), ((4, 1), "vocabulary of one word"), ((4, 10, 0), "at least 1")):
        with pytest.raises(ValueError, match=says):
            RnnSkeleton(*wrong)
    assert TWO.supernet_skeleton({"hidden": 6, "vocabulary": 9, "nodes": 2}) == RnnSkeleton(6, 9, 2)
    assert RnnSkeleton(**PENN_TREEBANK.sizes()) == PENN_TREEBANK
