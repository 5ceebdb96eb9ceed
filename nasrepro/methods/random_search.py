"""The best of k uniform cells by looked-up validation accuracy."""

from __future__ import annotations

from pydantic import Field

from nasrepro.methods.base import Answer, SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.seeds import numpy_rng
from nasrepro.training.settings import Settings


class RandomSearchSettings(Settings):
    """The default k is the number of candidates RandomNAS scores; a scale whose truth is costly may ask fewer."""

    queries: int = Field(100, ge=1, description="stand-alone validation results looked up")


def random_search(context: SearchContext) -> SearchResult:
    """Draw with replacement, query each at the benchmark's search fidelity, keep the best; first wins ties."""
    settings = RandomSearchSettings.model_validate(context.settings["search"])
    rng = numpy_rng(context.seed, "random-search")
    incumbent: Answer | None = None
    trace: list[tuple[int, Answer]] = []
    for asked in range(1, settings.queries + 1):
        genotype = context.space.sample(rng)
        value = context.query(genotype)
        if incumbent is None or incumbent.value is None or value > incumbent.value:
            incumbent = Answer(genotype, value)
            trace.append((asked, incumbent))
        context.report(asked, settings.queries)
    assert incumbent is not None
    return SearchResult(incumbent, trace=trace)
