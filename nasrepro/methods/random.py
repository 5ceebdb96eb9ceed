"""One uniform cell: the reference of every comparison."""

from __future__ import annotations

from nasrepro.methods.base import Answer, SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.seeds import numpy_rng
from nasrepro.training.settings import Settings


class RandomSettings(Settings):
    """Nothing to choose."""


def random(context: SearchContext) -> SearchResult:
    """Draw one cell and return it, asking nothing."""
    return SearchResult(Answer(context.space.sample(numpy_rng(context.seed, "random")), None))
