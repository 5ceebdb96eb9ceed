"""Weight plasticity loss: the Fisher information against single images, the sum of all penalties, and its letter."""

import numpy as np
import pytest
import torch
from small_supernet import TinySupernet

from nasrepro.regularizers.wpl import WPL, WPLSettings
from nasrepro.spaces.nb201 import NB201Space

SPACE = NB201Space()
FIRST, SECOND, NOW = (2, 3, 3, 1, 2, 1), (3, 3, 2, 2, 1, 2), (3, 3, 3, 2, 4, 2)
HADAMARD = np.array([[1]])
for _ in range(3):
    HADAMARD = np.block([[HADAMARD, HADAMARD], [HADAMARD, -HADAMARD]])


def made(seed=0, **settings):
    return WPL(SPACE, WPLSettings(**settings), seed)


@pytest.fixture
def supernet():
    return TinySupernet(images=8)


def train(supernet, regularizer, *paths, lr=0.05):
    """Weight steps as the training does them; the paths' losses before each."""
    losses = []
    for path in paths:
        step = supernet.step(path)
        loss = regularizer.loss(step)
        losses.append(loss.item())
        for weight in supernet.weights:
            weight.grad = None
        loss.backward()
        with torch.no_grad():
            for weight in supernet.weights:
                if weight.grad is not None:
                    weight -= lr * weight.grad
        step.weights_moved()
        regularizer.after_step(step)
    return losses


def of_single_images(supernet, path):
    """Squared gradients of the loss of each image in this batch, their mean over images, and the mean's square."""
    images = len(supernet.batch[1])
    each = [supernet.gradient(supernet.step(path).losses(path)[image]) for image in range(images)]
    return torch.stack(each).square().mean(0), torch.stack(each).mean(0).square()


def in_one_row(supernet, kept):
    """What is kept of every weight, zero where nothing is."""
    named = supernet.network.named_parameters()
    return torch.cat([kept.get(name, torch.zeros_like(weight)).flatten() for name, weight in named]).detach()


class Rows:
    """In place of a random generator: the rows of a Hadamard matrix, one per call."""

    def __init__(self, at):
        self.at = at

    def choice(self, among, size):
        return HADAMARD[self.at, :size].astype(float)


def test_signs_that_are_orthogonal_give_the_fisher_information_of_single_images_exactly(supernet):
    found = []
    for at in range(8):
        regularizer = made(memory=0)
        regularizer._rng = Rows(at)
        regularizer.after_step(supernet.step(NOW))
        found.append(in_one_row(supernet, regularizer.precision))
    exact, squared_mean = of_single_images(supernet, NOW)
    torch.testing.assert_close(torch.stack(found).mean(0), exact, rtol=1e-9, atol=1e-16)
    assert exact.sum() > 1.5 * squared_mean.sum()
    assert all(row.sum() != found[0].sum() for row in found[1:])


def test_random_signs_are_right_in_the_mean(supernet):
    exact, _ = of_single_images(supernet, NOW)
    regularizer, drawn = made(memory=0), []
    for _ in range(200):
        regularizer.after_step(supernet.step(NOW))
        drawn.append(in_one_row(supernet, regularizer.precision).sum())
    error = torch.stack(drawn).std() / 200**0.5
    assert abs(torch.stack(drawn).mean() - exact.sum()) < 4 * error < 0.2 * exact.sum()


def test_the_square_of_the_mean_gradient_is_another_choice(supernet):
    regularizer = made(memory=0, fisher="batch")
    regularizer.after_step(supernet.step(NOW))
    found = in_one_row(supernet, regularizer.precision)
    torch.testing.assert_close(found, of_single_images(supernet, NOW)[1], rtol=1e-9, atol=1e-16)


@pytest.mark.parametrize("fisher", ["signed", "batch"])
def test_to_the_letter_the_gradient_of_the_penalty_is_exactly_zero(supernet, fisher):
    """With one step per path the weights still are where the path before left them."""
    regularizer = made(strength=1000, memory=0, fisher=fisher)
    rng = np.random.default_rng(0)
    for path in (SPACE.sample(rng).ops for _ in range(30)):
        step = supernet.step(path)
        loss = regularizer.loss(step)
        assert loss.item() == step.cross_entropy(path).item()
        assert torch.equal(supernet.gradient(loss), supernet.gradient(supernet.step(path).cross_entropy(path)))
        train(supernet, regularizer, path)
    assert len(regularizer.precision) > 20


def test_two_steps_on_a_path_are_enough_for_the_letter_to_matter(supernet):
    regularizer = made(strength=1000, memory=0)
    train(supernet, regularizer, FIRST)
    with torch.no_grad():
        for weight in supernet.weights:
            weight += 0.01  # a step that is not looked back at
    step = supernet.step(NOW)
    assert regularizer.loss(step) > step.cross_entropy(NOW) + 1e-4


