"""The graph autoencoder agrees with message passing written out cell by cell, and its losses with textbook forms."""

from __future__ import annotations

from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Categorical, Normal, kl_divergence

from nasrepro.latent import graph_vae
from nasrepro.latent.graph_vae import GraphVAE
from nasrepro.latent.nb201_graph import END, FIXED, OPERATIONS, PREDECESSORS, START, SUCCESSORS, SUM, TYPES, VERTICES
from nasrepro.spaces.nb201 import EDGES, NODES, OPS, op_table

CODES = torch.tensor(op_table()[:40].tolist())


def built(*, hidden=12, latent=7, bidirectional=True, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return GraphVAE(hidden=hidden, latent=latent, bidirectional=bidirectional).double()


def points(count, size=7, seed=0):
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(params=[True, False], ids=["both ways", "forth only"])
def model(request):
    return built(bidirectional=request.param)


# --- the graph ---


def test_the_graph_is_the_cell_with_a_vertex_for_every_edge():
    sums = [vertex for vertex, kind in FIXED.items() if kind == SUM]
    assert len(sums) == NODES
    start, end = ([v for v, kind in FIXED.items() if kind == wanted] for wanted in (START, END))
    for vertex, edge in OPERATIONS.items():
        target, source = EDGES[edge]
        assert PREDECESSORS[vertex] == (sums[source],)
        assert SUCCESSORS[vertex] == (sums[target],)
    for node, vertex in enumerate(sums):
        into = [v for v, edge in OPERATIONS.items() if EDGES[edge][0] == node]
        assert list(PREDECESSORS[vertex]) == (into or start)
    assert list(PREDECESSORS[end[0]]) == [sums[-1]]
    assert PREDECESSORS[start[0]] == SUCCESSORS[end[0]] == ()


def test_vertices_are_numbered_so_that_senders_come_first():
    assert sorted([*FIXED, *OPERATIONS]) == list(range(VERTICES))
    assert all(sender < vertex for vertex, senders in enumerate(PREDECESSORS) for sender in senders)


# --- message passing written out ---


def slow_update(update, kind, incoming):
    """One vertex with PyTorch's own cell: a one-hot type and the incoming state, (8,) and (d,) → (d,)."""
    gru = nn.GRUCell(TYPES, len(incoming)).double()
    gru.weight_ih.data, gru.weight_hh.data = update.of_type.data.t(), update.of_state.weight.data
    gru.bias_ih.data, gru.bias_hh.data = update.bias.data, update.of_state.bias.data
    return gru(kind.unsqueeze(0), incoming.unsqueeze(0))[0]


def slow_message(messages, state, vertex):
    """Gate and map are linear in the state and the sender's number as a unit vector."""
    gate, value = torch.cat([messages.of_state.weight, messages.of_number.t()], dim=1).chunk(2)
    told = torch.cat([state, F.one_hot(torch.tensor(vertex), VERTICES).double()])
    return torch.sigmoid(gate @ told) * (value @ told)


def slow_walk(update, messages, kinds, order, senders, initial):
    """States by vertex; `kinds` maps a vertex to its type as a vector (8,)."""
    states = {}
    for vertex in order:
        incoming = initial
        for sender in senders[vertex]:
            message = slow_message(messages, states[sender], sender)
            incoming = message if sender == senders[vertex][0] else incoming + message
        states[vertex] = slow_update(update, kinds[vertex], incoming)
    return states


def kinds_of(cell):
    codes = {vertex: int(cell[edge]) for vertex, edge in OPERATIONS.items()}
    return {v: F.one_hot(torch.tensor(kind), TYPES).double() for v, kind in {**FIXED, **codes}.items()}


def test_encoding_is_message_passing_over_one_cell_after_the_other(model):
    mean, log_variance = model.encode(CODES)
    nothing = torch.zeros(model.hidden, dtype=torch.float64)
    for row, cell in enumerate(CODES):
        kinds = kinds_of(cell)
        state = slow_walk(model.forth, model.messages, kinds, range(VERTICES), PREDECESSORS, nothing)[VERTICES - 1]
        if model.bidirectional:
            order = reversed(range(VERTICES))
            first = slow_walk(model.back, model.messages_back, kinds, order, SUCCESSORS, nothing)[0]
            state = model.join(torch.cat([state, first]))
        torch.testing.assert_close(mean[row], model.mean(state))
        torch.testing.assert_close(log_variance[row], model.log_variance(state))


def test_decoding_grows_one_graph_after_the_other(model):
    z = points(len(CODES))
    logits, _ = model.decode(z, CODES)
    for row, cell in enumerate(CODES):
        start = torch.tanh(model.begin(z[row]))
        states = slow_walk(model.grow, model.messages, kinds_of(cell), range(VERTICES), PREDECESSORS, start)
        for vertex, edge in OPERATIONS.items():
            number = model.choose.of_number[vertex]
            joined = model.choose.of_states(torch.cat([states[vertex - 1], start])) + number
            torch.testing.assert_close(logits[row, edge], model.choose.logits(F.relu(joined)))


def test_the_order_of_senders_does_not_matter(model, monkeypatch):
    before, grown = model.encode(CODES), model.decode(points(len(CODES)), CODES)[0]
    for name, senders in (("PREDECESSORS", PREDECESSORS), ("SUCCESSORS", SUCCESSORS)):
        monkeypatch.setattr(graph_vae, name, tuple(tuple(reversed(each)) for each in senders))
    torch.testing.assert_close(model.encode(CODES), before)
    torch.testing.assert_close(model.decode(points(len(CODES)), CODES)[0], grown)


def test_every_operation_moves_the_latent_point(model):
    cell = CODES[0]
    others = [
        torch.cat([cell[:e], torch.tensor([op]), cell[e + 1 :]])
        for e, op in product(range(len(EDGES)), range(len(OPS)))
        if op != cell[e]
    ]
    means, _ = model.encode(torch.stack([cell, *others]))
    assert torch.pdist(means).min() > 1e-6


def test_all_cells_have_points_of_their_own_with_and_without_numbers(model):
    every = torch.tensor(op_table().tolist())
    for numbered in (True, False):
        if not numbered:
            for messages in (model.messages, *([model.messages_back] if model.bidirectional else [])):
                messages.of_number.data.zero_()
        with torch.no_grad():
            means = model.encode(every)[0]
        assert len((means / means.std(0)).round(decimals=6).unique(dim=0)) == len(every)


# --- choices ---


def test_the_likeliest_choices_are_those_that_teaching_them_gives(model):
    z = 3 * points(200)
    logits, chosen = model.decode(z)
    assert torch.equal(logits.argmax(2), chosen)
    assert len(chosen.unique(dim=0)) > 5
    taught, told = model.decode(z, chosen)
    assert torch.equal(told, chosen)
    assert torch.equal(taught, logits)


def test_logits_depend_on_the_choices_that_the_latest_vertex_knows_of(model):
    codes = torch.tensor([[0, 1, 2, 3, 4, 0], [3, 1, 2, 3, 4, 0]])
    logits, _ = model.decode(points(1).expand(2, -1), codes)
    moved = (logits[0] - logits[1]).abs().amax(1) > 1e-6
    assert moved.tolist() == [False, True, False, True, False, True]


def test_draws_follow_the_probabilities():
    model = built(seed=1)
    for weight in model.choose.parameters():
        weight.data *= 3
    z = points(1).expand(10_000, -1)
    logits, drawn = model.decode(z, rng=torch.Generator().manual_seed(0))
    first = torch.bincount(drawn[:, 0], minlength=len(OPS)) / len(drawn)
    expected = logits[0, 0].softmax(0)
    assert expected.max() - expected.min() > 0.1
    assert (first - expected).abs().max() < 0.02


def test_decoding_softly_has_the_derivatives_of_finite_differences(model):
    z = points(3).requires_grad_()
    assert torch.autograd.gradcheck(lambda point: model.decode(point, feed="soft")[0], (z,))
    (gradient,) = torch.autograd.grad(model.decode(z, feed="soft")[0][:, 5, 0].sum(), [z])
    assert gradient.abs().min() > 0


def test_decoding_softly_is_decoding_where_all_is_certain():
    model = built(seed=2)
    for weight in model.choose.parameters():
        weight.data *= 1e3
    z = points(20)
    soft, hard = (model.decode(z, feed=feed)[0] for feed in ("soft", "chosen"))
    torch.testing.assert_close(soft, hard)


# --- losses ---


def test_the_losses_are_those_of_distributions(model):
    noise = points(len(CODES), seed=5)
    spelling, divergence = model.losses(CODES, noise)
    mean, log_variance = model.encode(CODES)
    posterior = Normal(mean, (0.5 * log_variance).exp())
    prior = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    assert divergence.item() == pytest.approx(kl_divergence(posterior, prior).sum(1).mean().item())
    logits, _ = model.decode(mean + noise * posterior.stddev, CODES)
    assert spelling.item() == pytest.approx(-Categorical(logits=logits).log_prob(CODES).sum(1).mean().item())


def test_every_parameter_learns(model):
    spelling, divergence = model.losses(CODES, points(len(CODES)))
    (spelling + divergence).backward()
    assert all(weight.grad is not None and weight.grad.norm() > 0 for weight in model.parameters())


# --- why the vertex's number takes part in the choice ---


class OfTheLatestAlone(nn.Module):
    """The released choice: logits from the state of the latest vertex and nothing else."""

    def __init__(self, choice):
        super().__init__()
        self.choice = choice

    def forward(self, latest, start, vertex):
        return self.choice(latest, torch.zeros_like(start), 0)


def test_from_the_latest_state_alone_a_sixth_of_all_cells_cannot_be_spelled():
    """2←1 and 3←1 follow vertices of equal state wherever 2←0 and 3←0 carry one operation: 84 % is the most."""
    model = built()
    every = torch.tensor(op_table().tolist())
    alike = every[:, EDGES.index((2, 0))] == every[:, EDGES.index((3, 0))]
    second, third = EDGES.index((2, 1)), EDGES.index((3, 1))
    with torch.no_grad():
        z = model.encode(every)[0]
        ours, _ = model.decode(z, every)
        model.choose = OfTheLatestAlone(model.choose)
        released, _ = model.decode(z, every)
    assert torch.equal(released[alike, second], released[alike, third])
    assert not torch.isclose(released[~alike, second], released[~alike, third]).all(1).any()
    assert not torch.isclose(ours[alike, second], ours[alike, third]).all(1).any()
    lost = alike & (every[:, second] != every[:, third])
    assert lost.double().mean().item() == pytest.approx(0.16)
