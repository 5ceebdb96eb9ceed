"""Many paths together: the logits, the gradients and the running averages of one path after the other."""

import numpy as np
import pytest
import torch

from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import CONV1, CONV3, OPS, NB201Space
from nasrepro.spaces.nb201_equivalence import live_edges
from nasrepro.supernets import nb201, nb201_many
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.supernets.norm import BatchNormMode

NARROW = Skeleton(3, 2, 2, 8, 5, in_channels=2)
WIDE = Skeleton(9, 1, 3, 8, 4)
NOTHING = (3, 3, 3, 0, 0, 0)
SPECIAL = {
    "one": [(3, 0, 2, 1, 4, 3)],
    "twice the same": [(3, 0, 2, 1, 4, 3), (2, 3, 3, 3, 2, 1), (3, 0, 2, 1, 4, 3)],
    "nothing reaches any output": [NOTHING, (0, 0, 0, 0, 0, 0)],
    "nothing beside something": [NOTHING, (3, 3, 3, 3, 3, 3)],
    "nothing feeds convolutions": [(0, 0, 3, 0, 3, 2), (0, 3, 2, 0, 2, 1), (0, 0, 1, 0, 4, 3)],
    "the same but for dead edges": [(3, 1, 0, 0, 0, 3), (2, 1, 0, 0, 0, 3), (0, 1, 4, 0, 0, 3)],
    "the same map along different edges": [(1, 3, 0, 2, 3, 2), (1, 0, 3, 2, 3, 2), (3, 1, 0, 2, 0, 3)],
    "the input twice": [(1, 1, 0, 1, 1, 1), (1, 0, 0, 1, 1, 0)],
    "one operation each": [(op,) * 6 for op in range(5)],
}


def drawn(count, seed):
    rng = np.random.default_rng(seed)
    return [NB201Space().sample(rng).ops for _ in range(count)]


SETS = [*SPECIAL.values(), *(drawn(count, seed) for seed, count in enumerate((2, 3, 5, 9, 9, 13)))]


def made(skeleton, *, double=True, **choices):
    network = NB201Network(skeleton, rng=torch.Generator().manual_seed(0), **choices).train()
    if double:
        network.double().dtype = torch.float64
    rng = torch.Generator().manual_seed(1)
    with torch.no_grad():  # norms apart from those of a fresh network
        for name, weight in network.named_parameters():
            if "norm" in name:
                weight += 0.3 * torch.randn(weight.shape, generator=rng, dtype=weight.dtype)
    x = torch.randn(6, skeleton.in_channels, 8, 8, generator=rng, dtype=torch.float64 if double else torch.float32)
    return network, x


def gradients(network, logits, seed=2):
    """Of a loss that tells every logit from every other."""
    network.zero_grad(set_to_none=True)
    factors = torch.randn(logits.shape, generator=torch.Generator().manual_seed(seed), dtype=logits.dtype)
    (logits.tanh() * factors).sum().backward()
    return {name: weight.grad for name, weight in network.named_parameters()}


def one_by_one(network, x, paths):
    return torch.stack([network(x, path) for path in paths])


def assert_as_one_by_one(network, x, paths, together):
    found = gradients(network, together)
    alone = one_by_one(network, x, paths)
    assert (together - alone).abs().max() < 1e-9
    for name, wanted in gradients(network, alone).items():
        assert (found[name] is None) == (wanted is None), name
        assert wanted is None or (found[name] - wanted).abs().max() < 1e-9, name


@pytest.fixture
def forwards(monkeypatch):
    """How many paths a network ran by itself."""
    seen = []
    finish = NB201Network.finish
    monkeypatch.setattr(NB201Network, "finish", lambda *args, **named: seen.append(args[2]) or finish(*args, **named))
    return seen


@pytest.mark.parametrize("paths", SETS, ids=[*SPECIAL, *(f"{len(p)} drawn, {i}" for i, p in enumerate(SETS[9:]))])
@pytest.mark.parametrize(
    ("skeleton", "channels_last"), [(NARROW, True), (NARROW, False), (WIDE, True), (WIDE, False)], ids=str
)
def test_logits_and_gradients_are_those_of_one_path_after_the_other(skeleton, channels_last, paths, forwards):
    network, x = made(skeleton, channels_last=channels_last)
    together = network.many(x, paths)
    assert together.shape == (len(paths), len(x), skeleton.classes)
    assert len(forwards) == (len(set(paths)) == 1)
    assert_as_one_by_one(network, x, paths, together)


