"""SETN: uniform paths for the weights, the likeliest cells of alpha as proposals."""

import itertools

import numpy as np
import torch

from nasrepro.methods.alpha import AlphaSettings
from nasrepro.methods.setn import SetnSampler
from nasrepro.methods.uniform import UniformSampler, UniformSettings
from nasrepro.spaces.nb201 import NB201Space

SPACE = NB201Space()


def sampler(seed=0):
    return SetnSampler(SPACE, AlphaSettings(alpha_init=1.0), seed)


def test_weights_see_the_paths_of_randomnas():
    uniform, made = UniformSampler(SPACE, UniformSettings(), 4), sampler(4)
    assert [made.sample() for _ in range(20)] == [uniform.sample() for _ in range(20)]


def test_proposals_are_the_likeliest_cells_of_the_whole_space():
    made = sampler()
    likely = made.alpha.detach().log_softmax(1)
    every = itertools.product(range(5), repeat=6)
    worth = {ops: float(sum(likely[edge, op] for edge, op in enumerate(ops))) for ops in every}
    proposed = made.propose(100, np.random.default_rng(0))
    wanted = sorted(worth.values(), reverse=True)[:100]
    assert np.allclose([worth[genotype.ops] for genotype in proposed], wanted, atol=1e-4)
    assert proposed[0].ops == made.preferred().ops
    assert len(set(proposed)) == 100


def test_the_state_holds_the_uniform_draws_too():
    first, second = sampler(), sampler(1)
    first.sample()
    first.descend(torch.ones(6, 5))
    second.load_state_dict(first.state_dict())
    assert second.sample() == first.sample()
    assert torch.equal(second.alpha, first.alpha)
