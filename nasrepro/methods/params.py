"""The largest of k uniform cells: what RandomNAS would be if its supernet ranked cells by their size."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from nasrepro.methods.base import Answer, SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.seeds import numpy_rng
from nasrepro.training.settings import Settings


class ParamsSettings(Settings):
    """As many candidates as RandomNAS scores."""

    published: ClassVar[str] = "Dong & Yang (ICLR 2020), as the number of candidates of their RSPS"

    candidates: int = Field(100, ge=1, description="uniform draws with replacement")


def params(context: SearchContext) -> SearchResult:
    """Draw cells and return the one with the most parameters, the first of equals; nothing is trained or looked up."""
    settings = ParamsSettings.model_validate(context.settings["search"])
    skeleton = context.standalone
    if skeleton is None:
        raise ValueError("this search was given no skeleton to count parameters with")
    rng = numpy_rng(context.seed, "params")
    drawn = [context.space.sample(rng) for _ in range(settings.candidates)]
    return SearchResult(Answer(max(drawn, key=lambda genotype: context.space.cost(genotype, skeleton).params), None))
