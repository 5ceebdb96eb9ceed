"""DARTS: the first-order step, the unrolled step, and the Hessian product against its exact value."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from nasrepro import benchmarks
from nasrepro.errors import UserError
from nasrepro.methods import catalog
from nasrepro.methods.alpha import AlphaSettings
from nasrepro.methods.darts import DartsSampler
from nasrepro.methods.darts_v2 import DartsV2Sampler, DartsV2Settings, hessian_product, unrolled
from nasrepro.methods.resolving import resolve
from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.supernets.catalog import supernet
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.supernets.norm import BatchNormMode
from nasrepro.training.sampler import Lessons

SPACE = NB201Space()
LR, MOMENTUM, DECAY = 0.05, 0.9, 5e-4
SMALL = 1e-5  # with few images and channels the published 0.01 steps over kinks of ReLUs, each of which counts
DIRECTIONS = 6


@pytest.fixture(params=["nb201-digits", "darts-digits"])
def space(request):
    return benchmarks.get(request.param).space


@pytest.fixture
def network(space):
    """In double precision, so that a finite difference can be compared with an exact product."""
    made = supernet(space, replace(space.tiny, channels=3, classes=3, in_channels=1), rng=torch_rng(0, "weights"))
    made.double().dtype = torch.float64
    return made


def batch(seed):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(6, 1, 8, 8, generator=rng, dtype=torch.float64), torch.randint(3, (6,), generator=rng)


def alpha(space=SPACE):
    shape = space.edges, len(space.operations)
    return torch.randn(*shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64).requires_grad_()


def even(space):
    return torch.full((space.edges, len(space.operations)), 1 / len(space.operations), dtype=torch.float64)


def trained(network, space=SPACE, steps=2):
    """An optimizer with momentum in it."""
    optimizer = torch.optim.SGD(network.parameters(), lr=LR, momentum=MOMENTUM, weight_decay=DECAY, nesterov=True)
    for step in range(steps):
        optimizer.zero_grad()
        x, y = batch(step)
        F.cross_entropy(network(x, even(space)), y).backward()
        optimizer.step()
    optimizer.zero_grad()
    return optimizer


def test_the_finite_difference_is_the_exact_hessian_product(network, space):
    x, y = batch(0)
    parameters, given = list(network.parameters()), alpha(space)
    direction = [torch.randn(w.shape, generator=torch.Generator().manual_seed(7)).double() for w in parameters]

    def loss():
        return F.cross_entropy(network(x, given.softmax(1)), y)

    first = torch.autograd.grad(loss(), parameters, create_graph=True)
    along = sum((g * d).sum() for g, d in zip(first, direction, strict=True))
    (exact,) = torch.autograd.grad(along, [given])
    before = [w.detach().clone() for w in parameters]
    found = hessian_product(loss, given, parameters, direction, SMALL)
    assert float((found - exact).norm() / exact.norm()) < 1e-3
    assert float(exact.norm()) > 1e-6
    assert all(torch.equal(a, b) for a, b in zip(before, parameters, strict=True))


def test_no_direction_gives_no_product(network):
    parameters, given = list(network.parameters()), alpha()
    nothing = [torch.zeros_like(w) for w in parameters]
    found = hessian_product(lambda: given.sum(), given, parameters, nothing, 0.01)
    assert float(found.abs().max()) == 0


@pytest.mark.parametrize("steps", [0, 2])
def test_the_unrolled_weights_take_momentum_and_decay_along_and_come_back(network, space, steps):
    optimizer = trained(network, space, steps)
    x, y = batch(3)
    before = [w.detach().clone() for w in network.parameters()]
    gradients = torch.autograd.grad(F.cross_entropy(network(x, even(space)), y), list(network.parameters()))
    with unrolled(optimizer, lambda: F.cross_entropy(network(x, even(space)), y)) as (ahead, rate):
        assert rate == LR
        for old, weight, gradient in zip(before, ahead, gradients, strict=True):
            buffer = optimizer.state[weight]["momentum_buffer"] if steps else 0
            assert torch.allclose(weight, old - LR * (MOMENTUM * buffer + gradient + DECAY * old), atol=1e-12)
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def test_the_second_order_gradient_is_that_of_the_unrolled_loss(network, space):
    """Against finite differences of alpha in L_val(θ'(alpha), alpha), the definition itself, along some directions."""
    optimizer = trained(network, space)
    train, valid = batch(3), batch(4)
    made = DartsV2Sampler(space, DartsV2Settings(radius=SMALL), 0)
    made.alpha = torch.nn.Parameter(alpha(space).detach())
    caught = []
    made.descend = caught.append
    assert made.learn(Lessons(network, optimizer, lambda: valid, None), train) == 4 * len(space.operations)

    def outer(given):
        mixture = given.softmax(1)
        with unrolled(optimizer, lambda: F.cross_entropy(network(train[0], mixture), train[1])), torch.no_grad():
            return float(F.cross_entropy(network(valid[0], mixture), valid[1]))

    (first_order,) = torch.autograd.grad(F.cross_entropy(network(valid[0], made.weights()), valid[1]), [made.alpha])
    rng, wanted, found, first = torch.Generator().manual_seed(9), [], [], []
    for _ in range(DIRECTIONS):
        along = torch.randn(made.alpha.shape, generator=rng, dtype=torch.float64)
        ends = [outer(made.alpha.detach() + sign * 1e-6 * along) for sign in (1, -1)]
        wanted.append((ends[0] - ends[1]) / 2e-6)
        found.append(float((caught[0] * along).sum()))
        first.append(float((first_order * along).sum()))
    assert found == pytest.approx(wanted, rel=1e-3, abs=1e-3 * max(map(abs, wanted)))
    beside = max(abs(a - b) for a, b in zip(first, wanted, strict=True)) / max(map(abs, wanted))
    assert beside > 0.02  # it is not the first-order gradient


def test_the_pass_at_the_unrolled_weights_leaves_no_trace_in_running_averages():
    """Of the four passes of a step three are made by the network itself, as in the release."""
    network = NB201Network(
        Skeleton(3, 1, 2, 8, 3, in_channels=1), mode=BatchNormMode.RUNNING, rng=torch_rng(0, "weights")
    )
    momentum, norm = 0.1, network.stem.norm
    (x, y), (other, _) = ((batch(seed)[0].float(), batch(seed)[1]) for seed in (3, 4))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.0, momentum=0.9)  # the stem sees the same at every pass
    made = DartsV2Sampler(SPACE, DartsV2Settings(radius=1e-9), 0)
    made.learn(Lessons(network, optimizer, lambda: (other + 5, y), None), (x, y))
    mean = network.stem.conv(x).mean((0, 2, 3))
    assert torch.allclose(norm.mean, mean * (1 - (1 - momentum) ** 3), atol=1e-4)


