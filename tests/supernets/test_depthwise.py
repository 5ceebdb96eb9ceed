"""Depthwise convolutions and pools by detours are what the library computes the straight way."""

import pytest
import torch
import torch.nn.functional as F

from nasrepro.supernets import depthwise
from nasrepro.supernets.pool import max_pool, mean_pool


def drawn(*shape, seed=0, kind=torch.float64):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=rng, dtype=torch.float64).to(kind)


@pytest.fixture(autouse=True)
def _every_map_is_large(monkeypatch):
    monkeypatch.setattr(depthwise, "_SMALL", 0)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("side", [(8, 8), (7, 9), (6, 5)], ids=str)
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2), (2, 2)])
@pytest.mark.parametrize("size", [3, 5, 7])
def test_values_and_gradients_are_the_library_s(size, stride, dilation, side, layout):
    x = drawn(3, 4, *side).to(memory_format=layout).requires_grad_()
    kernels = drawn(4, 1, size, size, seed=1).requires_grad_()
    pad = size // 2 * dilation
    ours = depthwise.depthwise(x, kernels, stride=stride, dilation=dilation)
    wanted = F.conv2d(x, kernels, stride=stride, padding=pad, dilation=dilation, groups=4)
    assert torch.allclose(ours, wanted, atol=1e-12)
    upstream = drawn(*wanted.shape, seed=2)
    for mine, theirs in zip(*(torch.autograd.grad(out, (x, kernels), upstream) for out in (ours, wanted)), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-11)


def test_second_derivatives_are_right():
    x, kernels = drawn(2, 2, 5, 6).requires_grad_(), drawn(2, 1, 5, 5, seed=1).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x, kernels: depthwise.depthwise(x, kernels), (x, kernels))


@pytest.mark.parametrize(("size", "stride"), [(3, 2), (5, 2), (5, 1)])
def test_bfloat16_keeps_its_type_and_stays_close(size, stride):
    given = drawn(4, 8, 8, 8, kind=torch.bfloat16), drawn(8, 1, size, size, seed=1, kind=torch.bfloat16)
    found = []
    for kind in (torch.bfloat16, torch.float64):
        x, kernels = (item.to(kind).requires_grad_() for item in given)
        out = depthwise.depthwise(x, kernels, stride=stride)
        found.append((out.detach(), *torch.autograd.grad(out, (x, kernels), drawn(*out.shape, seed=2, kind=kind))))
    for coarse, fine in zip(*found, strict=True):
        assert coarse.dtype == torch.bfloat16
        assert float((coarse.double() - fine).norm() / fine.norm()) < 0.02


@pytest.mark.parametrize("stride", [1, 2])
def test_pools_are_the_library_s(stride):
    x = drawn(3, 4, 8, 7)
    assert torch.allclose(mean_pool(x, stride), F.avg_pool2d(x, 3, stride, 1, count_include_pad=False))
    assert torch.equal(max_pool(x, stride), F.max_pool2d(x, 3, stride, 1))
