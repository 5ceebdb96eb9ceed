"""Selection by random search under inherited weights (RandomNAS)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from nasrepro.methods.base import Answer
from nasrepro.spaces.base import Genotype, Space
from nasrepro.training.evaluate import CellScore
from nasrepro.training.sampler import Sampler
from nasrepro.training.settings import Settings


class BestOfSettings(Settings):
    """Published: 100 candidates."""

    published: ClassVar[str] = "Dong & Yang (ICLR 2020), RSPS"

    candidates: int = Field(100, ge=1, description="uniform draws with replacement")


class BestOf:
    """Draws candidates uniformly, scores each on the same validation data, returns the best one.

    One genotype per score: the 2020 release drew a new one for every validation batch, so its scores belong to
    nobody. Images are judged by accuracy, equal ones by the lower loss; texts by perplexity.
    """

    Settings = BestOfSettings
    needs = ()

    def __init__(self, space: Space[Any], settings: BestOfSettings) -> None:
        self.space, self.settings = space, settings

    def select(self, sampler: Sampler, score: Callable[[Genotype], CellScore], rng: np.random.Generator) -> Answer:
        return most_accurate((self.space.sample(rng) for _ in range(self.settings.candidates)), score)


def most_accurate(candidates: Iterable[Genotype], score: Callable[[Genotype], CellScore]) -> Answer:
    """The candidate with the best one-shot score; equal ones are decided by the lower loss."""
    scored = {genotype: score(genotype) for genotype in dict.fromkeys(candidates)}
    best = best_first(scored)[0]
    return Answer(best, scored[best].value)


def best_first(scored: Mapping[Genotype, CellScore]) -> list[Genotype]:
    """By one-shot score, equal ones by the lower loss, and what is equal in both in the order given."""
    return sorted(scored, key=lambda genotype: (-scored[genotype].merit, scored[genotype].loss))
