"""Searches that only ask the oracle, traced by hand on a toy truth."""

import numpy as np
import pytest
from toy import DIGITS, VALID, ToyOracle, search

from nasrepro.seeds import numpy_rng

SPACE = DIGITS.space
WORTH = ToyOracle.worth


def cells(oracle):
    return [genotype for genotype, *_ in oracle.asked]


def test_random_returns_one_uniform_cell_and_asks_nothing(tmp_path):
    found = [search("random", tmp_path, seed=seed) for seed in range(30)]
    assert all(given.queries == {"train": 0, "valid": 0, "test": 0} for _, given in found)
    assert len({result.answer.genotype for result, _ in found}) > 25
    assert found[0][0].answer.value is None
    assert found[3][0].answer.genotype == SPACE.sample(numpy_rng(3, "random"))


def test_random_search_returns_the_best_of_k_and_the_first_of_equals(tmp_path):
    oracle, seen = ToyOracle(), []
    result, given = search(
        "random-search", tmp_path, oracle=oracle, search={"queries": 40}, report=lambda *counts: seen.append(counts)
    )
    asked = cells(oracle)
    assert given.queries == {"train": 0, "valid": 40, "test": 0}
    assert {tuple(asking[1:]) for asking in oracle.asked} == {("digits", VALID, 12)}
    best = max(map(WORTH, asked))
    first = next(genotype for genotype in asked if WORTH(genotype) == best)
    assert sum(WORTH(genotype) == best for genotype in asked) > 1  # there are equals, so the rule matters
    assert (result.answer.genotype, result.answer.value) == (first, best)
    running = np.maximum.accumulate([WORTH(genotype) for genotype in asked])
    rises = [0, *(i for i in range(1, 40) if running[i] > running[i - 1])]
    assert [(at, answer.genotype) for at, answer in result.trace] == [(i + 1, asked[i]) for i in rises]
    assert seen == [(n, 40) for n in range(1, 41)]


def evolution_by_hand(seed, queries, population, tournament):
    """Regularized evolution written out, with lists: oldest first, the youngest enters at the end."""
    rng = numpy_rng(seed, "rea")
    history, alive = [], []
    while len(history) < queries:
        if len(history) < population:
            child = SPACE.sample(rng)
        else:
            rivals = [alive[i] for i in rng.integers(population, size=tournament)]
            child = SPACE.mutate(sorted(rivals, key=WORTH, reverse=True)[0], rng)
        history.append(child)
        alive.append(child)
        if len(alive) > population:
            alive.pop(0)
    return history


@pytest.mark.parametrize(("population", "tournament"), [(10, 3), (2, 2), (4, 1)])
def test_evolution_equals_a_trace_by_hand(tmp_path, population, tournament):
    oracle = ToyOracle()
    settings = {"queries": 60, "population": population, "tournament": tournament}
    result, given = search("rea", tmp_path, seed=5, oracle=oracle, search=settings)
    history = evolution_by_hand(5, 60, population, tournament)
    assert cells(oracle) == history
    best = max(map(WORTH, history))
    assert (result.answer.genotype, result.answer.value) == (next(g for g in history if WORTH(g) == best), best)
    assert given.queries["valid"] == 60
    assert given.queries["test"] == 0


def test_evolution_answers_with_the_best_of_its_history_even_when_it_has_died(tmp_path):
    """With a population of one and no selection pressure the walk forgets; the answer must not."""
    oracle = ToyOracle()
    result, _ = search("rea", tmp_path, oracle=oracle, search={"queries": 60, "population": 1, "tournament": 1})
    worths = [WORTH(genotype) for genotype in cells(oracle)]
    assert result.answer.value == max(worths) > worths[-1]


def test_evolution_improves_on_random_search(tmp_path):
    budget = {"queries": 60}
    evolved = [
        search("rea", tmp_path, seed=s, search={**budget, "population": 10, "tournament": 3})[0].answer.value
        for s in range(8)
    ]
    drawn = [search("random-search", tmp_path, seed=s, search=budget)[0].answer.value for s in range(8)]
    assert np.mean(evolved) > np.mean(drawn)


@pytest.mark.parametrize("method", ["random-search", "rea"])
def test_cells_without_a_measurement_never_win(tmp_path, method):
    everything = ToyOracle()
    search(method, tmp_path, oracle=everything, search={"queries": 20})
    best = max(cells(everything), key=WORTH)
    result, _ = search(method, tmp_path, oracle=ToyOracle(missing=[best]), search={"queries": 20})
    assert result.answer.genotype != best
    assert np.isfinite(result.answer.value)


def test_the_same_seed_gives_the_same_search(tmp_path):
    for method in ("random", "random-search", "rea"):
        first, second, other = (search(method, tmp_path, seed=seed)[0] for seed in (1, 1, 2))
        assert first.answer == second.answer
        assert first.trace == second.trace
        assert first.answer != other.answer
