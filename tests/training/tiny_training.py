"""What tests of the training room share besides fixtures."""

from __future__ import annotations

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
