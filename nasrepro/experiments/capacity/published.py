"""How long the published searches took on their GPUs, and so how many of the measured cores such a GPU replaced.

Those numbers are of the GPUs of years and of other people's code; what exactly was timed is seldom said. They are the
papers', and a speed-up made of them is an assumption. Trainings from scratch, whose networks are large, have one of
their own: it is several times that of searches.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from nasrepro import benchmarks
from nasrepro.experiments.capacity.costs import StepCosts, shipped_costs
from nasrepro.experiments.capacity.kinds import Kind
from nasrepro.experiments.capacity.work import search_work, training_work
from nasrepro.experiments.retraining import recipe_for
from nasrepro.methods import catalog
from nasrepro.methods.resolving import resolve

_DAY, _HOUR = 86_400.0, 3_600.0
_DONG = "Dong & Yang (ICLR 2020), GTX 1080 Ti, as quoted by Chen et al. (ICLR 2021)"
_LIU = "Liu et al. (ICLR 2019), appendix A, GTX 1080 Ti"
_EN2AS = "EN²AS, Discussion"
_TABLE_2 = "EN²AS, Table 2"
_NSAS = "NSAS, Section 4.1"


@dataclass(frozen=True)
class PublishedTime:
    """One search, or one training from scratch, on one GPU."""

    method: str
    """Empty for a training from scratch."""
    benchmark: str
    seconds: float
    where: str
    epochs: int | None = None
    """Of a training that was longer or shorter than ours."""

    @property
    def label(self) -> str:
        return f"{self.method or 'training from scratch'} on {self.benchmark}"


PUBLISHED = (
    PublishedTime("randomnas", "nb201-cifar10", 8_007, _DONG),
    PublishedTime("darts-v1", "nb201-cifar10", 10_890, _DONG),
    PublishedTime("darts-v2", "nb201-cifar10", 29_902, _DONG),
    PublishedTime("gdas", "nb201-cifar10", 28_926, _DONG),
    PublishedTime("enas", "nb201-cifar10", 13_315, _DONG),
    PublishedTime("darts-v1", "darts-cifar10", 1.5 * _DAY / 4, "Liu et al. (ICLR 2019), four searches together"),
    PublishedTime("darts-v2", "darts-cifar10", 1 * _DAY, _LIU),
    PublishedTime("gdas", "darts-cifar10", 0.21 * _DAY, "Dong & Yang (CVPR 2019), V100, as quoted in NSAS, Table 1"),
    PublishedTime("randomnas-nsas", "darts-cifar10", 0.7 * _DAY, _NSAS),
    PublishedTime("gdas-nsas", "darts-cifar10", 0.4 * _DAY, _NSAS),
    PublishedTime("en2as", "darts-cifar10", 7.5 * _HOUR, "EN²AS, Experiments"),
    PublishedTime("en2as-pr", "darts-cifar10", 1 * _DAY, f"{_EN2AS} (“more than”)"),
    PublishedTime("darts-v1", "rnn-ptb", 0.13 * _DAY, _TABLE_2),
    PublishedTime("darts-v2", "rnn-ptb", 6 * _HOUR, _LIU),
    PublishedTime("randomnas", "rnn-ptb", 0.25 * _DAY, _TABLE_2),
    PublishedTime("gdas", "rnn-ptb", 0.4 * _DAY, _TABLE_2),
    PublishedTime("nao", "rnn-ptb", 0.4 * _DAY, _TABLE_2),
    PublishedTime("en2as", "rnn-ptb", 0.17 * _DAY, _EN2AS),
    PublishedTime("en2as-pr", "rnn-ptb", 0.67 * _DAY, _EN2AS),
    PublishedTime("", "darts-cifar10", 1.5 * _DAY, _LIU),
    PublishedTime("", "darts-imagenet", 12 * _DAY, _LIU),
    PublishedTime("", "rnn-ptb", 75 * _HOUR, "EN²AS and NSAS, released logs (73 to 77 h)", epochs=3600),
)
"""What was stated of searches that this project runs at the published settings. ENAS on recurrent cells is left out:
its corrected code trains for four times as long as the search whose time is quoted."""


@dataclass(frozen=True)
class ImpliedFactor:
    """How many cores a GPU replaced, going by one published time."""

    published: PublishedTime
    core_seconds: float

    @property
    def factor(self) -> float:
        return self.core_seconds / self.published.seconds


@dataclass(frozen=True)
class Speedup:
    """The published times together."""

    implied: tuple[ImpliedFactor, ...]

    @property
    def mean(self) -> float:
        """Geometric mean of the factors."""
        return math.exp(sum(self._logs) / len(self._logs))

    @property
    def spread(self) -> float:
        """Geometric standard deviation: two in three factors lie within the mean divided and multiplied by it, if
        they scatter as logarithms usually do."""
        middle = sum(self._logs) / len(self._logs)
        return math.exp(math.sqrt(sum((log - middle) ** 2 for log in self._logs) / (len(self._logs) - 1)))

    @property
    def _logs(self) -> list[float]:
        return [math.log(own.factor) for own in self.implied]


def implied_speedup(costs: StepCosts, *, trainings: bool) -> Speedup:
    """What the published times of trainings from scratch, or of searches, say about cores of these costs. Times of
    what was not measured are left out."""
    chosen = [own for own in PUBLISHED if (not own.method) == trainings]
    found = [(published, _core_seconds(published, costs)) for published in chosen]
    return Speedup(tuple(ImpliedFactor(own, seconds) for own, seconds in found if seconds is not None))


@dataclass(frozen=True)
class CoresPerGpu:
    """How many cores a GPU is taken to replace. Large networks fill it; a search of single paths hardly does."""

    searches: float
    trainings: float
    """From scratch, and the scores of their networks."""
    assumed: bool = False
    """Whether they are the package's own, not the user's."""

    def of(self, kind: Kind) -> float:
        """At a kind of work."""
        return self.trainings if kind.family in ("training", "testing") else self.searches


@cache
def assumed_speedup() -> CoresPerGpu:
    """The package's own answer, rounded, because more digits would say what nobody knows."""
    costs = shipped_costs()
    searches, trainings = (float(f"{implied_speedup(costs, trainings=own).mean:.2g}") for own in (False, True))
    return CoresPerGpu(searches, trainings, assumed=True)


def _core_seconds(published: PublishedTime, costs: StepCosts) -> float | None:
    """Of the training alone: rewards and pools belong to it, scores that only this project's records need do not."""
    benchmark = benchmarks.get(published.benchmark).at("paper")
    if not published.method:
        recipe = recipe_for(benchmarks.get(published.benchmark), "paper", overrides=_longer(published.epochs))
        settings = {"training": recipe.settings.model_dump(mode="json"), "skeleton": dict(vars(recipe.skeleton))}
        return costs.seconds(training_work(benchmark, settings))
    method = catalog.get(published.method).inside(benchmark)
    settings = resolve(method, benchmark, "paper")
    training = {**settings["training"], "probe_cells": 0, "watched_cells": 0, "probe_points": 1}
    work = search_work(method, benchmark, {**settings, "training": training, "selector": {}})
    return None if work is None else costs.seconds(work)


def _longer(epochs: int | None) -> Mapping[str, Mapping[str, Any]]:
    return {} if epochs is None else {"training": {"epochs": epochs}}
