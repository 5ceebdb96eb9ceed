"""The best of k uniform cells by looked-up validation accuracy."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from nasrepro.methods.base import SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.methods.multi_trial import Proposals, Queries, search_by_looking_up
from nasrepro.seeds import numpy_rng
from nasrepro.spaces.base import Space
from nasrepro.training.settings import Settings


class RandomSearchSettings(Settings):
    """The default k is the number of candidates RandomNAS scores; a scale whose truth is costly may ask fewer."""

    published: ClassVar[str] = "Dong & Yang (ICLR 2020), as the number of candidates of their RSPS"

    queries: int = Field(100, ge=1, description="stand-alone validation results looked up")


def random_search(context: SearchContext) -> SearchResult:
    """Draw with replacement, query each at the benchmark's search fidelity, keep the best; first wins ties."""
    settings = RandomSearchSettings.model_validate(context.settings["search"])
    drawn = uniform_draws(context.space, numpy_rng(context.seed, "random-search"))
    return search_by_looking_up(context, drawn, Queries(settings.queries))


def uniform_draws(space: Space[Any], rng: np.random.Generator) -> Proposals:
    """Uniform cells without end, with replacement."""
    while True:
        yield space.sample(rng)
