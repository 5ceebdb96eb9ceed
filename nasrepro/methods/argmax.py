"""Selection by architecture parameters, as the space derives a cell from them (DARTS, GDAS)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nasrepro.methods.base import Answer
from nasrepro.spaces.base import Genotype, Space
from nasrepro.training.evaluate import CellScore
from nasrepro.training.sampler import Sampler
from nasrepro.training.settings import Settings


class ArgmaxSettings(Settings):
    """Nothing to choose."""


class Argmax:
    """The cell that the sampler prefers; its one-shot accuracy is recorded but decides nothing."""

    Settings = ArgmaxSettings
    needs = ("preferred",)

    def __init__(self, space: Space[Any], settings: ArgmaxSettings) -> None:
        pass

    def select(self, sampler: Sampler, score: Callable[[Genotype], CellScore], rng: np.random.Generator) -> Answer:
        genotype = self.present(sampler)
        return Answer(genotype, score(genotype).value)

    def present(self, sampler: Sampler) -> Genotype:
        """What it would answer now; no image needs to be scored for that."""
        found: Genotype = sampler.preferred()  # type: ignore[attr-defined]
        return found
