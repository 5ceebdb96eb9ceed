"""Methods that each break one promise, to see that the battery notices."""

from __future__ import annotations

import numpy as np

from nasrepro.methods.argmax import Argmax
from nasrepro.methods.base import Answer, SearchResult
from nasrepro.methods.random import RandomSettings
from nasrepro.methods.uniform import UniformSampler, UniformSettings
from nasrepro.seeds import numpy_rng
from nasrepro.splits import Split

Settings = RandomSettings


def _drawn(context, rng):
    return SearchResult(Answer(context.space.sample(rng), None))


def peeks_at_test(context):
    result = _drawn(context, numpy_rng(context.seed))
    asked = context.search_fidelity
    context._oracle.query(result.answer.genotype, dataset=asked.dataset, split=Split.TEST, epochs=asked.epochs)
    return result


def unseeded(context):
    return _drawn(context, np.random.default_rng())


def ignores_the_seed(context):
    return _drawn(context, np.random.default_rng(0))


class Foreign:
    id = "elsewhere:0"


def foreign_genotype(context):
    numpy_rng(context.seed)
    return SearchResult(Answer(Foreign(), None))


def silent(context):
    result = _drawn(context, numpy_rng(context.seed))
    context.query(result.answer.genotype)
    return result


def counts_backwards(context):
    for left in (2, 1, 0):
        context.report(left, 3)
    return _drawn(context, numpy_rng(context.seed))


def answers_beside_its_trace(context):
    result = _drawn(context, numpy_rng(context.seed))
    result.trace = [(1, Answer(context.space.parse("0"), None)), (2, Answer(context.space.parse("1"), None))]
    return result


def visits_backwards(context):
    result = _drawn(context, numpy_rng(context.seed))
    result.visited = [(2, context.space.parse("0")), (1, context.space.parse("1"))]
    return result


class Forgetful(UniformSampler):
    """Starts its draws over when it is resumed."""

    Settings = UniformSettings

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


class Dead(UniformSampler):
    """Only ever trains the cell that ignores its input."""

    Settings = UniformSettings

    def sample(self):
        super().sample()
        return (0,) * 6


class AnyPath:
    """Selects a cell by the seed."""

    Settings = Argmax.Settings

    def select(self, sampler, score, rng):
        genotype = self.space.sample(rng)
        return Answer(genotype, score(genotype).accuracy)

    def __init__(self, space, settings):
        self.space = space