def test_bfloat16_is_refused_where_weights_are_moved_by_little():
    cifar = benchmarks.get("nb201-cifar10")
    assert resolve(catalog.get("darts-v2"), cifar, "laptop")["training"]["precision"] == "fp32"
    with pytest.raises(UserError, match=r"training\.precision' cannot be 'bf16'"):
        resolve(catalog.get("darts-v2"), cifar, "laptop", {"training": {"precision": "bf16"}})


def test_the_first_order_step_follows_the_mixture_gradient_and_touches_no_weight(network, space):
    made = DartsSampler(space, AlphaSettings(), 0)
    made.alpha = torch.nn.Parameter(alpha(space).detach())
    caught = []
    made.descend = caught.append
    before = [w.detach().clone() for w in network.parameters()]
    assert made.learn(Lessons(network, None, lambda: batch(4), None), None) == len(space.operations)
    x, y = batch(4)
    (wanted,) = torch.autograd.grad(F.cross_entropy(network(x, made.alpha.softmax(1)), y), [made.alpha])
    assert torch.allclose(caught[0], wanted)
    assert all(w.grad is None for w in network.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def test_weights_train_on_the_mixture_itself():
    made = DartsSampler(SPACE, AlphaSettings(), 3)
    choice = made.sample()
    assert choice.shape == (6, 5)
    assert not choice.requires_grad
    assert torch.allclose(choice, made.alpha.detach().softmax(1))
    assert made.preferred().ops == tuple(made.alpha.argmax(1).tolist())
