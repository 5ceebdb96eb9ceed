"""Regularized evolution (Real et al. 2019) with the NAS-Bench-201 baseline's settings."""

from __future__ import annotations

from collections import deque

from pydantic import Field

from nasrepro.methods.base import Answer, SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.seeds import numpy_rng
from nasrepro.spaces.base import Genotype
from nasrepro.training.settings import Settings


class REASettings(Settings):
    """Published for NAS-Bench-201: population 10, tournaments of 3 drawn with replacement.

    The published budget is 12,000 simulated seconds, and a reward is one trial; here it is a number of queries, and a
    query answers with the mean over trials.
    """

    queries: int = Field(100, ge=1, description="stand-alone validation results looked up")
    population: int = Field(10, ge=1)
    tournament: int = Field(3, ge=1, description="drawn with replacement")


def rea(context: SearchContext) -> SearchResult:
    """Mutate the winner of a tournament, let the oldest die; the answer is the best of the whole history."""
    settings = REASettings.model_validate(context.settings["search"])
    rng = numpy_rng(context.seed, "rea")
    alive: deque[tuple[float, Genotype]] = deque(maxlen=settings.population)
    incumbent: Answer | None = None
    trace: list[tuple[int, Answer]] = []
    for asked in range(1, settings.queries + 1):
        if asked <= settings.population:
            genotype = context.space.sample(rng)
        else:
            rivals = [alive[int(i)] for i in rng.integers(len(alive), size=settings.tournament)]
            genotype = context.space.mutate(max(rivals, key=lambda rival: rival[0])[1], rng)
        value = context.query(genotype)
        alive.append((value, genotype))
        if incumbent is None or incumbent.value is None or value > incumbent.value:
            incumbent = Answer(genotype, value)
            trace.append((asked, incumbent))
        context.report(asked, settings.queries)
    assert incumbent is not None
    return SearchResult(incumbent, trace=trace)
