"""Distances and novelty of many cells at once agree with the same cell by cell."""

import numpy as np
import pytest

from nasrepro.spaces.nb201 import NB201Space
from nasrepro.spaces.novelty import distances, novelty

SPACE = NB201Space()


def cells(count, seed):
    rng = np.random.default_rng(seed)
    return [SPACE.sample(rng) for _ in range(count)]


def codes(found):
    return np.array([cell.ops for cell in found], dtype=np.int8)


def test_distances_are_those_of_the_space():
    some, others = cells(7, 0), cells(11, 1)
    expected = [[SPACE.distance(a, b) for b in others] for a in some]
    found = distances(SPACE, codes(some), codes(others))
    assert found.shape == (7, 11)
    assert found == pytest.approx(np.array(expected))


def test_a_distance_is_zero_for_a_cell_and_itself_and_symmetric():
    some = codes(cells(9, 2))
    found = distances(SPACE, some, some)
    assert (np.diag(found) == 0).all()
    assert (found == found.T).all()


@pytest.mark.parametrize("k", [1, 3, 12])
def test_novelty_is_the_mean_over_the_nearest(k):
    some, archive = cells(5, 3), cells(12, 4)
    expected = [np.mean(sorted(SPACE.distance(cell, other) for other in archive)[:k]) for cell in some]
    assert novelty(SPACE, codes(some), codes(archive), k) == pytest.approx(expected)


def test_a_member_of_the_archive_is_its_own_nearest_neighbor():
    archive = codes(cells(12, 5))
    assert (novelty(SPACE, archive, archive, 1) == 0).all()


def test_equally_far_cells_are_equally_novel_to_the_last_bit():
    archive = codes(cells(30, 6))
    some = codes(cells(2000, 7))
    found = novelty(SPACE, some, archive, 7)
    assert set(found) <= {total / (7 * 6) for total in range(7 * 6 + 1)}


@pytest.mark.parametrize("k", [0, 4])
def test_no_more_neighbors_than_the_archive_holds(k):
    with pytest.raises(ValueError, match="1 to its size"):
        novelty(SPACE, np.zeros((1, 6), np.int8), np.zeros((3, 6), np.int8), k)
