"""Complementation: its two set conditions, its loss and gradient, and what it does to a training."""

from collections import Counter

import numpy as np
import pytest
import torch

from nasrepro.regularizers.complementation import Complementation, ComplementationSettings
from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Space, op_table
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.training.regularizer import WeightStep

SPACE = NB201Space()
BEFORE, NOW = (1, 0, 3, 2, 4, 3), (3, 0, 2, 2, 1, 3)


def made(**settings):
    return Complementation(NB201Space(), ComplementationSettings(**settings), 0)


def weights_of(path):
    """ω of the paper: which candidates of which edges a path holds."""
    return set(enumerate(path))


def test_both_set_conditions_hold_for_every_genotype_of_the_space():
    rng = np.random.default_rng(0)
    every = [tuple(row) for row in op_table().tolist()]
    for current in every:
        others = [tuple(row) for row in rng.integers(5, size=(4, 6)).tolist()]
        for previous in (current, *others):
            other = SPACE.complement(current, previous, rng)
            now, before, complementary = weights_of(current), weights_of(previous), weights_of(other)
            assert now & (before | complementary) == now
            assert before & complementary == set()
            assert set(other) <= set(range(5))


def test_where_nothing_changed_the_four_others_are_equally_likely():
    rng = np.random.default_rng(1)
    drawn = [SPACE.complement(NOW, NOW, rng) for _ in range(4000)]
    for edge in range(6):
        counts = Counter(path[edge] for path in drawn)
        assert set(counts) == set(range(5)) - {NOW[edge]}
        assert all(abs(count - 1000) < 150 for count in counts.values())  # five standard deviations


def test_an_edge_that_changed_keeps_its_operation():
    for seed in range(20):
        other = SPACE.complement(NOW, BEFORE, np.random.default_rng(seed))
        assert [other[edge] for edge in (0, 2, 4)] == [NOW[edge] for edge in (0, 2, 4)]


@pytest.fixture
def network():
    found = NB201Network(Skeleton(3, 1, 2, 8, 3, in_channels=1), rng=torch_rng(0, "weights")).double()
    found.dtype = torch.float64
    return found.train()


@pytest.fixture
def batch():
    rng = torch.Generator().manual_seed(2)
    return torch.randn(6, 1, 8, 8, generator=rng, dtype=torch.float64), torch.randint(3, (6,), generator=rng)


@pytest.fixture
def loss_after(network, batch):
    """The loss of step NOW, after a step on BEFORE, and the step itself."""

    def of(**settings):
        regularizer = made(**settings)
        regularizer.after_step(WeightStep(network, BEFORE, batch))
        step = WeightStep(network, NOW, batch)
        return regularizer.loss(step), step

    return of


def replayed():
    """The complement that a fresh regularizer draws first."""
    return SPACE.complement(NOW, BEFORE, made()._rng)


@pytest.mark.parametrize(
    ("settings", "own", "share"),
    [
        ({}, 0.5, 0.25),
        ({"epsilon": 0.2}, 0.8, 0.1),
        ({"epsilon": 0.2, "weighting": "as-printed"}, 0.8, 0.2),
        ({"epsilon": 1, "weighting": "as-printed"}, 0.0, 1.0),
    ],
)
def test_the_loss_is_that_of_equation_seven(loss_after, network, batch, settings, own, share):
    loss, step = loss_after(**settings)
    terms = [WeightStep(network, path, batch).cross_entropy(path).item() for path in (NOW, BEFORE, replayed())]
    assert len(set(terms)) == 3
    assert loss.item() == pytest.approx(own * terms[0] + share * (terms[1] + terms[2]), rel=1e-12)
    assert step.paths_run == 3


def gradient(network, loss):
    found = torch.autograd.grad(loss, list(network.parameters()), allow_unused=True)
    return [torch.zeros_like(w) if g is None else g for w, g in zip(network.parameters(), found, strict=True)]


@pytest.mark.parametrize("weighting", ["normalized", "as-printed"])
@pytest.mark.parametrize("epsilon", [0.2, 0.5])
def test_the_gradient_differs_from_the_plain_one_and_agrees_with_finite_differences(
    loss_after, network, weighting, epsilon
):
    settings = {"epsilon": epsilon, "weighting": weighting}
    found = gradient(network, loss_after(**settings)[0])
    plain = gradient(network, loss_after(epsilon=0)[0])
    far = sum(float((a - b).square().sum()) for a, b in zip(found, plain, strict=True)) ** 0.5
    assert far > 0.1 * sum(float(b.square().sum()) for b in plain) ** 0.5
    checked, radius = 0, 1e-6
    for weight, slope in zip(network.parameters(), found, strict=True):
        at = int(slope.abs().argmax())
        if slope.flatten()[at].abs() < 1e-3:
            continue
        sides = []
        for shift in (radius, -radius):
            with torch.no_grad():
                weight.view(-1)[at] += shift
            sides.append(loss_after(**settings)[0].item())
            with torch.no_grad():
                weight.view(-1)[at] -= shift
        assert (sides[0] - sides[1]) / (2 * radius) == pytest.approx(float(slope.flatten()[at]), rel=1e-3)
        checked += 1
    assert checked >= 20


@pytest.mark.parametrize(
    "settings", [{"epsilon": 0}, {"detached": True}, {"detached": True, "weighting": "as-printed"}]
)
def test_without_replay_the_gradient_is_exactly_the_plain_one_and_nothing_else_runs(
    loss_after, network, batch, settings
):
    loss, step = loss_after(**settings)
    plain = gradient(network, WeightStep(network, NOW, batch).cross_entropy(NOW))
    assert all(torch.equal(a, b) for a, b in zip(gradient(network, loss), plain, strict=True))
    assert step.paths_run == 1


def test_the_very_first_step_replays_itself(network, batch):
    regularizer = made()
    step = WeightStep(network, NOW, batch)
    loss = regularizer.loss(step)
    assert step.paths_run == 2  # the path itself once, though it counts twice
    own, other = (step.cross_entropy(path).item() for path in (NOW, SPACE.complement(NOW, NOW, made()._rng)))
    assert loss.item() == pytest.approx(0.75 * own + 0.25 * other)


def test_the_state_holds_the_previous_path_and_the_position_of_the_draws(network, batch):
    one, other = made(), made()
    for path in (NOW, BEFORE, NOW):
        step = WeightStep(network, path, batch)
        one.loss(step)
        one.after_step(step)
    other.load_state_dict(one.state_dict())
    assert other.previous == NOW
    assert other.state_dict() == one.state_dict()
    assert made().state_dict() != one.state_dict()
