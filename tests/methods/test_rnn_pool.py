"""NAO's pool of recurrent cells: how it grows or is renewed, and what it remembers."""

import io

import numpy as np
import pytest
import torch

from nasrepro.benchmarks.rnn_settings import SMALL_SAMPLERS, THIRD_NODE_SAMPLERS
from nasrepro.errors import UserError
from nasrepro.methods.nao_pool import BestOfPool, BestOfPoolSettings
from nasrepro.methods.rnn_pool import RnnPoolSampler, RnnPoolSettings
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.training.evaluate import TextScore
from nasrepro.training.sampler import Lessons

CHEAP = {"predictor_epochs": 20, "hidden": 16, "layers": 1, "predictor_lr": 5e-3}
SMALL = RnnPoolSettings(**{**SMALL_SAMPLERS["pool"]["sampler"], **CHEAP, "evaluations": 5})
EPOCHS = 10  # scored after epochs 2, 4, 6, 8 and 10


def loss(cell):
    """Sigmoids are good, and so is a chain."""
    return 5.0 - sum(0.5 * (op == 3) + 0.1 * state for op, state in cell.nodes)


def lessons():
    return Lessons(None, None, None, lambda cell: TextScore(20.0, loss(cell)), batches_per_score=2)


def sampler(settings=SMALL, nodes=2, seed=0):
    return RnnPoolSampler(RnnSpace(nodes), settings, seed)


def test_the_published_settings():
    settings = RnnPoolSettings()
    assert (settings.pool, settings.evaluations, settings.seeds) == (1000, 5, 100)
    assert (settings.new_cells, settings.random_cells, settings.grows) == (300, 50, False)
    assert (settings.layers, settings.width, settings.hidden, settings.trade_off) == (4, 200, 96, 0.8)
    assert (SMALL.pool, SMALL.seeds, SMALL.new_cells, SMALL.grows) == (6, 4, 3, True)
    assert RnnPoolSettings(**THIRD_NODE_SAMPLERS["pool"]["sampler"]).pool == 3


def test_the_pool_of_two_nodes_grows_by_three_cells_at_most_and_never_loses_one():
    made, sizes = sampler(seed=1), [6]  # of other seeds the decoder may know nothing but the six cells it has seen
    for epoch in range(EPOCHS):
        before = list(made.pool)
        assert made.end_epoch(lessons(), epoch, EPOCHS) == (2 * len(before) if epoch % 2 else 0)
        assert set(before) <= set(made.pool)
        sizes.append(len(made.pool))
    grown = np.diff(sizes)
    assert grown.max() <= 3
    assert grown.sum() > 0
    assert len(set(made.pool)) == len(made.pool) <= 32
    assert sizes[-1] == sizes[-2]  # nothing joins after the last score


def test_the_best_cell_is_the_one_of_least_loss_and_its_answer_a_perplexity():
    made = sampler()
    made.end_epoch(lessons(), 1, EPOCHS)
    scored = [RnnSpace(2).from_genes(cell) for cell in made.scores]
    assert loss(made.best()) == min(map(loss, scored))
    answer = BestOfPool(RnnSpace(2), BestOfPoolSettings()).select(made, lessons().score, None)
    assert answer.value == pytest.approx(np.exp(loss(made.best())))


def test_released_the_best_stay_beside_new_and_random_cells():
    settings = RnnPoolSettings(**{**CHEAP, "pool": 40, "seeds": 8, "new_cells": 10, "random_cells": 4})
    made = sampler(settings, nodes=8)
    before = list(made.pool)
    made.end_epoch(lessons(), 1, EPOCHS)
    kept = [cell for cell in before if cell in made.pool]
    joined = len(made.pool) - len(kept)
    assert len(set(made.pool)) == 40
    assert 4 <= joined <= 14
    worths = sorted(loss(RnnSpace(8).from_genes(cell)) for cell in before)
    assert sorted(loss(RnnSpace(8).from_genes(cell)) for cell in kept) == worths[: len(kept)]


def test_random_cells_join_as_long_as_there_are_any():
    settings = RnnPoolSettings(**{**CHEAP, "pool": 30, "new_cells": 0, "random_cells": 50, "grows": True})
    made = sampler(settings)
    made.end_epoch(lessons(), 1, EPOCHS)
    assert len(set(made.pool)) == 32


def test_a_pool_that_the_space_cannot_fill_is_refused():
    with pytest.raises(UserError, match=r"'sampler.pool' cannot be 33.*has 32"):
        sampler(SMALL.model_copy(update={"pool": 33}))


def test_it_is_told_whether_the_best_cell_was_in_the_first_pool():
    made = sampler()
    first = set(made.pool)
    for epoch in range(EPOCHS):
        made.end_epoch(lessons(), epoch, EPOCHS)
    curves = made.curves()
    assert [epoch for epoch, _ in curves["cells in the pool"]] == [2, 4, 6, 8, 10]
    assert curves["share of the pool that it began with"][0][1] == 1.0
    was = RnnSpace(2).genes(made.best()) in first
    assert curves["best cell was in the first pool"][-1][1] == float(was)


def test_paths_are_those_of_the_pools_cells():
    made = sampler(nodes=3, settings=SMALL.model_copy(update={"pool": 3}))
    paths = {RnnSpace(3).from_genes(cell).path for cell in made.pool}
    assert {made.sample() for _ in range(100)} == paths


def test_a_reloaded_sampler_goes_on_as_if_nothing_had_happened():
    whole, broken = sampler(), sampler()
    for epoch in range(6):
        for made in (whole, broken):
            made.end_epoch(lessons(), epoch, EPOCHS)
        if epoch == 1:
            file = io.BytesIO()
            torch.save(broken.state_dict(), file)
            file.seek(0)
            broken = sampler(seed=5)
            broken.seed = 0  # all else comes from the state
            broken.load_state_dict(torch.load(file, weights_only=True))
        assert [whole.sample() for _ in range(5)] == [broken.sample() for _ in range(5)]
    assert whole.pool == broken.pool
    assert whole.curves() == broken.curves()
