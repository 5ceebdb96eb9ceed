"""Regularized evolution (Real et al. 2019) with the NAS-Bench-201 baseline's settings."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from nasrepro.methods.base import SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.methods.multi_trial import Proposals, Queries, search_by_looking_up
from nasrepro.seeds import numpy_rng
from nasrepro.spaces.base import Genotype, Space
from nasrepro.training.settings import Settings

Mutation = Callable[[Any, np.random.Generator], Genotype]


class REASettings(Settings):
    """Published for NAS-Bench-201: population 10, tournaments of 3 drawn with replacement.

    The published budget is 12,000 simulated seconds (`rea-timed`), and a reward is one trial; here it is a number of
    queries, and a query answers with the mean over trials.
    """

    published: ClassVar[str] = "Dong & Yang (ICLR 2020), baseline REA"
    ours: ClassVar[tuple[str, ...]] = ("queries",)

    queries: int = Field(100, ge=1, description="stand-alone validation results looked up")
    population: int = Field(10, ge=1)
    tournament: int = Field(3, ge=1, description="drawn with replacement")


def rea(context: SearchContext) -> SearchResult:
    """Mutate the winner of a tournament, let the oldest die; the answer is the best of the whole history."""
    settings = REASettings.model_validate(context.settings["search"])
    bred = evolution(
        context.space,
        numpy_rng(context.seed, "rea"),
        population=settings.population,
        tournament=settings.tournament,
        mutate=context.space.mutate,
    )
    return search_by_looking_up(context, bred, Queries(settings.queries))


def evolution(
    space: Space[Any], rng: np.random.Generator, *, population: int, tournament: int, mutate: Mutation
) -> Proposals:
    """A population of uniform cells, then children without end: each replaces the oldest."""
    alive: deque[tuple[float, Genotype]] = deque(maxlen=population)
    while True:
        if len(alive) < population:
            genotype: Genotype = space.sample(rng)
        else:
            rivals = [alive[int(i)] for i in rng.integers(population, size=tournament)]
            genotype = mutate(max(rivals, key=lambda rival: rival[0])[1], rng)
        value = yield genotype
        alive.append((value, genotype))
