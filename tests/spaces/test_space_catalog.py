"""A space is found by its name and by any id of its genotypes and paths."""

from __future__ import annotations

import numpy as np
import pytest

from nasrepro.spaces.catalog import find


@pytest.mark.parametrize("name", ["nb201", "darts_cnn", "darts_rnn8", "darts_rnn2", "darts_rnn3"])
def test_a_space_knows_its_ids(name: str) -> None:
    space = find(name)
    assert space is not None
    assert space.name == name
    genotype = space.sample(np.random.default_rng(0))
    everywhere = space.path_on_edges([1] * space.edges)
    assert find(genotype.id) is space
    assert find(space.path_id(genotype.path)) is space
    assert find(space.path_id(everywhere)) is space


def test_what_belongs_to_no_space_is_not_found() -> None:
    assert find("other:1") is None
    assert find("nb202") is None
    assert find("dart:00") is None
    assert find("darts") is None
