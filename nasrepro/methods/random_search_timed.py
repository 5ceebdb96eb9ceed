"""Random search under the published budget of simulated time."""

from __future__ import annotations

from nasrepro.methods.base import SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.methods.multi_trial import search_by_looking_up
from nasrepro.methods.random_search import uniform_draws
from nasrepro.methods.simulated_time import TimeBudget, TimedSettings
from nasrepro.seeds import numpy_rng


def random_search_timed(context: SearchContext) -> SearchResult:
    """Draw with replacement until the simulated time is spent; the best validation accuracy wins, the first of equals.

    The draws are those of `random-search` with the same seed.
    """
    settings = TimedSettings.model_validate(context.settings["search"])
    drawn = uniform_draws(context.space, numpy_rng(context.seed, "random-search"))
    return search_by_looking_up(context, drawn, TimeBudget.of(settings, context))
