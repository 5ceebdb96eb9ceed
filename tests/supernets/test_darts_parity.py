"""The DARTS supernet against the obvious implementation: same logits, gradients and averages, on paths and mixtures."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from darts_reference import pair, tensors

from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_genotype import EDGES, OPS
from nasrepro.spaces.darts_skeleton import DartsSkeleton
from nasrepro.supernets import depthwise
from nasrepro.supernets.darts import DartsNetwork
from nasrepro.supernets.norm import BatchNormMode

SPACE = DartsSpace()
SKELETON = DartsSkeleton(4, 4, 8, 5, in_channels=2, stem=2, auxiliary=False)
DRAWN = np.random.default_rng(3)
PATHS = {
    "none and repeated choices": SPACE.parse("darts:1516141602150330-0006061227372034").path,
    "one choice twice in a node": SPACE.parse("darts:0404151533330707-0404131300004545").path,
    "nothing": SPACE.parse("darts:0010001000100010-0010001000100010").path,
    "empty nodes that are read": SPACE.parse("darts:0010042423351426-0010042423351426").path,
    "two operations on an edge": (1, 4, 4, 9, 20, 33, 36, *range(112, 120), 201),
    "one operation leaving a state often": SPACE.parse("darts:0414051505150414-0616031303130616").path,
    **{f"drawn {k}": SPACE.sample(DRAWN).path for k in range(4)},
    **{f"all edges {k}": SPACE.path_on_edges(DRAWN.integers(0, 8, 28)) for k in range(2)},
}


@pytest.fixture(scope="module", params=["small", "large"])
def networks(request):
    """Large maps take detours around the library's slow convolutions; here small ones do as if they were."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "large":
            patch.setattr(depthwise, "_SMALL", 0)
        yield pair(SKELETON, channels_last=request.param == "large")


def batch():
    rng = torch.Generator().manual_seed(1)
    return torch.randn(6, 2, 8, 8, generator=rng, dtype=torch.float64), torch.randint(5, (6,), generator=rng)


def run(network, choice, gates=None):
    network.zero_grad(set_to_none=True)
    x, y = batch()
    logits = network(x, choice, gates)
    F.cross_entropy(logits, y).backward()
    return logits.detach()


def assert_equal(ours, plain):
    for name, mine, theirs in tensors(ours, plain):
        if isinstance(mine, torch.nn.Parameter):
            got, wanted = (torch.zeros_like(w) if w.grad is None else w.grad for w in (mine, theirs))
            assert torch.allclose(got, wanted, rtol=1e-6, atol=1e-9), name
        else:
            assert torch.allclose(mine, theirs, rtol=1e-9, atol=1e-12), name


def hard(path):
    return torch.from_numpy(SPACE.weights(path)).double().requires_grad_()


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("gated", [False, True], ids=["plain", "gated"])
def test_logits_and_gradients_of_a_path_equal_the_plain_network_s(networks, name, gated):
    ours, plain = networks
    path = PATHS[name]
    gates = [hard(path) if gated else None for _ in range(2)]
    assert torch.allclose(run(ours, path, gates[0]), run(plain, path, gates[1]), rtol=1e-8, atol=1e-10)
    assert_equal(ours, plain)
    if gated and name != "nothing":
        assert torch.allclose(gates[0].grad, gates[1].grad, rtol=1e-6, atol=1e-9)
        assert (gates[0].grad[gates[0] == 0] == 0).all()
        assert gates[0].grad.abs().max() > 1e-4


def test_a_path_of_nothing_has_derivatives_in_its_gates(networks):
    gates = hard(PATHS["nothing"])
    run(networks[0], PATHS["nothing"], gates)
    assert (gates.grad == 0).all()


