"""The space keeps its promises; and the battery notices spaces that do not."""

import numpy as np
import pytest

from nasrepro.errors import UserError
from nasrepro.spaces.base import Cost
from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.darts_rnn_genotype import SPACES
from nasrepro.spaces.nb201 import NB201Genotype, NB201Space, from_index
from nasrepro.testing.spaces import check_space


def failures(space):
    return {result.name: result.detail for result in check_space(space) if not result.ok}


@pytest.mark.parametrize("space", [NB201Space(), DartsSpace(), *map(RnnSpace, SPACES)], ids=lambda space: space.name)
def test_our_spaces(space):
    assert failures(space) == {}


class Skewed(NB201Space):
    def sample(self, rng):
        return from_index(int(len(self) * rng.random() ** 2))


class Unseeded(NB201Space):
    def sample(self, rng):
        return super().sample(np.random.default_rng())


class Lazy(NB201Space):
    def mutate(self, genotype, rng):
        return genotype if rng.random() < 0.5 else super().mutate(genotype, rng)


class Jumpy(NB201Space):
    def mutate(self, genotype, rng):
        return super().mutate(super().mutate(genotype, rng), rng)


class OneWay(NB201Space):
    def neighbours(self, genotype):
        return [other for other in super().neighbours(genotype) if other.index > genotype.index]


class Reversed(NB201Space):
    def genes(self, genotype):
        return super().genes(genotype)[::-1]


class Generous(NB201Space):
    def from_genes(self, genes):
        return NB201Genotype(tuple(gene % 5 for gene in genes[:6]))


class Directed(NB201Space):
    def distance(self, a, b):
        return super().distance(a, b) + 1e-3 * (a.index > b.index)


class Squared(NB201Space):
    def distance(self, a, b):
        return super().distance(a, b) ** 2


class Reordered(NB201Space):
    def __iter__(self):
        return iter(sorted(super().__iter__()))


class Trusting(NB201Space):
    def parse(self, text):
        try:
            return super().parse(text)
        except UserError:
            return from_index(0)


class Free(NB201Space):
    def cost(self, genotype, skeleton):
        return Cost(1, 1)


class Fractional(NB201Space):
    def cost(self, genotype, skeleton):
        exact = super().cost(genotype, skeleton)
        return Cost(exact.params / 1e6, exact.macs / 1e6)


class Moody(NB201Space):
    count = 0

    def canonical(self, genotype):
        self.count += 1
        return f"{super().canonical(genotype)}{self.count}"


class Nameless(NB201Genotype):
    @property
    def id(self):
        return "0"


class SameName(NB201Space):
    def sample(self, rng):
        return Nameless(super().sample(rng).ops)


class Shifted(NB201Space):
    def decisions(self, genes):
        return (genes + 1) % 5


class Ordered(DartsSpace):
    def differing(self, a, b):
        return (a[:, None] != b[None]).sum(axis=2)


class Forgetful(DartsSpace):
    def complement(self, path, previous, rng):
        return self.sample(rng).path


class Contrary(NB201Space):
    def derive(self, scores, *, pairs=False):
        return super().derive(-scores)


@pytest.mark.parametrize(
    ("space", "check"),
    [
        (Skewed, "sampling is uniform and follows the generator"),
        (Unseeded, "sampling is uniform and follows the generator"),
        (Lazy, "mutation reaches exactly the neighbours"),
        (Jumpy, "mutation reaches exactly the neighbours"),
        (OneWay, "neighbours"),
        (Reversed, "genes are the genotype"),
        (Generous, "genes are the genotype"),
        (Shifted, "paths"),
        (Ordered, "paths are compared decision by decision"),
        (Forgetful, "complements"),
        (Contrary, "derivation from scores"),
        (Directed, "distance is a metric"),
        (Squared, "distance is a metric"),
        (Reordered, "index order"),
        (Trusting, "rubbish is refused"),
        (Free, "costs"),
        (Fractional, "costs"),
        (Moody, "canonical form"),
        (SameName, "notations round-trip"),
    ],
)
def test_a_broken_space_fails_the_check_about_it(space, check):
    assert check in failures(space())
