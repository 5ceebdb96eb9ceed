"""Which statistics normalise: the batch's, running averages, or averages estimated anew for one path."""

import pytest
import torch

from nasrepro.spaces.base import Skeleton
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.supernets.norm import BatchNormMode, Norm, normalise, recalibrate

SKELETON = Skeleton(4, 1, 2, 8, 5, in_channels=1)
PATH = (3, 0, 0, 1, 2, 0)
OTHER = (2, 3, 1, 3, 1, 3)


def network(mode):
    return NB201Network(SKELETON, mode=mode, rng=torch.Generator().manual_seed(0))


def images(seed, size=8):
    return torch.randn(size, 1, 8, 8, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def test_batch_mode_evaluates_as_it_trains_and_keeps_no_state():
    built = network(BatchNormMode.BATCH)
    x = images(0)
    before = {name: value.clone() for name, value in built.state_dict().items()}
    trained = built.train()(x, PATH)
    built(x, OTHER)
    assert torch.equal(built.eval()(x, PATH), trained)
    assert not any("mean" in name or "var" in name for name in before)
    assert all(torch.equal(before[name], value) for name, value in built.state_dict().items())


@torch.no_grad()
def test_running_mode_averages_over_training_with_momentum_and_evaluates_with_the_averages():
    built = network(BatchNormMode.RUNNING).train()
    x, y = images(0), images(1)
    built(x, PATH)
    built(y, PATH)
    outs = [built.stem.conv(z) for z in (x, y)]
    mean, var = torch.zeros(4), torch.ones(4)
    for out in outs:
        mean = 0.9 * mean + 0.1 * out.mean((0, 2, 3))
        var = 0.9 * var + 0.1 * out.var((0, 2, 3), unbiased=True)
    assert torch.allclose(built.stem.norm.mean, mean, atol=1e-6)
    assert torch.allclose(built.stem.norm.var, var, atol=1e-6)
    built.eval()
    kept = built.stem.norm.mean.clone()
    one, all_of_them = built(x[:1], PATH), built(x, PATH)
    assert torch.allclose(one, all_of_them[:1], atol=1e-5)  # the other images no longer matter
    assert torch.equal(built.stem.norm.mean, kept)


@torch.no_grad()
def test_recalibration_is_the_plain_average_over_batches_on_the_path_only():
    built = network(BatchNormMode.RUNNING).train()
    for seed in range(5):
        built(images(seed), OTHER if seed % 2 else PATH)  # pollute
    before = {name: buffer.clone() for name, buffer in built.named_buffers()}
    seen = {}

    def watch(name):
        def hook(_, inputs, __):
            seen.setdefault(name, []).append(inputs[0].clone())

        return hook

    norms = {name: module for name, module in built.named_modules() if isinstance(module, Norm)}
    handles = [module.register_forward_hook(watch(name)) for name, module in norms.items()]
    built.eval()
    recalibrate(built, [images(seed) for seed in (10, 11, 12)], lambda x: built(x, PATH))
    for handle in handles:
        handle.remove()
    assert not built.training
    on_path = {
        f"body.{cell}.candidates.{name}.norm" for cell in (0, 2) for name in ("0_nor_conv_3x3", "4_nor_conv_1x1")
    }
    assert {name for name in seen if "candidates" in name} == on_path
    for name, norm in norms.items():
        if name not in seen:
            assert torch.equal(norm.mean, before[f"{name}.mean"]), name
            continue
        assert len(seen[name]) == 3
        means = torch.stack([x.mean((0, 2, 3)) for x in seen[name]]).mean(0)
        variances = torch.stack([x.var((0, 2, 3), unbiased=True) for x in seen[name]]).mean(0)
        assert torch.allclose(norm.mean, means, rtol=1e-4, atol=1e-6), name
        assert torch.allclose(norm.var, variances, rtol=1e-4, atol=1e-6), name


def test_recalibration_puts_everything_back_when_the_forward_fails():
    built = network(BatchNormMode.RUNNING).eval()

    def broken(x):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        recalibrate(built, [images(0)], broken)
    assert not built.training
    with torch.no_grad():
        built.train()(images(1), PATH)
    assert torch.allclose(built.stem.norm.mean, 0.1 * built.stem.conv(images(1)).mean((0, 2, 3)), atol=1e-6)


def test_supernet_norms_in_cells_are_not_affine_and_stand_alone_ones_are():
    supernet = network(BatchNormMode.BATCH)
    alone = NB201Network(SKELETON, genotype=OTHER, rng=torch.Generator().manual_seed(0))
    for built, affine in ((supernet, False), (alone, True)):
        for name, module in built.named_modules():
            if isinstance(module, Norm):
                assert (module.weight is not None) == (affine or "candidates" not in name), name
                assert module.tracks == affine
    assert {m.plain for n, m in supernet.named_modules() if isinstance(m, Norm) and "candidates" in n} == {True}


def test_plain_normalisation_has_zero_mean_and_unit_variance():
    out = normalise(images(0) * 3 + 2)
    assert abs(float(out.mean())) < 1e-5
    assert float(out.var(unbiased=False)) == pytest.approx(1, abs=1e-4)
