"""The measures of a latent space against brute force on few cells, and against spaces whose answer is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from nasrepro.latent import measures
from nasrepro.spaces import nb201_columns
from nasrepro.spaces.nb201 import OPS, NB201Genotype, NB201Space, op_table

CODES = op_table()[:300].astype(np.int64)


def points(count=300, size=4, seed=0):
    return np.random.default_rng(seed).normal(size=(count, size))


def brute(cells):
    found = np.linalg.norm(cells[:, None] - cells[None], axis=2)
    np.fill_diagonal(found, np.inf)
    return found


def test_what_comes_back_exactly_is_counted_by_the_cell():
    found = CODES.copy()
    found[7, 3] = (found[7, 3] + 1) % 5
    found[9] = (found[9] + 1) % 5
    assert measures.exact_share(found, CODES) == pytest.approx(298 / 300)
    assert np.isnan(measures.exact_share(CODES[:0], CODES[:0]))


def test_cells_that_share_a_decoding_are_all_counted():
    found = CODES.copy()
    found[1] = found[2] = found[0]
    assert measures.sharing(CODES) == 0
    assert measures.distinct(CODES) == 300
    assert measures.sharing(found) == 3
    assert measures.distinct(found) == 298


def test_the_nearest_is_that_of_all_pairs():
    some = points(700) + 1e3  # far from the origin, where little is left of small squares
    found, all_pairs = measures.nearest(some), brute(some)
    assert np.array_equal(found.index, all_pairs.argmin(1))
    assert found.distance == pytest.approx(all_pairs.min(1))
    times = np.bincount(all_pairs.argmin(1), minlength=700)
    assert found.of_how_many() == ((times == 0).sum(), (times == 1).sum(), (times > 1).sum())


def test_points_that_coincide_are_exactly_nothing_apart():
    some = points() * 1e3
    some[17] = some[4]
    found = measures.nearest(some)
    assert (found.index[17], found.index[4]) == (4, 17)
    assert found.distance[17] == found.distance[4] == 0
    assert np.count_nonzero(found.distance == 0) == 2


def test_the_nearest_of_a_class_is_a_member_of_it():
    some, classes = points(), np.random.default_rng(1).integers(120, size=300)
    found, all_pairs = measures.nearest_of_class(some, classes), brute(some)
    all_pairs[classes[:, None] != classes] = np.inf
    alone = np.bincount(classes)[classes] == 1
    assert alone.any()
    assert (found.index[alone] == -1).all()
    assert np.isinf(found.distance[alone]).all()
    assert np.array_equal(found.index[~alone], all_pairs[~alone].argmin(1))
    assert found.distance[~alone] == pytest.approx(all_pairs[~alone].min(1))


def test_cells_one_edge_apart_are_the_space_s_neighbours():
    space, found = NB201Space(), measures.one_edge_apart(CODES[:20])
    assert found.shape == (20, 24)
    for cell, others in zip(CODES[:20], found, strict=True):
        expected = {other.index for other in space.neighbours(NB201Genotype(tuple(cell.tolist())))}
        assert set(others.tolist()) == expected


def test_the_mean_difference_is_that_of_all_pairs():
    worths = np.random.default_rng(2).normal(size=(200, 2)) * [1, 10]
    first, second = np.triu_indices(200, k=1)
    assert measures.difference_of_pairs(worths) == pytest.approx(np.abs(worths[first] - worths[second]).mean(0))


@pytest.mark.parametrize("cells", [2, 50, 15_625])
def test_bounds_hold_every_neighbour_once(cells):
    bounds = measures.rank_bounds(cells, 25)
    assert (bounds[0], bounds[-1]) == (0, cells - 1)
    assert bounds == sorted(set(bounds))


def test_surroundings_are_sorted_neighbours_group_by_group():
    some, worths = points(), np.random.default_rng(3).normal(size=(300, 2))
    sample, bounds = np.array([3, 50, 299, 7]), [0, 1, 10, 100, 299]
    found, all_pairs = measures.surroundings(some, CODES, worths, sample, bounds), brute(some)
    expected, distances, edges = np.zeros((4, 2)), [], []
    for cell in sample:
        order = all_pairs[cell].argsort()[:299]
        gaps = np.abs(worths[order] - worths[cell])
        expected += [gaps[a:b].mean(0) / 4 for a, b in pairwise(bounds)]
        distances += all_pairs[cell, order].tolist()
        edges += (CODES[order] != CODES[cell]).sum(1).tolist()
    assert found.differences == pytest.approx(expected)
    assert found.correlation == pytest.approx(np.corrcoef(distances, edges)[0, 1])


def test_a_space_laid_out_by_its_edges_is_smooth_and_correlated():
    codes = op_table().astype(np.int64)
    worths = (codes == 3).sum(1, keepdims=True).astype(float)
    one_hot = np.eye(len(OPS))[codes].reshape(len(codes), -1)
    sample, bounds = np.arange(40), [0, 24, 264, 15_624]
    near, middle, far = measures.surroundings(one_hot, codes, worths, sample, bounds).differences[:, 0]
    assert near < middle < far
    assert near == pytest.approx(np.abs(worths[measures.one_edge_apart(codes[:40])] - worths[:40, None]).mean())
    assert measures.surroundings(one_hot, codes, worths, sample, bounds).correlation > 0.95
    shuffled = one_hot[np.random.default_rng(0).permutation(len(codes))]
    around = measures.surroundings(shuffled, codes, worths, sample, bounds)
    assert around.differences[1, 0] == pytest.approx(measures.difference_of_pairs(worths)[0], rel=0.05)
    assert abs(around.correlation) < 0.02


def test_official_classes_are_numbered():
    classes = nb201_columns.official_classes()
    assert len(np.unique(classes)) == 6_466
    space, codes = NB201Space(), op_table().tolist()
    for number in np.random.default_rng(0).choice(6_466, size=20, replace=False):
        members = np.flatnonzero(classes == number)
        assert len({space.canonical(NB201Genotype(tuple(codes[cell]))) for cell in members}) == 1
