"""Regularizers that each break one promise, to see that the battery notices."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import ConfigDict

from nasrepro.regularizers.complementation import Complementation, ComplementationSettings
from nasrepro.training.regularizer import WeightStep
from nasrepro.training.settings import Settings


class Nothing(Settings):
    """Nothing to choose."""


class Undescribed(Complementation):
    Settings = ComplementationSettings


class LooseSettings(Nothing):
    """Take anything."""

    model_config = ConfigDict(extra="allow")

    strength: float = 1.0


class Unsourced(Complementation):
    """Says of its setting neither what it means nor where it comes from."""

    Settings = LooseSettings

    def __init__(self, space, settings, seed):
        super().__init__(space, ComplementationSettings(), seed)


class NumbersOnly(Complementation):
    """Replays as released: what is replayed is a number, so the gradient is half of the plain one."""

    def loss(self, step):
        return 0.5 * step.cross_entropy(step.path) + 0.5 * step.cross_entropy((3,) * 6).item()


class OthersOnly(Complementation):
    """Forgets the path that is trained."""

    def loss(self, step):
        return step.cross_entropy(self.previous or (3,) * 6) + step.cross_entropy((2,) * 6)


class StraightThrough(Complementation):
    """Has the gradient of something else than its value."""

    def loss(self, step):
        loss, other = step.cross_entropy(step.path), step.cross_entropy((3,) * 6)
        return loss + 2 * (other - other.detach())


class Unseeded(Complementation):
    """Draws from the clock."""

    def __init__(self, space, settings, seed):
        super().__init__(space, settings, seed)
        self._rng = np.random.default_rng()


class Forgetful(Complementation):
    """Keeps nothing in a checkpoint."""

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


class Uncounted(Complementation):
    """Runs the network past the step."""

    def loss(self, step):
        x, y = step._batch
        return super().loss(step) + F.cross_entropy(step.network(x, (3,) * 6), y)


class OtherImages(Complementation):
    """Trains on images that it makes itself."""

    def loss(self, step):
        x, y = step._batch
        step.paths_run += 1
        return super().loss(step) + WeightStep(step.network, step.path, (-x, y)).cross_entropy(step.path)


class Gated(Complementation):
    """Opens gates in a weight step."""

    def loss(self, step):
        x, y = step._batch
        gates = F.one_hot(torch.tensor(step.path), 5).to(x.dtype)
        return super().loss(step) + F.cross_entropy(step.network(x, step.path, gates), y)


class Mover(Complementation):
    """Moves the weights itself."""

    def after_step(self, step):
        super().after_step(step)
        with torch.no_grad():
            next(step.network.parameters()).mul_(0.99)


class Feeble(Complementation):
    """Makes the loss so small that nothing is learned."""

    def loss(self, step):
        return 1e-4 * super().loss(step)


class NoRegularizer:
    """Of another kind."""
