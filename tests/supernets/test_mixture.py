"""The mixture against the obvious implementation: same logits, same gradients of weights and of mixture weights."""

import pytest
import torch
import torch.nn.functional as F
from plain_network import PlainNetwork, copy_into, pairs

from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.supernets.choice import paths_in
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.supernets.norm import BatchNormMode

SKELETON = Skeleton(3, 2, 2, 8, 4, in_channels=2)
SPACE = NB201Space()


def batch():
    rng = torch.Generator().manual_seed(1)
    return torch.randn(6, 2, 8, 8, generator=rng, dtype=torch.float64), torch.randint(4, (6,), generator=rng)


def made(mode):
    network = NB201Network(SKELETON, mode=mode, rng=torch.Generator().manual_seed(0)).double()
    network.dtype = torch.float64
    plain = PlainNetwork(SKELETON, affine=False, track=mode is BatchNormMode.RUNNING).double()
    copy_into(plain, network)
    return network, plain


@pytest.mark.parametrize("mode", BatchNormMode)
def test_logits_and_all_gradients_equal_those_of_a_module_per_edge(mode):
    network, plain = made(mode)
    x, y = batch()
    found = []
    for each in (network, plain):
        weights = torch.randn(6, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64).softmax(1)
        weights.requires_grad_()
        logits = each(x, weights)
        F.cross_entropy(logits, y).backward()
        found.append((logits, weights.grad))
    assert torch.allclose(found[0][0], found[1][0], atol=1e-10)
    assert torch.allclose(found[0][1], found[1][1], atol=1e-10)
    assert float(found[0][1].abs().min()) == 0.0  # that of `none`, on every edge
    assert bool((found[0][1][:, 1:] != 0).all())
    for name, ours, theirs in pairs(network, plain):
        if ours.requires_grad:
            assert torch.allclose(ours.grad, theirs.grad, atol=1e-10), name
        else:
            assert torch.allclose(ours, theirs, atol=1e-10), name  # running averages


def test_a_one_hot_mixture_is_the_path():
    network, _ = made(BatchNormMode.BATCH)
    x, _ = batch()
    for index in (0, 1462, 6111, 11472):
        path = SPACE.parse(str(index)).ops
        one_hot = F.one_hot(torch.tensor(path), 5).double()
        assert torch.allclose(network(x, path), network(x, one_hot), atol=1e-9)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_layout_and_precision_change_the_mixture_by_rounding_only(precision):
    images = batch()[0].float()
    weights = torch.full((6, 5), 0.2)
    reference = NB201Network(SKELETON, rng=torch.Generator().manual_seed(0))(images, weights)
    other = NB201Network(SKELETON, rng=torch.Generator().manual_seed(0), channels_last=True, precision=precision)
    out = other(images, weights)
    assert out.dtype == torch.float32
    assert torch.allclose(out, reference, atol=1e-4 if precision == "fp32" else 0.1)


def test_a_mixture_counts_as_many_paths_as_it_mixes():
    assert paths_in((0,) * 6) == 1
    assert paths_in(torch.zeros(6, 5)) == 5
