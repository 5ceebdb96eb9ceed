"""The stand-alone network against the plain one, with affine norms and running averages."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from plain_network import PlainNetwork, copy_into, pairs

from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import CONV3, NB201Space
from nasrepro.spaces.nb201_equivalence import live_edges
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.supernets.nb201_cell import NB201Cell
from nasrepro.supernets.norm import BatchNormMode

SKELETON = Skeleton(4, 2, 2, 8, 5, in_channels=1)


def cells(count, seed=0):
    """Random cells whose output depends on the input."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < count:
        ops = NB201Space().sample(rng).ops
        if live_edges(ops):
            found.append(ops)
    return found


def batches(count, size=6):
    rng = torch.Generator().manual_seed(1)
    return [(torch.randn(size, 1, 8, 8, generator=rng), torch.randint(5, (size,), generator=rng)) for _ in range(count)]


EMPTY_NODE_FEEDS_CONVOLUTION = (0, 3, 2, 0, 2, 1)  # an affine norm adds its shift to the zero map


@pytest.mark.parametrize(
    "ops",
    [(3, 3, 3, 3, 3, 3), (3, 2, 1, 4, 3, 0), EMPTY_NODE_FEEDS_CONVOLUTION, *cells(8)],
    ids=str,
)
def test_training_and_evaluation_equal_the_plain_network_s(ops):
    ours = NB201Network(SKELETON, genotype=ops, channels_last=True, rng=torch.Generator().manual_seed(0))
    plain = PlainNetwork(SKELETON, affine=True, track=True).double()
    with torch.no_grad():  # norms that do something, so that forgetting one would show
        for module in ours.modules():
            if getattr(module, "mean", None) is not None:
                module.weight.uniform_(0.5, 1.5, generator=torch.Generator().manual_seed(2))
                module.bias.uniform_(-0.5, 0.5, generator=torch.Generator().manual_seed(3))
    copy_into(plain, ours)
    for x, y in batches(3):
        logits = []
        for network, images in ((ours, x), (plain, x.double())):
            network.zero_grad()
            out = network(images, ops)
            F.cross_entropy(out, y).backward()
            logits.append(out.detach())
        assert torch.allclose(logits[0].double(), logits[1], rtol=1e-4, atol=1e-5)
        for name, weight, other in pairs(ours, plain):
            if weight.requires_grad:
                grad = torch.zeros_like(weight) if weight.grad is None else weight.grad
                error = float((grad.double() - other.grad).norm())
                assert error <= 1e-4 * float(other.grad.norm()) + 1e-6, name
    ours.eval()
    plain.eval()
    x, _ = batches(1)[0]
    with torch.no_grad():
        assert torch.allclose(ours(x).double(), plain(x.double(), ops), rtol=1e-4, atol=1e-5)


def test_it_is_the_supernet_s_path_with_weights_of_its_own():
    supernet = NB201Network(SKELETON, rng=torch.Generator().manual_seed(0))
    x, _ = batches(1)[0]
    for ops in cells(8, seed=3):
        alone = NB201Network(SKELETON, genotype=ops, mode=BatchNormMode.BATCH, rng=torch.Generator().manual_seed(1))
        inherited = {name: value for name, value in supernet.state_dict().items() if name in alone.state_dict()}
        missing = alone.load_state_dict(inherited, strict=False).missing_keys
        assert all(".candidates." in name and ".norm." in name for name in missing)  # affine parameters: 1 and 0
        with torch.no_grad():
            assert torch.allclose(alone(x), supernet(x, ops), rtol=1e-4, atol=1e-5)


def test_it_holds_the_chosen_convolutions_and_ignores_any_path_given():
    ops = (3, 0, 2, 1, 4, 3)
    alone = NB201Network(SKELETON, genotype=ops, rng=torch.Generator().manual_seed(0)).eval()
    held = [list(block.candidates) for block in alone.body if isinstance(block, NB201Cell)]
    assert held == [["0_nor_conv_3x3", "2_nor_conv_1x1", "5_nor_conv_3x3"]] * 4
    x, _ = batches(1)[0]
    with torch.no_grad():
        assert torch.equal(alone(x), alone(x, (0, 0, 0, 0, 0, 0)))
    with pytest.raises(KeyError):
        alone.body[0].candidate(1, CONV3)
