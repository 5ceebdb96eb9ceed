"""Paths that share the first cell's input against each path on its own."""

import numpy as np
import pytest
import torch

from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import SIZE, op_table
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.supernets.nb201_cell import CandidateConv
from nasrepro.supernets.nb201_prefix import SharedInput
from nasrepro.supernets.norm import BatchNormMode, Norm

SKELETONS = [Skeleton(4, 1, 2, 8, 10, in_channels=2), Skeleton(3, 2, 3, 8, 10, in_channels=2)]
PATHS = [tuple(op_table()[i].tolist()) for i in np.random.default_rng(0).choice(SIZE, size=50, replace=False)]
EMPTY = [(0, 0, 0, 0, 0, 0), (3, 3, 3, 0, 0, 0), (0, 0, 3, 0, 3, 2), (0, 0, 1, 0, 4, 3), (0, 3, 2, 0, 2, 1)]


def supernet(skeleton, mode=BatchNormMode.BATCH, **choices):
    """In evaluation mode; running statistics are those of no path, and nowhere zero."""
    network = NB201Network(skeleton, mode=mode, rng=torch.Generator().manual_seed(0), **choices).eval()
    for number, norm in enumerate(m for m in network.modules() if isinstance(m, Norm) and m.tracks):
        rng = torch.Generator().manual_seed(number)
        norm.mean.copy_(torch.randn(norm.mean.shape, generator=rng))
        norm.var.copy_(torch.rand(norm.var.shape, generator=rng) + 0.5)
    return network


@pytest.fixture
def x():
    return torch.randn(12, 2, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("skeleton", SKELETONS, ids=["one cell", "two cells, three stages"])
@pytest.mark.parametrize("mode", BatchNormMode)
@pytest.mark.parametrize("channels_last", [True, False], ids=["channels_last", "nchw"])
@pytest.mark.parametrize("arrange", [sorted, list], ids=["sorted", "shuffled"])
@torch.no_grad()
def test_logits_are_those_of_the_path_alone(skeleton, mode, channels_last, arrange, x):
    network = supernet(skeleton, mode, channels_last=channels_last)
    shared = SharedInput(network.body[0], network.begin(x))
    for path in arrange([*PATHS, *EMPTY]):
        together = network.finish(shared.output(path), path, done=1)
        assert torch.allclose(together, network(x, path), rtol=0, atol=1e-5), path


@torch.no_grad()
def test_bfloat16_differs_by_its_rounding_only(x):
    network = supernet(SKELETONS[0], precision="bf16", channels_last=True)
    begun = network.begin(x)
    shared = SharedInput(network.body[0], begun)
    for path in sorted([*PATHS, *EMPTY]):
        alone = network.body[0](begun, path)
        assert torch.allclose(shared.output(path).float(), alone.float(), rtol=0.02, atol=0.05), path


@torch.no_grad()
def test_the_whole_space_takes_254_convolutions(x):
    """Six of the input, four of each of 4 values of node 1 and two of each of 116 values of node 2."""
    network = supernet(SKELETONS[0])
    shared = SharedInput(network.body[0], network.begin(x))
    calls = []
    for candidate in (m for m in network.body[0].modules() if isinstance(m, CandidateConv)):
        candidate.register_forward_hook(lambda *_: calls.append(1))
    for path in sorted(map(tuple, op_table().tolist())):
        shared.output(path)
    assert len(calls) == 6 + 4 * 4 + 2 * 116
    assert len(shared._kept) <= 21


def test_a_maps_memory_is_given_back_when_its_successor_is_there(x):
    network = supernet(SKELETONS[0])
    with torch.no_grad():
        shared = SharedInput(network.body[0], network.begin(x))
        before = shared.output((3, 2, 3, 3, 2, 3))
        assert shared.output((3, 2, 3, 3, 2, 3)) is before
        shared.output((2, 2, 3, 3, 2, 3))
        assert shared.output((3, 2, 3, 3, 2, 3)) is not before
        assert torch.equal(shared.output((3, 2, 3, 3, 2, 3)), before)
