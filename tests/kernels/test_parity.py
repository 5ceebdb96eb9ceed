"""The compiled network is the PyTorch network: outputs, gradients, statistics and optimizer steps."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mirror import copy_into, laid_out, pairs

from nasrepro.kernels import parameters
from nasrepro.kernels.network import NetworkMaps, backward, cross_entropy, forward
from nasrepro.kernels.training import adamw, score, train_epoch
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import from_index
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.supernets.norm import BatchNormMode
from nasrepro.tabulation.measuring import live_path

BATCH = 16
SKELETONS = {
    "as tabulated": Skeleton(4, 1, 2, 8, 10, in_channels=1),
    "two cells a stage, three stages, colour": Skeleton(2, 2, 3, 8, 5, in_channels=3),
}
# every operation on every kind of edge, an empty path, dead edges, one convolution after another
CELLS = (6111, 0, 9000, 4444, 77, 11472, 12345)


class Case:
    """One network in both forms, with one batch."""

    def __init__(self, skeleton: Skeleton) -> None:
        rng = np.random.default_rng(0)
        self.skeleton = skeleton
        self.vector, self.gradient = np.zeros((2, parameters.size(skeleton)), np.float32)
        self.weights = parameters.views(self.vector, skeleton)
        self.gradients = parameters.views(self.gradient, skeleton)
        parameters.initialize(self.weights, rng)
        for norm in (self.weights.stem_norm, self.weights.head_norm, *self.weights.reduce_norm):
            norm += rng.uniform(-0.3, 0.3, norm.shape).astype(np.float32)
        shape = (BATCH, skeleton.in_channels, skeleton.image_size, skeleton.image_size)
        self.x = rng.standard_normal(shape).astype(np.float32)
        self.y = rng.integers(skeleton.classes, size=BATCH)
        self.images = laid_out(self.x)
        self.maps = NetworkMaps.empty(skeleton, BATCH)
        self.running = parameters.statistics(skeleton)
        self.network = NB201Network(skeleton, mode=BatchNormMode.RUNNING, rng=torch.Generator().manual_seed(0))
        copy_into(self.network, self.weights)

    def reference(self, genotype):
        self.network.zero_grad()
        logits = self.network(torch.from_numpy(self.x), genotype.ops)
        F.cross_entropy(logits, torch.from_numpy(self.y)).backward()
        return logits.detach().numpy()

    def run(self, path, *, training=True):
        forward(self.images, path, self.weights, self.maps, self.running, BATCH, training)
        return self.maps.logits.T.copy()


@pytest.fixture(params=SKELETONS.values(), ids=SKELETONS)
def case(request):
    return Case(request.param)


@pytest.mark.parametrize("index", CELLS)
def test_logits_and_all_gradients_are_those_of_autograd(case, index):
    genotype = from_index(index)
    path = live_path(genotype)
    expected = case.reference(genotype)
    assert case.run(path) == pytest.approx(expected, abs=2e-5)
    losses = np.empty(BATCH, np.float32)
    cross_entropy(case.maps.logits, case.y, losses, True)
    backward(case.images, path, case.weights, case.gradients, case.maps, BATCH)
    touched = 0
    for parameter, gradient in pairs(case.network, case.gradients):
        if parameter.grad is not None and float(parameter.grad.abs().max()) > 0:
            assert gradient == pytest.approx(parameter.grad.numpy(), abs=1e-5, rel=1e-3)
            touched += 1
    assert touched > 5


def test_evaluation_uses_running_statistics_as_pytorch_does(case):
    genotype = from_index(6111)
    path = live_path(genotype)
    for _ in range(3):
        case.reference(genotype)
        case.run(path)
    case.network.eval()
    with torch.no_grad():
        expected = case.network(torch.from_numpy(case.x), genotype.ops).numpy()
    assert case.run(path, training=False) == pytest.approx(expected, abs=2e-5)


def test_scores_count_each_labelled_image_once(case):
    path = live_path(from_index(6111))
    logits = torch.from_numpy(case.run(path, training=False))
    labels = case.y.copy()
    labels[-3:] = -1
    correct, loss = score(case.images[None], labels[None], path, case.weights, case.maps, case.running)
    kept = torch.from_numpy(case.y[:-3])
    assert correct == int((logits[:-3].argmax(1) == kept).sum())
    assert loss == pytest.approx(float(F.cross_entropy(logits[:-3], kept, reduction="sum")), rel=1e-5)


def test_an_epoch_is_as_many_steps_of_pytorchs_adamw(case):
    genotype = from_index(9000)
    path = live_path(genotype)
    optimizer = torch.optim.AdamW(case.network.parameters(), lr=0.02, weight_decay=0.1)
    expected = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = F.cross_entropy(case.network(torch.from_numpy(case.x), genotype.ops), torch.from_numpy(case.y))
        loss.backward()
        optimizer.step()
        expected.append(float(loss.detach()))
    moments = np.zeros((2, case.vector.size), np.float32)
    batches, labels = np.stack([case.images] * 3), np.stack([case.y] * 3)
    mean = train_epoch(
        batches,
        labels,
        path,
        case.vector,
        case.weights,
        case.gradient,
        case.gradients,
        moments,
        case.maps,
        case.running,
        0,
        0.02,
        0.1,
    )
    assert mean == pytest.approx(np.mean(expected), rel=1e-4)
    for parameter, values in pairs(case.network, case.weights):
        if parameter.grad is not None:
            assert values == pytest.approx(parameter.detach().numpy(), abs=1e-3)


def test_adamw_steps_are_pytorchs():
    rng = np.random.default_rng(1)
    values = rng.standard_normal(50).astype(np.float32)
    parameter = torch.nn.Parameter(torch.from_numpy(values.copy()))
    optimizer = torch.optim.AdamW([parameter], lr=0.01, weight_decay=0.3)
    first, second = np.zeros((2, 50), np.float32)
    for step in range(1, 6):
        gradient = rng.standard_normal(50).astype(np.float32)
        parameter.grad = torch.from_numpy(gradient)
        optimizer.step()
        adamw(values, gradient, first, second, step, 0.01, 0.3)
        assert values == pytest.approx(parameter.detach().numpy(), rel=1e-5, abs=1e-6)


def test_initial_weights_have_pytorchs_spread():
    skeleton = SKELETONS["as tabulated"]
    weights = parameters.views(np.zeros(parameters.size(skeleton), np.float32), skeleton)
    parameters.initialize(weights, np.random.default_rng(0))
    for values, fan_in in ((weights.three[1], 72), (weights.one[0], 4), (weights.stem, 9), (weights.head, 8)):
        bound = fan_in**-0.5
        assert 0.8 * bound < np.abs(values).max() <= bound
    assert (weights.reduce_norm[0][0::2] == 1).all()
    assert (weights.reduce_norm[0][1::2] == 0).all()


def test_views_cover_the_whole_vector_without_overlap():
    for skeleton in SKELETONS.values():
        vector = np.zeros(parameters.size(skeleton), np.float32)
        weights = parameters.views(vector, skeleton)
        for part in weights:
            for each in part if isinstance(part, tuple) else (part,):
                each += 1
        assert (vector == 1).all()
