"""Selection among the cells that the sampler itself proposes (ENAS, SETN, NAO)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from nasrepro.methods.base import Answer
from nasrepro.methods.best_of import most_accurate
from nasrepro.spaces.base import Genotype, Space
from nasrepro.training.evaluate import CellScore
from nasrepro.training.sampler import Sampler
from nasrepro.training.settings import Settings


class ProposedSettings(Settings):
    """Published for ENAS and SETN on NAS-Bench-201: 100 candidates."""

    published: ClassVar[str] = "Dong & Yang (ICLR 2020), ENAS and SETN"

    candidates: int = Field(100, ge=1, description="cells asked of the sampler; equal ones are scored once")


class Proposed:
    """Scores the sampler's proposals on the same validation data and returns the best one."""

    Settings = ProposedSettings
    needs = ("propose",)

    def __init__(self, space: Space[Any], settings: ProposedSettings) -> None:
        self.settings = settings

    def select(self, sampler: Sampler, score: Callable[[Genotype], CellScore], rng: np.random.Generator) -> Answer:
        return most_accurate(sampler.propose(self.settings.candidates, rng), score)  # type: ignore[attr-defined]
