"""Evolution under inherited weights: what it breeds, what it scores, and that breeding pays."""

from collections import Counter

import numpy as np
import pytest

from nasrepro import benchmarks
from nasrepro.methods.best_of import BestOf, BestOfSettings
from nasrepro.methods.evolution import Evolution, EvolutionSettings
from nasrepro.methods.method import Method
from nasrepro.methods.resolving import resolve
from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.nb201 import NB201Genotype, NB201Space
from nasrepro.training.evaluate import CellScore

SPACE = NB201Space()
DIGITS = benchmarks.get("nb201-digits")
MINE = Method("mine", "", "", sampler="uniform", selector="ea")
SMALL = resolve(MINE, DIGITS, "laptop")["selector"]


class Scores:
    """Accuracies by index, and which cells were asked for."""

    def __init__(self, accuracy):
        self.accuracy, self.asked = accuracy, []

    def __call__(self, genotype):
        self.asked.append(genotype)
        return CellScore(float(self.accuracy[genotype.index]), 1.0)


def evolved(scores, seed=0, **settings):
    return Evolution(SPACE, EvolutionSettings(**{**SMALL, **settings})).select(
        None, scores, np.random.default_rng(seed)
    )


@pytest.fixture(scope="module")
def looked_up(tmp_path_factory):
    asked = DIGITS.search
    oracle = DIGITS.open_oracle(tmp_path_factory.mktemp("runs"))
    return oracle.query_all(dataset=asked.dataset, split=asked.split, epochs=asked.epochs)


def test_it_is_no_worse_than_random_search_that_scores_as_many_cells(looked_up):
    ours, random = [], []
    for seed in range(30):
        scores = Scores(looked_up)
        ours.append(evolved(scores, seed).value)
        drawn = BestOf(SPACE, BestOfSettings(candidates=100))
        random.append(drawn.select(None, Scores(looked_up), np.random.default_rng([seed, 1])).value)
        assert len(scores.asked) <= 100
    assert np.mean(ours) > np.mean(random)


def test_many_generations_find_the_best_cell_there_is(looked_up):
    assert evolved(Scores(looked_up), generations=60, crossovers=60, mutations=40).value == looked_up.max()


def test_every_cell_is_scored_once_and_the_best_of_all_is_returned():
    scores = Scores(np.arange(len(SPACE)) % 97)
    answer = evolved(scores)
    assert set(Counter(scores.asked).values()) == {1}
    best = max(scores.asked, key=lambda genotype: genotype.index % 97)
    assert answer.value == best.index % 97
    assert answer.genotype.index % 97 == answer.value


def test_equal_accuracies_are_decided_by_the_lower_loss():
    seen = []

    def score(genotype):
        seen.append(genotype)
        return CellScore(50.0, 1.0 if len(seen) == 7 else 2.0)

    assert evolved(score).genotype == seen[6]


def test_it_follows_the_generator():
    first, second, other = Scores(np.arange(len(SPACE))), Scores(np.arange(len(SPACE))), Scores(np.arange(len(SPACE)))
    for scores, seed in ((first, 4), (second, 4), (other, 5)):
        evolved(scores, seed)
    assert first.asked == second.asked != other.asked


def test_crossover_takes_one_stretch_of_genes_from_the_other_parent():
    stretches, rng = set(), np.random.default_rng(0)
    for _ in range(400):
        child = Evolution._crossed((0,) * 6, (1,) * 6, rng)
        taken = [place for place, gene in enumerate(child) if gene]
        assert taken == list(range(taken[0], taken[-1] + 1))
        stretches.add(tuple(taken))
    assert len(stretches) == 15  # all pairs of six cuts: a child is never the copy of a parent with other genes
    assert all(1 <= len(stretch) <= 5 for stretch in stretches)


@pytest.mark.parametrize(("probability", "changed"), [(0.0, 0.0), (0.2, 0.16), (1.0, 0.8)])
def test_a_gene_is_drawn_anew_with_the_given_probability(probability, changed):
    breeder = Evolution(SPACE, EvolutionSettings(mutation_probability=probability))
    rng = np.random.default_rng(0)
    found = np.mean([np.array(breeder._mutated((2,) * 6, rng)) != 2 for _ in range(3000)])
    assert found == pytest.approx(changed, abs=0.015)  # a redrawn gene keeps its value in one of five cases


def test_parents_are_the_best_of_the_population():
    population = [NB201Genotype((op, op, op, op, op, op)) for op in (0, 1, 2, 3, 4)]
    settings = {"crossovers": 40, "mutations": 0, "crossover_parents": 3, "mutation_parents": 1}
    crossed = Evolution(SPACE, EvolutionSettings(**settings))._children(population, np.random.default_rng(0))
    assert {op for child in crossed for op in child.ops} == {0, 1, 2}
    assert all(len(set(child.ops)) == 2 for child in crossed)  # two different parents
    settings |= {"crossovers": 0, "mutations": 7, "mutation_probability": 0.0}
    mutated = Evolution(SPACE, EvolutionSettings(**settings))._children(population, np.random.default_rng(0))
    assert mutated == [population[0]] * 7


def test_a_population_of_one_has_children():
    scores = Scores(np.arange(len(SPACE)))
    evolved(scores, population=1, mutation_probability=1.0)
    assert len(scores.asked) > 10


def test_no_generations_leave_the_uniform_cells():
    scores = Scores(np.arange(len(SPACE)))
    evolved(scores, generations=0)
    rng = np.random.default_rng(0)
    assert scores.asked == list(dict.fromkeys(SPACE.sample(rng) for _ in range(20)))


def test_the_published_numbers_and_those_of_the_scales():
    published = EvolutionSettings().model_dump()
    assert resolve(MINE, DIGITS, "paper")["selector"] == published
    assert published == {
        "population": 100, "generations": 60, "crossovers": 60, "mutations": 40, "crossover_parents": 60,
        "mutation_parents": 40, "mutation_probability": 0.2,
    }  # fmt: skip
    for where in benchmarks.names():
        for scale, most in (("laptop", 100), ("smoke", 8)):
            found = resolve(MINE, benchmarks.get(where), scale)["selector"]
            assert found["population"] + found["generations"] * (found["crossovers"] + found["mutations"]) == most
            assert found["mutation_probability"] == 0.2


def test_cells_of_one_choice_are_crossed_inside_it():
    space = RnnSpace(3)
    breeder = Evolution(space, EvolutionSettings(crossovers=20, mutations=0, crossover_parents=2))
    parents = [space.from_genes((0, 1)), space.from_genes((2, 3))]
    children = {space.genes(child) for child in breeder._children(parents, np.random.default_rng(0))}
    assert children == {(2, 1), (0, 3)}


def test_crossover_in_the_darts_space_exchanges_whole_choices():
    space, rng = DartsSpace(), np.random.default_rng(3)
    first, second = ((0, 0) * 16, (1, 1) * 16)
    for _ in range(200):
        child = Evolution._crossed(first, second, rng, space.genes_per_choice)
        assert child[::2] == child[1::2]
        assert 0 < sum(child) < 32
