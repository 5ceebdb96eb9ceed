"""What tests of the training room share besides fixtures."""

from __future__ import annotations

import torch

from nasrepro.spaces.base import Skeleton
from nasrepro.training.sampler import Sampler

SKELETON = Skeleton(4, 1, 2, 8, 10, in_channels=1)


class ScriptedSampler(Sampler):
    """Returns the given paths in turn, and remembers what it was told."""

    def __init__(self, *paths):
        self.paths, self.at, self.epochs = paths, 0, []

    def begin_epoch(self, epoch, epochs):
        self.epochs.append((epoch, epochs))

    def sample(self):
        self.at += 1
        return self.paths[(self.at - 1) % len(self.paths)]

    def state_dict(self):
        return {"at": self.at}

    def load_state_dict(self, state):
        self.at = state["at"]


class Stop(Exception):
    pass


def stop_at(step):
    def report(done, total):
        if done == step:
            raise Stop

    return report


def comparable(state):
    """Without wall-clock time."""
    return {**state, "progress": {k: v for k, v in state["progress"].items() if k != "seconds"}}


def assert_identical(a, b, where="state"):
    assert type(a) is type(b), where
    if isinstance(a, torch.Tensor):
        assert a.dtype == b.dtype, where
        assert torch.equal(a, b), where
    elif isinstance(a, dict):
        assert list(a) == list(b), where
        for key in a:
            assert_identical(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, list | tuple):
        assert len(a) == len(b), where
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_identical(x, y, f"{where}.{i}")
    else:
        assert a == b, where
