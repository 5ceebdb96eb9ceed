"""SETN (Dong & Yang, ICCV 2019) as run on NAS-Bench-201: weights from uniform paths, alpha from the mixture."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from nasrepro.methods.alpha import AlphaSettings, MixingSampler
from nasrepro.methods.uniform import UniformSampler, UniformSettings
from nasrepro.spaces.base import Genotype, Path, Space
from nasrepro.training.settings import SupernetSettings


class SetnTraining(SupernetSettings):
    """The shared-weight training of Dong & Yang (2020); for SETN alone it does not clip gradients."""

    published: ClassVar[str] = "Dong & Yang (ICLR 2020), SETN"

    clip: float | None = Field(None, description="gradient norm of the weights; null switches clipping off")


class SetnSampler(MixingSampler):
    """The template network learns every path alike; alpha, its evaluator, learns which paths to propose."""

    def __init__(self, space: Space[Any], settings: AlphaSettings, seed: int) -> None:
        super().__init__(space, settings, seed)
        self._uniform = UniformSampler(space, UniformSettings(), seed)

    def sample(self) -> Path:
        return self._uniform.sample()

    def propose(self, count: int, rng: np.random.Generator) -> list[Genotype]:
        """The `count` cells of the whole space with the largest Σ log softmax(alpha); ties keep the index order."""
        every = list(self.space)
        codes = np.array([genotype.ops for genotype in every])
        scores = self.alpha.detach().log_softmax(1).numpy()
        worth = scores[np.arange(codes.shape[1]), codes].sum(1)
        return [every[k] for k in np.argsort(-worth, kind="stable")[:count]]

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "uniform": self._uniform.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self._uniform.load_state_dict(state["uniform"])
