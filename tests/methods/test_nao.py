"""Algorithm 1 of NAO: what it asks, how often, and what it writes down."""

import numpy as np
import pytest
from toy import ToyOracle, context, search

from nasrepro.errors import UserError
from nasrepro.methods.nao import NAOSettings
from nasrepro.methods.nao_moves import Cell, novel_cells

CHEAP = {"hidden": 16, "predictor_epochs": 20, "predictor_batch": 200, "predictor_lr": 0.01}
TINY = {"queries": 40, **CHEAP, "predictor_epochs": 5}


class Flat(ToyOracle):
    """All cells are equally good."""

    @staticmethod
    def worth(genotype):
        return 50.0


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The published numbers of queries with a predictor that costs little."""
    oracle, seen = ToyOracle(), []
    settings = {"queries": 1000, **CHEAP}
    result, given = search(
        "nao-tabular",
        tmp_path_factory.mktemp("nao"),
        oracle=oracle,
        search=settings,
        report=lambda *counts: seen.append(counts),
    )
    return oracle, result, given, seen


def test_the_published_settings():
    settings = NAOSettings()
    assert settings.sizes() == [600, 200, 200]
    found = (settings.hidden, settings.layers, settings.trade_off, settings.predictor_epochs, settings.predictor_lr)
    assert found == (96, 0, 0.9, 1000, 1e-3)
    assert settings.predictor_weight_decay == 0
    assert (settings.step_size, settings.predictor_batch, settings.predictor_clip) == (10.0, 100, 5.0)


@pytest.mark.parametrize(("queries", "iterations"), [(1, 3), (2, 3), (12, 3), (13, 4), (7, 1), (100, 2)])
def test_every_query_belongs_to_an_iteration(queries, iterations):
    sizes = NAOSettings(queries=queries, iterations=iterations).sizes()
    assert (sum(sizes), len(sizes)) == (queries, iterations)
    assert sizes[0] >= 1


def test_exactly_a_thousand_different_cells_are_asked(published):
    oracle, _, given, _ = published
    cells = [genotype for genotype, *_ in oracle.asked]
    assert len(cells) == len(set(cells)) == 1000
    assert given.queries == {"train": 0, "valid": 1000, "test": 0}


def test_the_answer_is_the_best_of_all(published):
    oracle, result, _, _ = published
    worth = [ToyOracle.worth(genotype) for genotype, *_ in oracle.asked]
    assert result.answer.value == max(worth)
    assert result.answer.genotype == oracle.asked[int(np.argmax(worth))][0]
    assert result.trace[-1][0] == int(np.argmax(worth)) + 1


def test_the_curves_are_means_over_iterations(published):
    oracle, result, _, _ = published
    worth = np.array([ToyOracle.worth(genotype) for genotype, *_ in oracle.asked])
    assert result.series["real accuracy"] == [
        (1.0, worth[:600].mean()),
        (2.0, worth[600:800].mean()),
        (3.0, worth[800:].mean()),
    ]
    assert [x for x, _ in result.series["predicted accuracy"]] == [1.0, 2.0, 3.0]
    fitted = result.series["predicted accuracy"][0][1]
    assert fitted == pytest.approx(worth[:600].mean(), abs=1.0)


def test_decoded_cells_are_better_than_random_ones(published):
    real = dict(published[1].series["real accuracy"])
    assert real[2] > real[1] + 1


def test_progress_counts_queries_and_epochs(published):
    seen = published[3]
    total = 1000 + 2 * 20 + 1
    assert seen == [(n, total) for n in range(1, total + 1)]


def test_the_same_seed_gives_the_same_search(tmp_path):
    first, second, other = (search("nao-tabular", tmp_path, seed=seed, search=TINY)[0] for seed in (1, 1, 2))
    assert (first.trace, first.series, first.notes) == (second.trace, second.series, second.notes)
    assert first.series != other.series


def test_where_all_are_equal_there_is_nothing_to_learn(tmp_path):
    oracle = Flat()
    result, given = search("nao-tabular", tmp_path, oracle=oracle, search={"queries": 20, **CHEAP})
    assert given.queries["valid"] == len({genotype for genotype, *_ in oracle.asked}) == 20
    assert result.series["predicted accuracy"] == []
    assert any("all scores are equal" in note for note in result.notes)
    assert any("are random" in note for note in result.notes)


def test_cells_without_a_measurement_are_neither_learned_nor_averaged(tmp_path):
    everything = ToyOracle()
    search("nao-tabular", tmp_path, oracle=everything, search=TINY)
    gone = [genotype for genotype, *_ in everything.asked[:5]]
    result, _ = search("nao-tabular", tmp_path, oracle=ToyOracle(missing=gone), search=TINY)
    left = [ToyOracle.worth(genotype) for genotype, *_ in everything.asked[5:24]]
    assert result.series["real accuracy"][0] == (1.0, pytest.approx(np.mean(left)))
    assert all(np.isfinite(y) for curve in result.series.values() for _, y in curve)


def test_more_queries_than_cells_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"search\.queries.*15626.*15625"):
        search("nao-tabular", tmp_path, search={"queries": 15_626, **CHEAP})


class Scripted:
    """An ascent that decodes what a table says."""

    def __init__(self, table: dict[float, list[Cell]]):
        self.table, self.asked = table, []

    def cells(self, step):
        self.asked.append(step)
        return np.array(self.table[step])


A, B, C, D = ((k,) * 6 for k in range(4))


def test_a_seed_gives_one_new_cell_and_then_rests():
    ascent = Scripted({10: [A, B, A], 15: [C, D, A], 20: [C, C, D]})
    assert novel_cells(ascent, (10, 15, 20), {A}, 3, once=True) == [B, C, D]
    assert ascent.asked == [10, 15, 20]


def test_seeds_that_do_not_rest_are_decoded_at_every_step():
    ascent = Scripted({1: [A, B], 2: [C, D], 3: [A, A]})
    assert novel_cells(ascent, (1, 2, 3), (), 4, once=False) == [A, B, C, D]
    assert novel_cells(Scripted(ascent.table), (1, 2, 3), (), 3, once=False) == [A, B, C]
    assert novel_cells(Scripted(ascent.table), (1, 2, 3), {A, B, C, D}, 2, once=False) == []


def test_the_context_needs_no_images(tmp_path):
    given = context("nao-tabular", tmp_path)
    assert given.skeleton is None
