"""REINFORCE against the same update written with automatic differentiation."""

import math

import numpy as np
import pytest
import torch
from toy import DIGITS, ToyOracle, search

from nasrepro.methods.reinforce import PolicySettings, sampled

WORTH = ToyOracle.worth


def run(count, reward, seed=0, **settings):
    """The first `count` cells of the policy when each earns `reward(k, cell)`."""
    policy = sampled(PolicySettings(**settings), seed)
    cells = [next(policy)]
    for k in range(count - 1):
        cells.append(policy.send(reward(k, cells[-1])))
    return cells


def logits_by_autograd(cells, rewards, init, lr, momentum):
    """Policy logits after the given history, with torch's Adam and gradient."""
    theta = torch.tensor(init, requires_grad=True)
    adam = torch.optim.Adam([theta], lr=lr)
    total = weight = 0.0
    for cell, reward in zip(cells, rewards, strict=True):
        total, weight = momentum * total + (1 - momentum) * reward, momentum * weight + 1 - momentum
        chosen = theta.log_softmax(1)[torch.arange(6), torch.tensor(cell.ops)]
        loss = -(chosen * (reward - total / weight)).sum()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return theta.detach().numpy()


def test_the_logits_are_those_of_automatic_differentiation():
    policy = sampled(PolicySettings(lr=0.1), seed=3)
    cells, rewards = [next(policy)], []
    init = policy.gi_frame.f_locals["logits"].copy()
    for _ in range(30):
        rewards.append(WORTH(cells[-1]))
        cells.append(policy.send(rewards[-1]))
    expected = logits_by_autograd(cells[:-1], rewards, init, 0.1, 0.9)
    np.testing.assert_allclose(policy.gi_frame.f_locals["logits"], expected, rtol=1e-6, atol=1e-9)
    assert np.abs(expected - init).max() > 0.5
    assert init.std() == pytest.approx(1e-3, rel=0.5)


def test_the_first_reward_teaches_nothing():
    """The baseline takes a reward in before it is compared with it."""
    generous, stingy = (run(2, lambda k, cell, reward=reward: reward) for reward in (90.0, 10.0))
    assert generous == stingy


def test_equal_rewards_teach_nothing():
    policy = sampled(PolicySettings(lr=0.5), seed=0)
    next(policy)
    before = policy.gi_frame.f_locals["logits"].copy()
    for _ in range(20):
        policy.send(70.0)
    np.testing.assert_allclose(policy.gi_frame.f_locals["logits"], before, atol=1e-4)


def test_it_learns_what_pays():
    cells = run(1500, lambda k, cell: WORTH(cell), lr=0.05)
    early, late = (np.mean([WORTH(cell) for cell in part]) for part in (cells[:200], cells[-200:]))
    assert late > early + 15


def test_cells_without_a_measurement_teach_nothing(tmp_path):
    cells = run(40, lambda k, cell: -math.inf if k % 2 else WORTH(cell))
    assert len(cells) == 40
    best = max(DIGITS.space, key=WORTH)
    result, given = search("reinforce", tmp_path, oracle=ToyOracle(missing=[best]), search={"queries": 50})
    assert math.isfinite(result.answer.value)
    assert given.queries["valid"] == 50


def test_the_answer_is_the_best_sampled_cell(tmp_path):
    oracle = ToyOracle()
    result, _ = search("reinforce", tmp_path, oracle=oracle, search={"queries": 50})
    worths = [WORTH(genotype) for genotype, *_ in oracle.asked]
    assert result.answer.value == max(worths)
    assert result.answer.genotype == oracle.asked[worths.index(max(worths))][0]
