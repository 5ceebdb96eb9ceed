"""ENAS on recurrent cells: probabilities and rewards by hand, which cells are trained, and that it learns."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nasrepro.datasets.text_streams import Segment
from nasrepro.methods.rewards import reward, rewards
from nasrepro.methods.rnn_controller import RnnController
from nasrepro.methods.rnn_enas import RnnControllerSampler, RnnEnasSettings
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.training import checkpoint
from nasrepro.training.sampler import Lessons

TWO = RnnSpace(2)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def controller(space=TWO, width=8, temperature=5.0, squash=2.25):
    made = RnnController(space, width, temperature, squash, rng())
    with torch.no_grad():
        for weight in made.parameters():
            weight.mul_(100)  # so that decisions differ
    return made


@torch.no_grad()
def by_hand(made, genes):
    """The probability of a cell, decision after decision, as the rules say it."""
    hidden = cell = torch.zeros(1, made.start.shape[1])
    seen, thoughts, logp = made.start, [hidden], 0.0
    for node, (state, op) in enumerate(zip(genes[::2], genes[1::2], strict=True), 1):
        hidden, cell = made.lstm(seen, (hidden, cell))
        scores = [
            made.attend(torch.tanh(made.of_earlier(past) + made.of_present(hidden))).squeeze() for past in thoughts
        ]
        shaped = [2.25 * math.tanh(float(z) / 5.0) - (node - j) ** 2 / 6 for j, z in enumerate(scores)]
        logp += float(torch.tensor(shaped).log_softmax(0)[state])
        seen = thoughts[state] / (0.1 + node - state)
        thoughts.append(hidden)
        hidden, cell = made.lstm(seen, (hidden, cell))
        shaped = 2.25 * torch.tanh((hidden @ made.embedding.t())[0] / 5.0)
        logp += float(shaped.log_softmax(0)[op])
        seen = made.embedding[op : op + 1]
    return logp


def test_probabilities_are_those_of_the_rules_and_sum_to_one():
    made = controller()
    drawn = made.draw(3000, rng(1))
    seen = dict(zip(drawn.paths, drawn.log_prob.tolist(), strict=True))
    assert len(seen) == 32
    assert sum(map(math.exp, seen.values())) == pytest.approx(1, abs=1e-4)
    for cell in TWO:
        assert seen[cell.path] == pytest.approx(by_hand(made, TWO.genes(cell)), abs=1e-4)
        often = drawn.paths.count(cell.path) / 3000
        assert often == pytest.approx(math.exp(seen[cell.path]), abs=0.04)
    entropy = -sum(value * math.exp(value) for value in seen.values())
    assert float(drawn.entropy.detach().mean()) == pytest.approx(entropy, abs=0.02)


def test_near_states_are_likelier_at_the_start():
    drawn = RnnController(RnnSpace(8), 64, 5.0, 2.25, rng()).draw(2000, rng(1))
    genes = np.array([RnnSpace(8).genes(RnnSpace(8).parse(RnnSpace(8).path_id(path))) for path in drawn.paths])
    counts = np.bincount(genes[:, 14], minlength=8) / 2000
    wanted = np.exp(-((8 - np.arange(8)) ** 2) / 6)
    assert counts == pytest.approx(wanted / wanted.sum(), abs=0.05)
    assert np.bincount(genes[:, 15]) / 2000 == pytest.approx([0.25] * 4, abs=0.05)


def test_fixed_nodes_are_read_but_not_chosen():
    space = RnnSpace(3)
    drawn = controller(space).draw(500, rng(1))
    assert set(drawn.paths) == {cell.path for cell in space}
    seen = dict(zip(drawn.paths, drawn.log_prob.tolist(), strict=True))
    assert sum(map(math.exp, seen.values())) == pytest.approx(1, abs=1e-4)
    assert by_hand(controller(space), (0, 0, 1, 0, 2, 3)) < seen[space.from_genes((2, 3)).path]


def test_initial_weights_are_small_and_belong_to_the_seed():
    weights = RnnController(TWO, 64, 5.0, 2.25, rng()).state_dict()
    assert all(0.005 < float(value.abs().max()) <= 0.01 for value in weights.values())
    again = RnnController(TWO, 64, 5.0, 2.25, rng()).state_dict()
    assert all(torch.equal(weights[name], value) for name, value in again.items())


def test_log_probabilities_carry_gradients_to_every_parameter():
    made = controller()
    made.draw(50, rng(1)).log_prob.sum().backward()
    assert all(p.grad is not None and bool((p.grad != 0).any()) for p in made.parameters())


class Reader(torch.nn.Module):
    """Gives the right word logit 2, all others 0, where the path is wanted; else knows nothing. Leaves a state."""

    def __init__(self, wanted):
        super().__init__()
        self.wanted, self.states = wanted, []

    def forward(self, x, path):
        self.states.append(x.state)
        x.after = torch.ones(2, 3)
        return 2.0 * self.wanted(path) * F.one_hot(torch.zeros(8, dtype=torch.int64), 5)


def lessons(wanted=lambda path: path == TWO.parse("7").path):
    text = torch.zeros(4, 2, dtype=torch.int64)
    batch = Segment(text, torch.ones(2, 3)), torch.zeros(8, dtype=torch.int64)
    return Lessons(Reader(wanted), None, lambda: batch, None)


def test_a_reward_is_80_by_the_perplexity_of_a_segment_read_from_zeros():
    given = lessons()
    wanted, other = TWO.parse("7").path, TWO.parse("8").path
    likely = math.exp(2) / (math.exp(2) + 4)
    assert reward(given, wanted) == pytest.approx(80 * likely)
    assert rewards(given, [wanted, other]) == pytest.approx([80 * likely, 80 / 5])
    assert given.network.states == [None] * 3
    assert given.valid_batch()[0].after is None  # the text's own state is left alone


def sampler(seed=0, **settings):
    return RnnControllerSampler(TWO, RnnEnasSettings(**{"updates": 3, "samples": 4, **settings}), seed)


def test_the_controller_learns_what_is_rewarded():
    made = sampler(updates=40, samples=20, controller_lr=0.02)
    sigmoids = [cell.path for cell in TWO if all(op == 3 for op, _ in cell.nodes)]

    def share():
        with torch.no_grad():
            return np.mean([path in sigmoids for path in made.controller.draw(2000, rng(5)).paths])

    before = share()
    for epoch in range(2):
        assert made.end_epoch(lessons(lambda path: path in sigmoids), epoch, 2) == 800
    assert share() > before + 0.3


def test_cells_are_trained_for_some_batches_and_again_when_the_epoch_goes_on():
    made = sampler(batches_per_cell=3, cells_per_epoch=4)
    made.begin_epoch(0, 2)
    first = [made.sample() for _ in range(24)]
    assert first[:12] == first[12:]
    assert all(len(set(first[k : k + 3])) == 1 for k in range(0, 12, 3))
    made.end_epoch(lessons(), 0, 2)
    made.begin_epoch(1, 2)
    assert [made.sample() for _ in range(12)] != first[:12]
    plain = sampler()
    plain.begin_epoch(0, 1)
    assert len({plain.sample() for _ in range(300)}) > 20


def test_the_published_settings():
    told = RnnEnasSettings()
    assert (told.width, told.layers, told.squash, told.temperature) == (64, 1, 2.25, 5.0)
    assert (told.updates, told.samples, told.controller_lr) == (25, 10, 5e-5)
    assert (told.entropy_weight, told.baseline_decay, told.controller_beta1) == (1e-5, 0.999, 0.9)


def test_state_round_trip_continues_the_same_draws_and_updates(tmp_path):
    first, second = sampler(), sampler(seed=9)
    first.end_epoch(lessons(), 0, 3)
    checkpoint.save(tmp_path / "c.pt", first.state_dict())
    second.load_state_dict(checkpoint.load(tmp_path / "c.pt"))
    for made in (first, second):
        made.begin_epoch(1, 3)
        made.drawn = [made.sample() for _ in range(3)]
        made.end_epoch(lessons(), 1, 3)
    assert first.drawn == second.drawn
    for ours, theirs in zip(first.controller.parameters(), second.controller.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_proposals_are_cells_of_the_space():
    found = sampler().propose(20, np.random.default_rng(0))
    assert len(found) == 20
    assert set(found) <= set(TWO)
