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
        genotype = NB201Genotype(sampler.argmax())  # type: ignore[attr-defined]
        return Answer(genotype, score(genotype).accuracy)
