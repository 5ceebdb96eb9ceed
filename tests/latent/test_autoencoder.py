"""The modules agree with plain PyTorch, and the step in the latent space goes where the prediction rises."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nasrepro.latent.autoencoder import Attention, Autoencoder, TokenLSTM, moved
from nasrepro.latent.nb201_tokens import NB201
from nasrepro.spaces.nb201 import op_table


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Autoencoder(NB201, hidden=16, layers=1, width=20, dropout=0.0).eval()


@pytest.fixture
def tokens():
    return NB201.spelled(op_table()[:40])


@pytest.mark.parametrize("merged", [1, 2])
def test_the_folded_lstm_is_an_lstm_over_embeddings(merged, tokens):
    torch.manual_seed(0)
    ours, plain = TokenLSTM(NB201.vocabulary, 8, 16, merged), torch.nn.LSTM(8 * merged, 16)
    with torch.no_grad():
        plain.weight_ih_l0.copy_(ours.of_inputs.flatten(1))
        plain.weight_hh_l0.copy_(ours.of_hidden)
        plain.bias_ih_l0.copy_(ours.bias)
        plain.bias_hh_l0.zero_()
    state = torch.randn(2, len(tokens), 16)
    embedded = F.embedding(tokens, ours.embedding).view(len(tokens), -1, 8 * merged).transpose(0, 1)
    wanted, (hidden, cell) = plain(embedded, (state[:1], state[1:]))
    found, last = ours(tokens, (state[0], state[1]))
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(torch.stack(last), torch.cat([hidden, cell]))
    upstream = torch.randn_like(found)
    mine = torch.autograd.grad(found, [ours.of_hidden, ours.bias, ours.of_inputs], upstream)
    theirs = torch.autograd.grad(wanted, [plain.weight_hh_l0, plain.bias_ih_l0, plain.weight_ih_l0], upstream)
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a.flatten(), b.flatten(), rtol=1e-4, atol=1e-4)


def test_attention_by_hand():
    torch.manual_seed(0)
    attention = Attention(9, 4)
    states, memory = torch.randn(3, 2, 4), torch.randn(6, 2, 4)
    logits = attention(states, memory)
    keys, values = attention.of_memory.weight.chunk(2)
    for r in range(3):
        for b in range(2):
            scores = torch.stack([states[r, b] @ (keys @ memory[t, b]) for t in range(6)]).softmax(0)
            context = sum(scores[t] * (values @ memory[t, b]) for t in range(6))
            mixed = torch.tanh(context + attention.of_state.weight @ states[r, b])
            torch.testing.assert_close(logits[b, r], attention.spell(mixed))


def test_embeddings_are_unit_vectors_and_predictions_shares(model, tokens):
    embedding = model.encode(tokens)
    assert embedding.shape == (6, 40, 16)
    torch.testing.assert_close(embedding.norm(dim=2), torch.ones(6, 40))
    predicted = model.predict(embedding)
    assert predicted.shape == (40,)
    assert bool(((predicted > 0) & (predicted < 1)).all())


def test_the_encoder_reads_every_operation(model):
    """Changing one operation changes the embedding of its edge and of later ones, not of earlier ones."""
    cell = np.array([[1, 2, 3, 4, 0, 1]])
    other = cell.copy()
    other[0, 3] = 2
    same = torch.isclose(model.encode(NB201.spelled(cell)), model.encode(NB201.spelled(other))).all(2).flatten()
    assert same.tolist() == [True, True, True, False, False, False]


def test_losses_by_hand(model, tokens):
    targets = torch.rand(40)
    error, spelling = model.losses(tokens, targets)
    embedding = model.encode(tokens)
    torch.testing.assert_close(error, ((model.predict(embedding) - targets) ** 2).mean())
    state = (F.normalize(embedding.mean(0), dim=1),) * 2
    told, likelihoods = torch.zeros(40, 1, dtype=torch.long), []
    for position in range(NB201.length):
        states, state = model.decoder(told, state)
        likelihood = model.attention(states, embedding)[:, 0].log_softmax(1)
        told = tokens[:, position : position + 1]
        if position % 2:  # operations; the nodes between them have one legal value
            likelihoods.append(likelihood.gather(1, told))
    torch.testing.assert_close(spelling, -torch.stack(likelihoods).mean())


def test_decoding_only_ever_gives_cells(model):
    torch.manual_seed(1)
    with torch.no_grad():
        model.attention.spell.weight.mul_(30)  # so that the embedding matters more than the bias
    decoded = model.decode(F.normalize(torch.randn(6, 500, 16), dim=2))
    assert decoded.shape == (500, NB201.length)
    assert bool(NB201.legal[torch.arange(NB201.length), decoded].all())
    assert len(torch.unique(decoded, dim=0)) > 1


def test_decoding_is_greedy(model, tokens):
    """No legal token is likelier than the chosen one, given those chosen before."""
    embedding = model.encode(tokens)
    decoded = model.decode(embedding)
    mean = F.normalize(embedding.mean(0), dim=1)
    states, _ = model.decoder(F.pad(decoded[:, :-1], (1, 0)), (mean, mean))
    logits = model.attention(states, embedding).masked_fill(~NB201.legal, -torch.inf)
    assert torch.equal(logits.argmax(2), decoded)
    assert logits.shape[2] == NB201.vocabulary


def test_the_direction_agrees_with_finite_differences(model, tokens):
    model = model.double()
    start = model.encode(tokens[:3]).detach()
    direction = model.ascent(start)
    rng, width = np.random.default_rng(0), 1e-6
    for _ in range(30):
        where = tuple(rng.integers(size) for size in start.shape)
        nudge = torch.zeros_like(start)
        nudge[where] = width
        with torch.no_grad():
            slope = (model.predict(start + nudge) - model.predict(start - nudge)).sum() / (2 * width)
        assert float(direction[where]) == pytest.approx(float(slope), rel=1e-5, abs=1e-10)
    assert float(direction.abs().max()) > 1e-4


def test_every_cell_climbs_on_its_own_prediction(model, tokens):
    start = model.encode(tokens).detach()
    alone = model.ascent(start[:, :1])
    torch.testing.assert_close(model.ascent(start)[:, :1], alone)


@pytest.mark.parametrize("step", [0.1, 1.0])
def test_a_step_raises_the_prediction_and_stays_on_the_sphere(model, tokens, step):
    start = model.encode(tokens).detach()
    found = moved(start, model.ascent(start), step)
    torch.testing.assert_close(found.norm(dim=2), torch.ones(6, 40))
    with torch.no_grad():
        assert bool((model.predict(found) > model.predict(start)).all())


def test_no_step_is_no_move(model, tokens):
    start = model.encode(tokens).detach()
    torch.testing.assert_close(moved(start, model.ascent(start), 0.0), start)