@pytest.mark.parametrize("memory", [0.5, 0.9])
def test_what_is_kept_is_the_sum_of_the_penalties_of_all_earlier_paths(supernet, memory):
    """Written out: one square per path that used a weight, around where that path left it, and a constant."""
    regularizer, penalties = made(strength=3, memory=memory), {}
    names = [name for name, _ in supernet.network.named_parameters()]
    for path in (FIRST, SECOND, FIRST, NOW, SECOND):
        single = made(memory=0)  # knows this path alone, with the same signs
        single._rng.bit_generator.state = regularizer._rng.bit_generator.state
        train(supernet, regularizer, path)
        single.after_step(supernet.step(path))
        for name, fisher in single.precision.items():
            earlier = [(memory * weight, *rest) for weight, *rest in penalties.get(name, [])]
            penalties[name] = [*earlier, (1 - memory, fisher, single.anchor[name])]

    def written_out(values):
        return sum(
            weight * (fisher * (value - anchor).square()).sum()
            for name, value in zip(names, values, strict=True)
            for weight, fisher, anchor in penalties.get(name, [])
        )

    def kept(values):
        return sum(
            (regularizer.precision[name] * (value - regularizer.anchor[name]).square()).sum()
            for name, value in zip(names, values, strict=True)
            if name in regularizer.precision
        )

    torch.manual_seed(0)
    places = [[weight.detach() + scale * torch.randn_like(weight) for weight in supernet.weights] for scale in (0, 1)]
    constants = [(written_out(values) - kept(values)).item() for values in places]
    assert written_out(places[1]) > 1e3 * written_out(places[0])
    assert constants[0] == pytest.approx(constants[1], rel=1e-6)
    assert max(len(terms) for terms in penalties.values()) == 5


def trained(supernet, **settings):
    regularizer = made(**{"strength": 50, **settings})
    train(supernet, regularizer, FIRST, SECOND, FIRST, SECOND)
    return regularizer


def test_the_penalty_is_that_of_equation_four_on_weights_of_the_path_alone(supernet):
    regularizer = trained(supernet)
    step = supernet.step(NOW)
    loss = regularizer.loss(step)
    penalty = loss - step.cross_entropy(NOW)
    on_path = {name for name in regularizer.precision if "candidates" not in name or _on(NOW, name)}
    expected = sum(
        (regularizer.precision[name] * (weight - regularizer.anchor[name]).square()).sum()
        for name, weight in supernet.network.named_parameters()
        if name in on_path
    )
    assert penalty.item() == pytest.approx(25 * expected.item(), rel=1e-9)
    for name, weight in supernet.network.named_parameters():
        (found,) = torch.autograd.grad(loss, [weight], retain_graph=True, allow_unused=True)
        assert (found is None) == ("candidates" in name and not _on(NOW, name))
    assert len(regularizer.precision) > len(on_path)


def _on(path, name):
    edge, operation = name.split("candidates.")[1].split(".")[0].split("_", 1)
    return path[int(edge)] == {"nor_conv_1x1": 2, "nor_conv_3x3": 3}[operation]


def test_it_pulls_weights_back_to_where_they_mattered(supernet):
    regularizer = trained(supernet)
    step = supernet.step(NOW)
    weight = supernet.network.stem.conv.weight
    anchor, precision = regularizer.anchor["stem.conv.weight"], regularizer.precision["stem.conv.weight"]
    penalty = regularizer.loss(step) - step.cross_entropy(NOW)
    (found,) = torch.autograd.grad(penalty, [weight])
    torch.testing.assert_close(found, 50 * precision * (weight - anchor).detach(), rtol=1e-9, atol=1e-14)
    assert found.abs().max() > 1e-3


@pytest.mark.parametrize("fisher", ["signed", "batch"])
def test_the_gradient_differs_from_the_plain_one_and_agrees_with_finite_differences(supernet, fisher):
    regularizer = trained(supernet, strength=1e4, fisher=fisher)

    def loss():
        return regularizer.loss(supernet.step(NOW))

    found, plain = supernet.gradient(loss()), supernet.gradient(supernet.step(NOW).cross_entropy(NOW))
    beside = found - (found @ plain) / (plain @ plain) * plain
    assert beside.norm() > 0.1 * found.norm()
    for at in found.abs().argsort(descending=True)[:20].tolist():
        assert supernet.difference(at, loss) == pytest.approx(float(found[at]), rel=1e-3)


def test_without_strength_it_is_plain_and_a_weight_without_information_is_free(supernet):
    regularizer = trained(supernet, strength=0)
    step = supernet.step(NOW)
    assert regularizer.loss(step) is step.cross_entropy(NOW)
    nothing = torch.zeros(3)
    regularizer = made()
    for value in (1.0, 2.0, 3.0):
        regularizer._remember("unused", torch.full((3,), value), nothing.clone())
    assert torch.equal(regularizer.precision["unused"], nothing)
    assert torch.isfinite(regularizer.anchor["unused"]).all()


def test_every_step_looks_back_with_one_more_pass(supernet):
    regularizer = trained(supernet)
    step = supernet.step(NOW)
    regularizer.loss(step)
    assert step.paths_run == 1
    step.weights_moved()
    regularizer.after_step(step)
    assert step.paths_run == 2


def test_the_state_holds_precisions_anchors_and_the_position_of_the_signs(supernet):
    regularizer, other = trained(supernet), made(seed=1, strength=50)
    other.load_state_dict(regularizer.state_dict())
    weights = [weight.detach().clone() for weight in supernet.weights]
    kept = {name: value.clone() for name, value in regularizer.precision.items()}
    ahead = train(supernet, regularizer, NOW, FIRST, SECOND)
    with torch.no_grad():
        for weight, before in zip(supernet.weights, weights, strict=True):
            weight.copy_(before)
    assert all(torch.equal(other.precision[name], value) for name, value in kept.items())
    assert train(supernet, other, NOW, FIRST, SECOND) == ahead
