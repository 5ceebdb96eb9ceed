"""RandomNAS: uniform paths, and the best candidate under inherited weights."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from nasrepro.methods.best_of import BestOf, BestOfSettings
from nasrepro.methods.uniform import UniformSampler, UniformSettings
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.training.evaluate import CellScore

SPACE = NB201Space()


def test_paths_are_uniform():
    made = UniformSampler(SPACE, UniformSettings(), 0)
    paths = [made.sample() for _ in range(3000)]
    for edge in range(6):
        assert chisquare([n for _, n in sorted(Counter(path[edge] for path in paths).items())]).pvalue > 1e-4
    assert made.learn(None, None) == 0


def test_the_sampler_continues_from_its_state():
    first, second = UniformSampler(SPACE, UniformSettings(), 0), UniformSampler(SPACE, UniformSettings(), 1)
    first.sample()
    second.load_state_dict(first.state_dict())
    assert [first.sample() for _ in range(5)] == [second.sample() for _ in range(5)]


def test_each_candidate_is_scored_once_as_one_genotype_and_the_best_is_returned():
    scored = Counter()

    def score(genotype):
        scored[genotype] += 1
        return CellScore(genotype.index % 997 / 10, 1.0)

    rng = np.random.default_rng(3)
    answer = BestOf(SPACE, BestOfSettings(candidates=40)).select(None, score, rng)
    drawn = [SPACE.sample(np.random.default_rng(3)) for _ in range(1)]
    assert drawn[0] in scored
    assert set(scored.values()) == {1}
    assert len(scored) == 40
    best = max(scored, key=lambda genotype: genotype.index % 997)
    assert (answer.genotype, answer.value) == (best, best.index % 997 / 10)


def test_equal_accuracies_are_decided_by_the_lower_loss():
    seen = []

    def score(genotype):
        seen.append(genotype)
        return CellScore(50.0, 1.0 if len(seen) == 7 else 2.0)

    answer = BestOf(SPACE, BestOfSettings(candidates=20)).select(None, score, np.random.default_rng(0))
    assert answer.genotype == seen[6]


def test_a_candidate_drawn_twice_is_scored_once():
    class Narrow(NB201Space):
        def sample(self, rng):
            return [super(Narrow, self).sample(np.random.default_rng(seed)) for seed in (0, 1)][int(rng.integers(2))]

    seen = []

    def score(genotype):
        seen.append(genotype)
        return CellScore(1.0, 1.0)

    BestOf(Narrow(), BestOfSettings(candidates=30)).select(None, score, np.random.default_rng(0))
    assert len(seen) == 2


def test_the_published_number_of_candidates():
    assert BestOfSettings().candidates == 100
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        BestOfSettings(candidates=0)
