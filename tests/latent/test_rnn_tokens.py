"""Recurrent cells as token strings, over whole spaces and a part of the largest."""

import numpy as np
import pytest
import torch

from nasrepro.latent.autoencoder import Autoencoder
from nasrepro.latent.rnn_tokens import RnnTokens
from nasrepro.latent.spelling import tokens_of
from nasrepro.latent.tokens import START
from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.training.predictor import CellPredictor
from nasrepro.training.predictor_settings import PredictorSettings


def codes(nodes, count=200):
    space, rng = RnnSpace(nodes), np.random.default_rng(0)
    cells = list(space) if nodes < 8 else [space.sample(rng) for _ in range(count)]
    return np.array([space.genes(cell) for cell in cells])


@pytest.mark.parametrize(("nodes", "length", "vocabulary"), [(8, 16, 13), (2, 4, 7), (3, 2, 8)])
def test_every_cell_survives_the_round_trip(nodes, length, vocabulary):
    tokens, cells = tokens_of(RnnSpace(nodes)), codes(nodes)
    assert (tokens.length, tokens.vocabulary) == (length, vocabulary)
    spelled = tokens.spelled(cells)
    assert len(torch.unique(spelled, dim=0)) == len(cells)
    assert START not in spelled
    assert np.array_equal(tokens.read(spelled), cells)
    assert np.array_equal(tokens.twins(cells), cells)


def test_a_string_by_hand():
    """States 0 to 7 are tokens 1 to 8, tanh, relu, sigmoid and identity 9 to 12."""
    tokens = tokens_of(RnnSpace(8))
    cell = RnnSpace(8).parse("0 0 1 2 0 3 3 1 4 0 5 2 0 1 7 3")
    assert tokens.spelled(np.array([RnnSpace(8).genes(cell)])).tolist() == [
        [1, 9, 2, 11, 1, 12, 4, 10, 5, 9, 6, 11, 1, 10, 8, 12]
    ]


def test_the_masks_allow_exactly_the_cells():
    for nodes in (2, 3):
        space = RnnSpace(nodes)
        assert int(tokens_of(space).legal.sum(1).prod()) == len(space)
    assert tokens_of(RnnSpace(8)).legal.sum(1).tolist() == [n for node in range(1, 9) for n in (node, 4)]


@pytest.mark.parametrize(("position", "token"), [(0, 2), (0, START), (1, 1), (2, 3), (3, 2)])
def test_other_strings_spell_no_cell(position, token):
    tokens = tokens_of(RnnSpace(2))
    spelled = tokens.spelled(codes(2)[:3])
    spelled[1, position] = token
    with pytest.raises(ValueError, match="no cell"):
        tokens.read(spelled)


def test_other_spaces_have_no_spelling():
    with pytest.raises(ValueError, match="darts_cnn"):
        tokens_of(DartsSpace())


def test_an_embedding_has_a_vector_per_node_and_decodes_to_cells():
    tokens = RnnTokens(RnnSpace(8).gene_sizes)
    torch.manual_seed(0)
    model = Autoencoder(tokens, hidden=16, layers=1, width=8, dropout=0.0).eval()
    with torch.no_grad():
        model.attention.spell.weight.mul_(30)  # so that the embedding matters more than the bias
        decoded = model.decode(torch.nn.functional.normalize(torch.randn(8, 300, 16), dim=2))
        assert model.encode(decoded).shape == (8, 300, 16)
    assert len(np.unique(tokens.read(decoded), axis=0)) > 1


def test_every_token_is_asked_of_the_decoder():
    tokens = RnnTokens(RnnSpace(2).gene_sizes)
    model = Autoencoder(tokens, hidden=8, layers=0, width=1, dropout=0.0).eval()
    with torch.no_grad():
        for weight in (model.attention.spell.weight, model.attention.spell.bias):
            weight.zero_()
    _, spelling = model.losses(tokens.spelled(codes(2)), torch.zeros(32))
    assert float(spelling.detach()) == pytest.approx(np.log(7))  # of all seven tokens, four times
    state_1 = tokens.spelled(np.array([[0, 0, 1, 0]]))
    with torch.no_grad():
        model.attention.spell.bias[2] = 50.0  # only one of these four tokens is state 1
    _, spelling = model.losses(state_1, torch.zeros(1))
    assert float(spelling.detach()) == pytest.approx(50.0 * 3 / 4, abs=1e-3)


def test_it_learns_which_cells_are_good_and_climbs_to_them():
    cells = codes(8, 250)
    worth = -((cells[:, 1::2] - 2) ** 2).sum(1).astype(float)  # sigmoid everywhere
    settings = PredictorSettings(hidden=32, predictor_epochs=40, predictor_batch=50, predictor_lr=5e-3, trade_off=0.8)
    predictor = CellPredictor(settings, 0, tokens_of(RnnSpace(8)))
    losses = predictor.fit(cells[:200], worth[:200], 1)
    assert losses[-1] < losses[0] / 2
    assert np.corrcoef(predictor.predict(cells[200:]), worth[200:])[0, 1] > 0.5
    found = predictor.ascent(cells[200:]).cells(10.0)
    assert -((found[:, 1::2] - 2) ** 2).sum(1).mean() > worth[200:].mean() + 1
