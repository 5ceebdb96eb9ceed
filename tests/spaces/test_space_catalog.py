"""A space is found by its name and by any id of its genotypes and paths."""

from __future__ import annotations

import numpy as np
import pytest

from nasrepro.errors import UserError
from nasrepro.spaces.catalog import find, space_of


@pytest.mark.parametrize("name", ["nb201", "darts_cnn"])
def test_a_space_knows_its_ids(name: str) -> None:
    space = space_of(name)
    assert space.name == name
    genotype = space.sample(np.random.default_rng(0))
    everywhere = space.path_on_edges([1] * space.edges)
    assert space_of(genotype.id) is space
    assert space_of(space.path_id(genotype.path)) is space
    assert space_of(space.path_id(everywhere)) is space


def test_what_belongs_to_no_space_is_named() -> None:
    assert find("other:1") is None
    assert find("nb202") is None
    with pytest.raises(UserError, match=r"kind of id 'dart'.*did you mean 'darts'"):
        space_of("dart:00")
    with pytest.raises(UserError, match=r"space 'darts'.*darts_cnn"):
        space_of("darts")
