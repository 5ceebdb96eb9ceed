"""A supernet small enough to train in a fraction of a second."""

from __future__ import annotations

import pytest
from tiny_training import SKELETON

from nasrepro.datasets.digits import load_digits_data
from nasrepro.datasets.images import ImageData
from nasrepro.datasets.streams import BatchStream
from nasrepro.methods.gumbel import GumbelSampler, GumbelSettings
from nasrepro.methods.uniform import UniformSampler, UniformSettings
from nasrepro.seeds import torch_rng
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.training.settings import SupernetSettings
from nasrepro.training.supernet import SupernetTraining


@pytest.fixture(scope="session")
def digits() -> ImageData:
    return load_digits_data()


@pytest.fixture(scope="session")
def few_digits(digits) -> ImageData:
    return digits.limited(150, 60)


@pytest.fixture
def make_training(few_digits):
    """A fresh training, the same for the same arguments. `sampler` is a name or an object."""

    def make(sampler="uniform", *, regularizer=None, **settings):
        settings = SupernetSettings(**{"epochs": 3, "batch_size": 32, "lr": 0.05, **settings})
        if sampler == "uniform":
            sampler = UniformSampler(NB201Space(), UniformSettings(), 0)
        elif sampler == "gumbel":
            sampler = GumbelSampler(NB201Space(), GumbelSettings(), 0)
        network = NB201Network(SKELETON, rng=torch_rng(0, "weights"))
        streams = [
            BatchStream(part, few_digits, 32, torch_rng(0, name), augment=True, replacement=again)
            for part, name, again in ((few_digits.train, "train", False), (few_digits.valid, "valid", True))
        ]
        return SupernetTraining(network, sampler, *streams, settings, score=None, regularizer=regularizer)

    return make