@pytest.mark.parametrize("softmaxed", [True, False], ids=["softmax", "as given"])
def test_a_mixture_equals_the_plain_network_s(networks, softmaxed):
    ours, plain = networks
    alpha = torch.randn(28, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    weights = [(alpha.softmax(1) if softmaxed else alpha).clone().requires_grad_() for _ in range(2)]
    assert torch.allclose(run(ours, weights[0]), run(plain, weights[1]), rtol=1e-8, atol=1e-10)
    assert_equal(ours, plain)
    assert torch.allclose(weights[0].grad, weights[1].grad, rtol=1e-6, atol=1e-9)
    assert (weights[0].grad[:, 1:].abs().max(0).values > 1e-6).all()


@pytest.mark.parametrize("choice", ["none and repeated choices", "empty nodes that are read", "all edges 1", "mixture"])
def test_running_averages_move_and_serve_as_the_plain_network_s(choice):
    ours, plain = pair(SKELETON, BatchNormMode.RUNNING)
    given = torch.full((28, 8), 0.125, dtype=torch.float64) if choice == "mixture" else PATHS[choice]
    for network in (ours, plain):
        run(network.train(), given)
    assert_equal(ours, plain)
    x, _ = batch()
    with torch.no_grad():
        assert torch.allclose(ours.eval()(x, given), plain.eval()(x, given), rtol=1e-8, atol=1e-10)


def test_what_is_off_the_path_neither_learns_nor_moves():
    """No gradient rather than zero: otherwise momentum and decay would move the weights."""
    ours, _ = pair(SKELETON, BatchNormMode.RUNNING)
    before = {name: buffer.clone() for name, buffer in ours.named_buffers()}
    path = PATHS["none and repeated choices"]
    run(ours.train(), path)
    chosen = {divmod(entry, 8) for entry in path}
    for cell in ours.cells:
        first = len(EDGES) if cell.reduces else 0
        for key, candidate in cell.candidates.items():
            edge, op = key.split("_", 1)
            on = (int(edge) + first, OPS.index(op)) in chosen
            assert all((weight.grad is not None) == on for weight in candidate.parameters()), key
    for position, cell in enumerate(ours.cells):
        first = len(EDGES) if cell.reduces else 0
        for name, buffer in cell.candidates.named_buffers():
            edge, op = name.split(".")[0].split("_", 1)
            on = (int(edge) + first, OPS.index(op)) in chosen
            assert (not torch.equal(buffer, before[f"cells.{position}.candidates.{name}"])) == on, name


def test_many_paths_are_each_its_own(networks):
    ours, _ = networks
    paths = [PATHS["drawn 0"], PATHS["all edges 1"], PATHS["drawn 0"]]
    x, _ = batch()
    with torch.no_grad():
        together = ours.many(x, paths)
        assert all(torch.equal(ours(x, path), logits) for path, logits in zip(paths, together, strict=True))


def test_bfloat16_runs_with_float32_weights_and_stays_close(monkeypatch):
    monkeypatch.setattr(depthwise, "_SMALL", 0)
    skeleton = DartsSkeleton(8, 3, 8, 5, in_channels=2, auxiliary=False)
    fine, coarse = (
        DartsNetwork(skeleton, precision=precision, channels_last=True, rng=torch.Generator().manual_seed(0))
        for precision in ("fp32", "bf16")
    )
    rng = torch.Generator().manual_seed(1)
    x, y = torch.randn(32, 2, 8, 8, generator=rng), torch.randint(5, (32,), generator=rng)
    for choice in [PATHS["drawn 0"], PATHS["all edges 0"], torch.full((28, 8), 0.125)]:
        found = []
        for network in (fine, coarse):
            network.zero_grad(set_to_none=True)
            logits = network(x, choice)
            F.cross_entropy(logits, y).backward()
            grads = torch.cat([weight.grad.flatten() for weight in network.parameters() if weight.grad is not None])
            assert logits.dtype == grads.dtype == torch.float32
            found.append((logits.detach(), grads))
        assert not torch.equal(found[0][0], found[1][0])
        assert float((found[0][0] - found[1][0]).norm() / found[0][0].norm()) < 0.1
        assert float(F.cosine_similarity(found[0][1], found[1][1], dim=0)) > 0.95


def test_weights_depend_on_the_generator_only():
    made = [DartsNetwork(SKELETON, rng=torch.Generator().manual_seed(seed)).state_dict() for seed in (0, 0, 1)]
    assert all(torch.equal(made[0][key], made[1][key]) for key in made[0])
    assert not all(torch.equal(made[0][key], made[2][key]) for key in made[0])
