"""Scores on a fixed set of images."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from tiny_training import SKELETON

from nasrepro.datasets.augment import noise, normalize
from nasrepro.seeds import torch_rng
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.training.evaluate import Evaluator

PATH = (3, 1, 2, 4, 0, 3)


def as_scored(images, data):
    """Normalised, with the noise that each of the data's images is scored under."""
    return noise(normalize(images, data.mean, data.std), data.noise, torch.Generator().manual_seed(1797))


@pytest.fixture
def network():
    return NB201Network(SKELETON, rng=torch_rng(0, "weights"))


def test_the_score_is_accuracy_and_cross_entropy_over_all_images(network, digits):
    score = Evaluator(digits.valid, digits, 360).score(network, lambda x: network(x, PATH))
    with torch.no_grad():
        logits = network(as_scored(digits.valid.images, digits), PATH)
    assert score.accuracy == pytest.approx(100 * float((logits.argmax(1) == digits.valid.labels).float().mean()))
    assert score.loss == pytest.approx(float(F.cross_entropy(logits, digits.valid.labels)), rel=1e-5)


def test_batches_are_even_fixed_and_in_the_order_of_the_images(digits):
    few = digits.valid.limited(70)
    evaluator = Evaluator(few, digits, 32)
    assert [len(y) for _, y in evaluator.batches] == [35, 35]  # no small rest, whose statistics would be poor
    assert torch.equal(torch.cat([y for _, y in evaluator.batches]), few.labels)
    assert torch.equal(torch.cat([x for x, _ in evaluator.batches]), as_scored(few.images, digits))
    assert len(Evaluator(few, digits, 500).batches) == 1


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_left_as_it_was(network, digits, training):
    network.train(training)
    modes = []

    def forward(x):
        modes.append(network.training)
        return network(x, PATH)

    evaluator = Evaluator(digits.valid, digits, 180)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    first = evaluator.score(network, forward)
    assert modes == [False, False]
    assert network.training is training
    assert all(weight.grad is None for weight in network.parameters())
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert evaluator.score(network, forward) == first


def test_every_network_is_scored_under_the_same_noise_and_none_without(digits):
    noisy, again = (Evaluator(digits.valid, digits, 360).batches[0][0] for _ in range(2))
    clean = normalize(digits.valid.images, digits.mean, digits.std)
    assert torch.equal(noisy, again)
    assert float((noisy - clean).std()) == pytest.approx(digits.noise, rel=0.02)
    assert torch.equal(Evaluator(digits.valid, replace(digits, noise=0.0), 360).batches[0][0], clean)
