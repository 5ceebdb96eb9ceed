"""Cells as token strings, over the whole space."""

import numpy as np
import pytest
import torch

from nasrepro.latent.nb201_tokens import NB201, has_twin
from nasrepro.latent.tokens import START
from nasrepro.spaces.nb201 import SIZE, indices_of, op_table
from nasrepro.spaces.nb201_equivalence import functional_key


def test_every_cell_survives_the_round_trip():
    tokens = NB201.spelled(op_table())
    assert tokens.shape == (SIZE, NB201.length)
    assert len(torch.unique(tokens, dim=0)) == SIZE
    assert START not in tokens
    assert int(tokens.max()) == NB201.vocabulary - 1
    assert np.array_equal(NB201.read(tokens), op_table())


def test_a_string_by_hand():
    """Edges 1←0, 2←0, 2←1, 3←0, 3←1, 3←2: the source's number plus 1, then the operation's plus 4."""
    assert NB201.spelled(np.array([[0, 1, 2, 3, 4, 0]])).tolist() == [[1, 4, 1, 5, 2, 6, 1, 7, 2, 8, 3, 4]]


def test_the_masks_allow_exactly_the_cells():
    mask = NB201.legal
    tokens = NB201.spelled(op_table())
    assert bool(mask[torch.arange(NB201.length), tokens].all())
    assert mask.sum(1).tolist() == [1, 5] * 6  # 5^6 strings, as many as cells


@pytest.mark.parametrize(("position", "token"), [(0, 2), (0, START), (1, 3), (3, 1), (4, 5)])
def test_other_strings_spell_no_cell(position, token):
    tokens = NB201.spelled(op_table()[:3])
    tokens[1, position] = token
    with pytest.raises(ValueError, match="no cell"):
        NB201.read(tokens)


def test_twins_are_the_same_network_under_another_name():
    ops = op_table()
    mirrored, twinned = NB201.twins(ops), has_twin(ops)
    assert twinned.sum() == SIZE // 5
    assert np.array_equal(mirrored[~twinned], ops[~twinned])
    assert np.array_equal(NB201.twins(mirrored), ops)
    changed = np.flatnonzero(indices_of(mirrored) != np.arange(SIZE))
    assert len(changed) == SIZE // 5 - 5**3  # all but those that look the same from both nodes
    for k in changed:
        assert functional_key(tuple(ops[k].tolist())) == functional_key(tuple(mirrored[k].tolist()))


def test_exchanging_the_nodes_is_another_network_where_one_feeds_the_other():
    """So the condition is needed: 1←0 a convolution, 2←1 a skip, 3←2 the only way out."""
    cell = (3, 0, 1, 0, 0, 1)
    exchanged = (0, 3, 1, 0, 1, 0)
    assert not has_twin(np.array(cell))
    assert functional_key(cell) != functional_key(exchanged)
    assert NB201.twins(np.array([cell])).tolist() == [list(cell)]
