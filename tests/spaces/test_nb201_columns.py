"""Facts about the whole space as arrays agree with the same facts cell by cell."""

import numpy as np
import pytest

from nasrepro.spaces import nb201, nb201_columns
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201_costs import live_conv_size

SPACE = nb201.NB201Space()
SKELETONS = [Skeleton(16, 5, 3, 32, 10), Skeleton(4, 1, 2, 8, 10, in_channels=1)]
SOME = [nb201.from_index(index) for index in range(0, nb201.SIZE, 97)]


def test_cells_that_reach_their_output():
    found = nb201_columns.reaches_output()
    assert np.count_nonzero(~found) == 341
    assert [found[cell.index] for cell in SOME] == [cell.reaches_output for cell in SOME]


def test_functional_classes():
    found = nb201_columns.functional_classes()
    assert set(found) == set(range(5_044))
    members = np.flatnonzero(found == found[6111])
    keys = {SPACE.functional_key(nb201.from_index(int(index))) for index in members}
    assert keys == {SPACE.functional_key(nb201.from_index(6111))}
    assert len(set(found[~nb201_columns.reaches_output()])) == 1


@pytest.mark.parametrize("skeleton", SKELETONS)
def test_params(skeleton):
    found = nb201_columns.params(skeleton)
    assert [found[cell.index] for cell in SOME] == [SPACE.cost(cell, skeleton).params for cell in SOME]


@pytest.mark.parametrize(
    ("ops", "size"),
    [
        ((3, 3, 3, 3, 3, 3), 54),
        ((2, 2, 2, 2, 2, 2), 6),
        ((3, 0, 0, 2, 0, 0), 1),  # node 1 is computed and not used
        ((0, 0, 3, 1, 3, 0), 0),  # convolutions of empty nodes
        ((0, 0, 0, 0, 0, 0), 0),
    ],
)
def test_only_live_convolutions_count(ops, size):
    assert live_conv_size(ops) == size
    assert nb201_columns.live_conv_sizes()[nb201.NB201Genotype(ops).index] == size


def test_columns_cannot_be_changed():
    columns = [
        nb201_columns.reaches_output(),
        nb201_columns.functional_classes(),
        nb201_columns.live_conv_sizes(),
        nb201_columns.params(SKELETONS[0]),
    ]
    assert not any(column.flags.writeable for column in columns)
