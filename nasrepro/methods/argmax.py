"""Selection by the largest architecture parameter per edge (DARTS, GDAS on NAS-Bench-201)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nasrepro.methods.base import Answer
from nasrepro.spaces.base import Genotype, Space
from nasrepro.spaces.nb201 import NB201Genotype
from nasrepro.training.evaluate import ImageScore
from nasrepro.training.sampler import Sampler
from nasrepro.training.settings import Settings


class ArgmaxSettings(Settings):
    """Nothing to choose."""


class Argmax:
    """The sampler's most probable path; its one-shot accuracy is recorded but decides nothing."""

    Settings = ArgmaxSettings
    needs = ("argmax",)

    def __init__(self, space: Space[Any], settings: ArgmaxSettings) -> None:
        pass

    def select(self, sampler: Sampler, score: Callable[[Genotype], ImageScore], rng: np.random.Generator) -> Answer:
        genotype = self.present(sampler)
        return Answer(genotype, score(genotype).accuracy)

    def present(self, sampler: Sampler) -> Genotype:
        """What it would answer now; no image needs to be scored for that."""
        return NB201Genotype(sampler.argmax())  # type: ignore[attr-defined]
