"""Uniform path sampling: one architecture for all cells, drawn anew at every step (RandomNAS, Li & Talwalkar 2019)."""

from __future__ import annotations

from typing import Any

from nasrepro.seeds import numpy_rng
from nasrepro.spaces.base import Path, Space
from nasrepro.training.sampler import Sampler
from nasrepro.training.settings import Settings


class UniformSettings(Settings):
    """Nothing to choose."""


class UniformSampler(Sampler):
    """Draws paths uniformly from the space; learns nothing."""

    Settings = UniformSettings

    def __init__(self, space: Space[Any], settings: UniformSettings, seed: int) -> None:
        self.space = space
        self._rng = numpy_rng(seed, "path")

    def sample(self) -> Path:
        path: Path = self.space.sample(self._rng).path
        return path

    def state_dict(self) -> dict[str, Any]:
        return {"rng": self._rng.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._rng.bit_generator.state = state["rng"]
