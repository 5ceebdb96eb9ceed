"""The supernet against the obvious implementation: same logits, same gradients, for weights and for gates."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from plain_network import PlainNetwork, copy_into, pairs

from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import CONV1, CONV3, OPS, NB201Space
from nasrepro.spaces.nb201_equivalence import live_edges
from nasrepro.supernets.nb201 import NB201Network

SKELETON = Skeleton(4, 1, 2, 8, 5, in_channels=2)
DEEP = Skeleton(3, 2, 3, 8, 4)
SPECIAL = [
    (0, 0, 0, 0, 0, 0),  # nothing at all
    (3, 3, 3, 0, 0, 0),  # nothing reaches the output
    (0, 0, 3, 0, 3, 2),  # everything that leads to the output starts from nothing
    (0, 0, 1, 0, 4, 3),  # as before, through copies and pools of nothing
    (3, 3, 3, 3, 3, 3),  # three equal convolutions leave one node
    (2, 2, 2, 2, 2, 2),
    (1, 1, 1, 1, 1, 1),
    (4, 4, 4, 4, 4, 4),
    (3, 3, 2, 3, 2, 2),  # two groups to merge
    (3, 0, 0, 1, 0, 3),  # node 1 leads nowhere, node 2 has no input
    (0, 3, 2, 0, 2, 1),  # node 1 is empty and feeds two convolutions
]


def random_paths(count, seed=0):
    rng = np.random.default_rng(seed)
    return [NB201Space().sample(rng).ops for _ in range(count)]


PATHS = [*SPECIAL, *random_paths(40)]
BUSY = [p for p in random_paths(400, seed=5) if p[0] in (2, 3) and p[1] in (2, 3) and p[3] in (2, 3)][:4]
"""Paths on which every node holds a generic map, so that the loss is differentiable in the gates."""


def batch(skeleton, size=6, seed=1):
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(size, skeleton.in_channels, skeleton.image_size, skeleton.image_size, generator=rng)
    return x, torch.randint(skeleton.classes, (size,), generator=rng)


@pytest.fixture(scope="module", params=["nchw", "channels_last"])
def networks(request):
    """Ours in single precision with the reference in double precision, per skeleton."""
    made = {}
    for skeleton in (SKELETON, DEEP):
        ours = NB201Network(
            skeleton, channels_last=request.param == "channels_last", rng=torch.Generator().manual_seed(0)
        )
        plain = PlainNetwork(skeleton, affine=False, track=False)
        copy_into(plain, ours)
        made[skeleton] = ours, plain.double()
    return made


def run(network, x, y, path, gates=None):
    """Logits, loss and fresh gradients."""
    network.zero_grad(set_to_none=True)
    logits = network(x, path, gates)
    F.cross_entropy(logits, y).backward()
    return logits.detach()


def assert_close(name, ours, theirs, scale=0.0):
    """Equal up to single precision: 3e-5 of the reference's norm, or of `scale` where terms cancel."""
    error = float((ours.double() - theirs).norm())
    bound = 3e-5 * max(float(theirs.norm()), scale)
    assert error <= bound, f"{name}: off by {error:.2e}, allowed {bound:.2e}"


def compare(ours, plain, skeleton, path, gated):
    x, y = batch(skeleton)
    gates = [F.one_hot(torch.tensor(path), 5).to(kind).requires_grad_() for kind in (torch.float32, torch.float64)]
    first = run(ours, x, y, path, gates[0] if gated else None)
    second = run(plain, x.double(), y, path, gates[1] if gated else None)
    assert_close("logits", first, second)
    whole = float(torch.cat([w.grad.flatten() for w in plain.parameters() if w.grad is not None]).norm())
    for name, weight, other in pairs(ours, plain):
        wanted = torch.zeros_like(other) if other.grad is None else other.grad
        got = torch.zeros_like(weight) if weight.grad is None else weight.grad
        assert_close(name, got, wanted, scale=whole / 10)
    if gated:
        assert gates[0].grad is not None
        assert_close("gates", gates[0].grad, gates[1].grad, scale=whole / 10)


@pytest.mark.parametrize("skeleton", [SKELETON, DEEP], ids=["shallow", "deep"])
def test_logits_and_weight_gradients_equal_the_plain_network_s(networks, skeleton):
    ours, plain = networks[skeleton]
    for path in PATHS:
        compare(ours, plain, skeleton, path, gated=False)


@pytest.mark.parametrize("skeleton", [SKELETON, DEEP], ids=["shallow", "deep"])
def test_all_thirty_gate_gradients_equal_the_plain_network_s(networks, skeleton):
    ours, plain = networks[skeleton]
    for path in PATHS:
        compare(ours, plain, skeleton, path, gated=True)


