"""Regularized evolution under the published budget of simulated time."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from nasrepro.methods.base import SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.methods.multi_trial import search_by_looking_up
from nasrepro.methods.rea import Mutation, evolution
from nasrepro.methods.simulated_time import TimeBudget, TimedSettings
from nasrepro.seeds import numpy_rng
from nasrepro.spaces.base import Genotype, Space


class TimedREASettings(TimedSettings):
    """Published: population 10, tournaments of 3, and a mutation that picks a node before it picks an edge."""

    published: ClassVar[str] = "Dong & Yang (ICLR 2020), baseline REA; the same in NATS-Bench"

    population: int = Field(10, ge=1)
    tournament: int = Field(3, ge=1, description="drawn with replacement")
    mutation: Literal["node-first", "any-edge"] = Field(
        "node-first",
        description="node-first: a uniform node, then a uniform edge into it; any-edge: all edges are equally likely",
    )


def rea_timed(context: SearchContext) -> SearchResult:
    """Regularized evolution until the simulated time is spent; the answer is the best of the whole history."""
    settings = TimedREASettings.model_validate(context.settings["search"])
    bred = evolution(
        context.space,
        numpy_rng(context.seed, "rea"),
        population=settings.population,
        tournament=settings.tournament,
        mutate=context.space.mutate if settings.mutation == "node-first" else _any_neighbour(context.space),
    )
    return search_by_looking_up(context, bred, TimeBudget.of(settings, context))


def _any_neighbour(space: Space[Any]) -> Mutation:
    """A uniform draw among the cells at distance one."""

    def mutate(genotype: Genotype, rng: np.random.Generator) -> Genotype:
        neighbours = space.neighbours(genotype)
        return neighbours[int(rng.integers(len(neighbours)))]  # type: ignore[no-any-return]

    return mutate
