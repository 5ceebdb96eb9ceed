"""Costs in closed form against the benchmark's numbers and against the built network."""

import numpy as np
import pytest
import torch

from nasrepro import benchmarks
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import CONV1, CONV3, NB201Space, from_index
from nasrepro.spaces.nb201_equivalence import live_edges
from nasrepro.supernets.blocks import Conv
from nasrepro.supernets.nb201 import NB201Network

SPACE = NB201Space()
CIFAR10 = Skeleton(16, 5, 3, 32, 10)
CIFAR100 = Skeleton(16, 5, 3, 32, 100)
IMAGENET16 = Skeleton(16, 5, 3, 16, 120)
SKELETONS = [
    Skeleton(4, 1, 2, 8, 10, in_channels=1),
    Skeleton(6, 2, 3, 16, 7),
    Skeleton(5, 3, 1, 9, 3, in_channels=2),
    Skeleton(4, 1, 4, 8, 2),
]


@pytest.mark.parametrize(
    ("index", "params", "macs"),
    [(0, 129_306, 15_647_370), (1, 802_426, 113_951_370), (2581, 1_073_466, 153_272_970)],
)
def test_costs_of_known_cells_on_cifar10(index, params, macs):
    cost = SPACE.cost(from_index(index), CIFAR10)
    assert (cost.params, cost.macs) == (params, macs)
    assert SPACE.cost(from_index(index), CIFAR100).params == params + 5_850
    assert SPACE.cost(from_index(index), IMAGENET16).params == params + 7_150


@pytest.mark.parametrize("ops", [(0,) * 6, (2,) * 6, (3,) * 6, (2, 3, 1, 0, 4, 3)])
def test_the_published_formula(ops):
    cell = next(cell for cell in SPACE if cell.ops == ops)
    n1, n3 = ops.count(CONV1), ops.count(CONV3)
    for skeleton, quarter in ((CIFAR10, 1), (CIFAR100, 1), (IMAGENET16, 4)):
        classifier = 65 * skeleton.classes
        cost = SPACE.cost(cell, skeleton)
        assert cost.params == 72_656 + classifier + 28_000 * n1 + 243_040 * n3
        assert cost.macs == (7_782_400 + 3_932_160 * n1 + 35_389_440 * n3) // quarter + classifier
        assert type(cost.params) is type(cost.macs) is int


def network(cell, skeleton):
    return NB201Network(skeleton, genotype=cell.ops, rng=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("skeleton", SKELETONS, ids=str)
def test_the_closed_form_counts_what_is_built(skeleton):
    rng = np.random.default_rng(0)
    for cell in [SPACE.sample(rng) for _ in range(8)]:
        built = network(cell, skeleton)
        assert SPACE.cost(cell, skeleton).params == sum(w.numel() for w in built.parameters()), str(cell)


@pytest.mark.parametrize("skeleton", SKELETONS, ids=str)
def test_the_closed_form_counts_what_is_multiplied(skeleton):
    """On cells all of whose convolutions matter; the network does not run the others, but the benchmark counts them."""
    rng = np.random.default_rng(1)
    cells = [SPACE.sample(rng) for _ in range(60)]
    live = [c for c in cells if all(c.ops[e] not in (CONV1, CONV3) or e in live_edges(c.ops) for e in range(6))]
    images = torch.zeros(1, skeleton.in_channels, skeleton.image_size, skeleton.image_size)
    for cell in live[:6]:
        built, macs = network(cell, skeleton).eval(), []

        def count(conv, _, out, macs=macs):
            macs.append(conv.weight.numel() * out[0, 0].numel())

        for module in built.modules():
            if isinstance(module, Conv):
                module.register_forward_hook(count)
        with torch.no_grad():
            built(images)
        classifier = built.head.weight.numel() + built.head.bias.numel()
        assert SPACE.cost(cell, skeleton).macs == sum(macs) + classifier, str(cell)


def test_every_benchmark_costs_its_stand_alone_network():
    for name in benchmarks.names():
        if benchmarks.get(name).space.name != SPACE.name:
            continue
        skeleton = benchmarks.get(name).standalone
        cell = from_index(1)
        built = network(cell, skeleton)
        assert SPACE.cost(cell, skeleton).params == sum(w.numel() for w in built.parameters())


def test_impossible_skeletons_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        Skeleton(0, 1, 1, 8, 10)
    with pytest.raises(ValueError, match="cannot be halved"):
        Skeleton(4, 1, 3, 10, 10)