def test_operations_that_were_not_chosen_receive_gradient_on_every_edge_that_matters(networks):
    ours, _ = networks[SKELETON]
    x, y = batch(SKELETON)
    path = (3, 0, 2, 1, 3, 2)
    gates = F.one_hot(torch.tensor(path), 5).float().requires_grad_()
    run(ours, x, y, path, gates)
    assert int((gates.grad != 0).sum()) == 29  # the chosen `none` multiplies a zero map
    assert gates.grad[1, 0] == 0


@pytest.mark.parametrize("path", BUSY, ids=str)
def test_gate_gradients_are_the_slope_of_the_loss_in_the_gates(networks, path):
    """Central differences of the plain network in double precision, with gates moved away from 0 and 1."""
    ours, plain = networks[SKELETON]
    x, y = batch(SKELETON)
    gates = F.one_hot(torch.tensor(path), 5).float().requires_grad_()
    run(ours, x, y, path, gates)
    step = 1e-5
    slopes = torch.zeros(6, 5, dtype=torch.float64)
    with torch.no_grad():
        for edge in range(6):
            for op in range(5):
                ends = []
                for sign in (1, -1):
                    moved = gates.detach().double()
                    moved[edge, op] += sign * step
                    ends.append(F.cross_entropy(plain(x.double(), path, moved), y))
                slopes[edge, op] = (ends[0] - ends[1]) / (2 * step)
    assert slopes.abs().max() > 1e-3
    assert torch.allclose(gates.grad.double(), slopes, rtol=1e-3, atol=1e-3 * float(slopes.abs().max()))


def test_weights_off_the_path_get_no_gradient_at_all(networks):
    """None rather than zero: otherwise weight decay and momentum would move them."""
    ours, _ = networks[SKELETON]
    x, y = batch(SKELETON)
    for path in PATHS:
        run(ours, x, y, path)
        wanted = {f"{e}_{OPS[path[e]]}" for e in live_edges(path) if path[e] in (CONV1, CONV3)}
        for cell in (ours.body[0], ours.body[2]):
            got = {name for name, conv in cell.candidates.items() if conv.conv.weight.grad is not None}
            assert got == wanted, path


def test_dead_edges_do_not_change_the_result(networks):
    ours, _ = networks[SKELETON]
    x, _ = batch(SKELETON)
    with torch.no_grad():
        kept = ours(x, (3, 1, 0, 0, 0, 3))  # node 1 leads nowhere
        for op in range(5):
            assert torch.equal(kept, ours(x, (op, 1, 0, 0, 0, 3)))


def test_input_independent_paths_give_the_same_logits_for_every_image(networks):
    ours, _ = networks[SKELETON]
    x, _ = batch(SKELETON)
    with torch.no_grad():
        logits = ours(x, (3, 3, 3, 0, 0, 0))
    assert torch.equal(logits, logits[:1].expand_as(logits))


def test_a_supernet_needs_a_path(networks):
    ours, _ = networks[SKELETON]
    with pytest.raises(ValueError, match="needs the path"):
        ours(batch(SKELETON)[0])


def test_the_published_supernet_has_1686106_parameters():
    built = NB201Network(Skeleton(16, 5, 3, 32, 10), rng=torch.Generator().manual_seed(0))
    assert sum(weight.numel() for weight in built.parameters()) == 1_686_106


def test_bfloat16_runs_with_float32_weights_and_stays_close():
    skeleton = Skeleton(8, 1, 2, 8, 5, in_channels=2)
    fine, coarse = (
        NB201Network(skeleton, precision=precision, channels_last=True, rng=torch.Generator().manual_seed(0))
        for precision in ("fp32", "bf16")
    )
    x, y = batch(skeleton, size=32)
    for path in [p for p in PATHS if live_edges(p)][:20]:
        exact, rounded = run(fine, x, y, path), run(coarse, x, y, path)
        assert rounded.dtype == torch.float32
        assert not torch.equal(exact, rounded)
        assert float((exact - rounded).norm() / exact.norm()) < 0.05
        grads = [[w.grad for w in n.parameters() if w.grad is not None] for n in (fine, coarse)]
        assert all(g.dtype == torch.float32 for g in grads[1])
        flat = [torch.cat([g.flatten() for g in some]) for some in grads]
        assert float(F.cosine_similarity(*flat, dim=0)) > 0.97


def test_weights_depend_on_the_generator_only():
    made = [NB201Network(SKELETON, rng=torch.Generator().manual_seed(seed)).state_dict() for seed in (0, 0, 1)]
    assert all(torch.equal(made[0][key], made[1][key]) for key in made[0])
    assert not all(torch.equal(made[0][key], made[2][key]) for key in made[0])