def test_weights_off_all_paths_get_no_gradient_at_all():
    """None rather than zero: otherwise weight decay and momentum would move them."""
    network, x = made(NARROW)
    for paths in SETS:
        found = gradients(network, network.many(x, paths))
        used = {f"{e}_{OPS[p[e]]}" for p in paths for e in live_edges(p) if p[e] in (CONV1, CONV3)}
        for block in (0, 1, 3, 4):
            prefix = f"body.{block}.candidates."
            got = {
                k.removeprefix(prefix).split(".")[0] for k, g in found.items() if k.startswith(prefix) and g is not None
            }
            assert got == used, paths


@pytest.mark.parametrize("narrow", [0, 1000])
def test_both_ways_through_a_reduction_are_the_same(monkeypatch, narrow):
    monkeypatch.setattr(nb201_many, "_NARROW", narrow)
    network, x = made(WIDE)
    assert_as_one_by_one(network, x, SETS[-1], network.many(x, SETS[-1]))


def test_what_paths_have_in_common_is_computed_once(monkeypatch):
    """Two paths that agree in the first two nodes, and a third one that is the first where it matters."""
    ran = []
    convolved = nb201_many.NB201Cell.convolved

    def counted(self, edges, *args):
        ran.extend(edges)
        return convolved(self, edges, *args)

    monkeypatch.setattr(nb201_many.NB201Cell, "convolved", counted)
    network, x = made(Skeleton(3, 1, 1, 8, 5, in_channels=2))
    network.many(
        x, [(3, 2, 3, 0, 2, 3), (3, 2, 3, 0, 3, 3), (3, 2, 3, 0, 0, 3), (3, 0, 0, 0, 2, 0), (3, 4, 0, 0, 2, 0)]
    )
    assert sorted(ran) == [0, 1, 2, 4, 4, 5]


def test_large_maps_go_one_by_one_from_a_common_stem(monkeypatch, forwards):
    monkeypatch.setattr(nb201, "_SMALL", 10)
    network, x = made(NARROW)
    stems = []
    network.stem.register_forward_hook(lambda *_: stems.append(1))
    paths = drawn(4, seed=3)
    together = network.many(x, [*paths, paths[0]])
    assert forwards == paths
    assert len(stems) == 1
    assert_as_one_by_one(network, x, [*paths, paths[0]], together)


def test_running_averages_are_those_of_one_path_after_the_other():
    (first, x), (second, _) = (made(NARROW, mode=BatchNormMode.RUNNING) for _ in range(2))
    paths = drawn(4, seed=4)
    assert torch.equal(first.many(x, paths), one_by_one(second, x, paths))
    for name, buffer in first.named_buffers():
        assert torch.equal(buffer, dict(second.named_buffers())[name]), name
    assert not torch.equal(first.stem.norm.mean, made(NARROW, mode=BatchNormMode.RUNNING)[0].stem.norm.mean)


def test_one_path_alone_is_forward_to_the_last_bit():
    network, x = made(WIDE, double=False, channels_last=True)
    (path,) = drawn(1, seed=5)
    assert torch.equal(network.many(x, [path, path])[1], network(x, path))


def test_bfloat16_runs_with_float32_weights_and_is_no_coarser_than_one_by_one():
    fine, coarse = (made(WIDE, double=False, channels_last=True, precision=p)[0] for p in ("fp32", "bf16"))
    x = torch.randn(32, 3, 8, 8, generator=torch.Generator().manual_seed(6))
    paths = [path for path in drawn(12, seed=6) if live_edges(path)][:9]
    runs = [one_by_one(fine, x, paths), coarse.many(x, paths), one_by_one(coarse, x, paths)]
    assert runs[1].dtype == torch.float32
    slopes = []
    for network, logits in zip((fine, coarse, coarse), runs, strict=True):
        found = [grad for grad in gradients(network, logits).values() if grad is not None]
        assert all(grad.dtype == torch.float32 for grad in found)
        slopes.append(torch.cat([grad.flatten() for grad in found]))
    for exact, together, alone in (runs, slopes):
        off = float((together - exact).detach().norm() / exact.detach().norm())
        assert 0 < off < 1.3 * float((alone - exact).detach().norm() / exact.detach().norm()), off
    assert float((runs[1] - runs[0]).detach().norm() / runs[0].detach().norm()) < 0.05
