"""REINFORCE under the published budget of simulated time."""

from __future__ import annotations

from typing import ClassVar

from nasrepro.methods.base import SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.methods.multi_trial import search_by_looking_up
from nasrepro.methods.reinforce import PolicySettings, sampled
from nasrepro.methods.simulated_time import TimeBudget, TimedSettings


class TimedReinforceSettings(PolicySettings, TimedSettings):
    """As published."""

    published: ClassVar[str] = PolicySettings.published


def reinforce_timed(context: SearchContext) -> SearchResult:
    """As `reinforce`, until the simulated time is spent; the best sampled cell wins."""
    settings = TimedReinforceSettings.model_validate(context.settings["search"])
    return search_by_looking_up(context, sampled(settings, context.seed), TimeBudget.of(settings, context))
