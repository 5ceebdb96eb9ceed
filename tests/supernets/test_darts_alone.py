"""Stand-alone DARTS networks: any cells build, both kinds run, auxiliary head and dropped paths belong to training."""

import pytest
import torch

from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_skeleton import DartsSkeleton
from nasrepro.supernets.darts_alone import DartsStandalone
from nasrepro.supernets.darts_ops import State

SPACE = DartsSpace()
SMALL = DartsSkeleton(4, 4, 8, 5, in_channels=2, auxiliary=False)
IMAGENET = DartsSkeleton(4, 4, 224, 6, family="imagenet")
NASNET = "darts:04150405031202021314-08150811051222331124+456"
AMOEBANET = "darts:02110425043213140312+456-02140128081201110954+346"


def made(text, skeleton=SMALL, seed=0, **how):
    return DartsStandalone(skeleton, SPACE.parse(text), rng=torch.Generator().manual_seed(seed), **how)


def images(count=4, channels=2, side=8):
    return torch.randn(count, channels, side, side, generator=torch.Generator().manual_seed(1))


def test_a_choice_made_twice_is_two_modules():
    network = made("darts:0404151533330707-0404131300004545")
    first = network.cells[0].operations
    assert {"0_0", "0_1"} <= set(first)
    assert first["0_0"] is not first["0_1"]
    logits, auxiliary = network.train()(images())
    logits.square().sum().backward()
    kernels = [first[name].stages[0].kernels.grad for name in ("0_0", "0_1")]
    assert auxiliary is None
    assert all(grad.abs().max() > 0 for grad in kernels)
    assert not torch.equal(*kernels)


@pytest.mark.parametrize("text", ["darts:0010001000100010-0010001000100010", "darts:0010042423351426-0010042423351426"])
def test_nodes_that_read_nothing_are_zero(text):
    network = made(text).eval()
    with torch.no_grad():
        logits, _ = network(images())
    assert logits.shape == (4, 5)
    assert torch.isfinite(logits).all()
    if "0424" not in text:  # nothing reads anything
        assert torch.equal(logits, network.head.bias.expand(4, 5))


@pytest.mark.parametrize("text", [NASNET, AMOEBANET], ids=["NASNet", "AmoebaNet"])
def test_cells_of_other_spaces_learn_everywhere(text):
    network = made(text, DartsSkeleton(4, 4, 32, 5), channels_last=True).train()
    logits, auxiliary = network(images(2, 3, 32))
    (logits.square().sum() + auxiliary.square().sum()).backward()
    assert all(weight.grad is not None for weight in network.parameters())


def test_the_imagenet_network_runs_and_has_its_second_head_in_training_only():
    network = made("darts:0414041403140326-0111112301231123", IMAGENET, channels_last=True)
    x = images(1, 3, 224).expand(2, -1, -1, -1)
    logits, auxiliary = network.train()(x)
    assert logits.shape == auxiliary.shape == (2, 6)
    with torch.no_grad():
        assert network.eval()(x)[1] is None


def test_bfloat16_keeps_float32_logits():
    network = made(NASNET, DartsSkeleton(4, 4, 32, 5), precision="bf16", channels_last=True).train()
    assert {found.dtype for found in network(images(2, 3, 32))} == {torch.float32}


def test_paths_are_dropped_in_training_by_their_own_stream():
    network = made("darts:0414041403140326-0111112301231123", drops=torch.Generator())
    x = images(64)

    def seen(probability, seed=0):
        network.drop_path = probability
        network.drops.manual_seed(seed)
        with torch.no_grad():
            return network(x)[0]

    network.train()
    assert torch.equal(seen(0.5), seen(0.5))
    assert not torch.equal(seen(0.5), seen(0.5, seed=1))
    assert not torch.equal(seen(0.5), seen(0.0))
    network.eval()
    assert torch.equal(seen(0.5), seen(0.0))


def test_whole_maps_of_an_image_are_dropped():
    network = made("darts:0414041403140326-0111112301231123", drops=torch.Generator().manual_seed(0))
    network.drop_path = 0.25
    kept = network._dropped(torch.ones(4000, 3, 2, 2)).flatten(1)
    assert (kept == kept[:, :1]).all()
    assert sorted(set(kept.flatten().tolist())) == [0.0, pytest.approx(4 / 3)]
    assert float(kept.mean()) == pytest.approx(1, abs=0.03)


def test_copies_are_never_dropped_but_halved_copies_are():
    network = made("darts:0313032323330313-0313232302230111")
    dropped = []

    def drop(made):
        dropped.append(made)
        return made

    state = State(network.stem(images()))
    last = network.cells[0](state, state, drop)
    assert not dropped
    network.cells[1](state, last, drop)
    assert len(dropped) == 5  # three pools, and the two copies of the first node, which halve
