"""ENAS: the controller's probabilities, its rewards and baselines, and that it learns."""

import itertools

import numpy as np
import pytest
import torch

from nasrepro.methods.controller import Controller
from nasrepro.methods.enas import ControllerSampler, EnasSettings, EnasTraining
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.training import checkpoint
from nasrepro.training.sampler import Lessons

SPACE = NB201Space()


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def sampler(seed=0, **settings):
    return ControllerSampler(SPACE, EnasSettings(**{"updates": 3, "samples": 4, **settings}), seed)


class Judge(torch.nn.Module):
    """Right as often, out of ten images, as the path has 3×3 convolutions."""

    def forward(self, x, path):
        right = torch.arange(10) < path.count(3)
        return torch.stack([right.float(), 1 - right.float()], 1)


def lessons():
    return Lessons(Judge(), None, lambda: (torch.zeros(10), torch.zeros(10, dtype=torch.int64)), None)


def test_probabilities_of_all_paths_sum_to_one():
    """Teacher-forced over the first two decisions, which fixes the chain rule for all."""
    controller = Controller(8, 2, 5.0, 2.5, rng())
    drawn = controller.draw(4000, rng(1))
    seen = {}
    for path, log_prob in zip(drawn.paths, drawn.log_prob.tolist(), strict=True):
        assert seen.setdefault(path, log_prob) == pytest.approx(log_prob, abs=1e-5)
    common = {path for path in seen if drawn.paths.count(path) > 1}
    assert common or len(seen) > 3000
    expected = sum(np.exp(value) for value in seen.values())
    assert 0.1 < expected <= 1.0 + 1e-4


def test_entropy_is_nearly_that_of_uniform_choices_at_the_start_and_logits_stay_small():
    drawn = Controller(32, 2, 5.0, 2.5, rng()).draw(10, rng(1))
    assert torch.allclose(drawn.entropy, torch.full((10,), 6 * float(np.log(5))), atol=0.01)
    sharp = Controller(32, 2, 1e-3, 2.5, rng()).draw(500, rng(1))
    assert float(sharp.log_prob.detach().exp().max()) < (np.exp(2.5) / (np.exp(2.5) + 4 * np.exp(-2.5))) ** 6 + 1e-6


def test_log_probabilities_carry_gradients_to_every_parameter_but_the_last_embedding():
    controller = Controller(8, 2, 5.0, 2.5, rng())
    controller.draw(50, rng(1)).log_prob.sum().backward()
    assert all(p.grad is not None and bool((p.grad != 0).any()) for p in controller.parameters())


def test_initial_weights_are_the_published_ones_and_belong_to_the_seed():
    weights = Controller(32, 2, 5.0, 2.5, rng()).state_dict()
    for name in ("start", "embedding.weight", "decide.weight", "lstm.weight_ih_l0", "lstm.weight_hh_l0"):
        assert 0.05 < float(weights[name].abs().max()) <= 0.1
    assert float(weights["lstm.weight_ih_l1"].abs().max()) > 0.15
    again = Controller(32, 2, 5.0, 2.5, rng()).state_dict()
    assert all(torch.equal(weights[name], value) for name, value in again.items())


def test_a_moving_baseline_follows_every_reward():
    made = sampler(baseline_decay=0.9)
    found = made._baselines([0.5, 1.0, 0.0], [0.4, 1.0, 0.0], None)
    assert found.tolist() == pytest.approx([0.4, 0.46, 0.414])
    assert made.baseline == pytest.approx(0.414)


def test_the_released_baseline_starts_every_reward_from_the_last_epoch():
    made = sampler(baseline="per-epoch", baseline_decay=0.9)
    assert made._baselines([0.5, 1.0], [0.4, 0.9], None).tolist() == pytest.approx([0.4, 0.9])  # no advantage at all
    assert made._baselines([0.5, 1.0], [0.4, 0.9], 0.9).tolist() == pytest.approx([0.86, 0.91])


@pytest.mark.parametrize("baseline", ["moving", "per-epoch"])
def test_the_controller_learns_what_is_rewarded(baseline):
    made = sampler(baseline=baseline, updates=40, samples=20, controller_lr=0.02)
    before = np.mean([made.sample().count(3) for _ in range(200)])
    assert sum(made.end_epoch(lessons(), epoch, 3) for epoch in range(3)) == 2400
    after = np.mean([made.sample().count(3) for _ in range(200)])
    assert after > before + 1


def test_a_reward_is_the_share_of_right_answers_plus_weighted_entropy():
    made = sampler(entropy_weight=0.5)
    seen = []
    made._ascend = lambda log_prob, advantages: seen.append(advantages)
    made._baselines = lambda rewards, accuracies, before: (seen.append((rewards, accuracies)), torch.zeros(4))[1]
    made.end_epoch(lessons(), 0, 1)
    rewards, accuracies = seen[0]
    assert all(0 <= value <= 0.6 for value in accuracies)
    assert np.allclose(np.array(rewards) - accuracies, 0.5 * 6 * np.log(5), atol=0.01)
    assert np.allclose(seen[1].numpy(), rewards, atol=1e-6)
    assert not seen[1].requires_grad


def test_state_round_trip_continues_the_same_draws_and_updates(tmp_path):
    first, second = sampler(), sampler(seed=9)
    first.end_epoch(lessons(), 0, 3)
    checkpoint.save(tmp_path / "c.pt", first.state_dict())
    second.load_state_dict(checkpoint.load(tmp_path / "c.pt"))
    for made in (first, second):
        made.drawn = [made.sample() for _ in range(3)]
        made.end_epoch(lessons(), 1, 3)
    assert first.drawn == second.drawn
    assert first.baseline == second.baseline
    for ours, theirs in zip(first.controller.parameters(), second.controller.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_proposals_depend_on_the_generator_given_only():
    made = sampler()
    first, again, other = (made.propose(20, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first == again != other
    assert len(first) == 20


def test_the_learning_rate_swings_between_its_ends_every_ten_epochs():
    rates = [EnasTraining().learning_rate(epoch) for epoch in range(250)]
    assert rates[0] == pytest.approx(0.05)
    assert rates[10] == pytest.approx(5e-4)
    assert rates[20] == pytest.approx(0.05)
    assert rates[249] < 0.003
    assert max(abs(a - b) for a, b in itertools.pairwise(rates)) < 0.01
