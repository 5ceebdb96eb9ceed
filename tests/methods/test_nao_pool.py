"""NAO's pool: what is trained, when it is scored and renewed, what is proposed, and that its state is complete."""

import io

import numpy as np
import pytest
import torch

from nasrepro import benchmarks
from nasrepro.methods import catalog
from nasrepro.methods.nao_pool import BestOfPool, BestOfPoolSettings, PoolSampler, PoolSettings
from nasrepro.methods.resolving import resolve
from nasrepro.spaces.nb201 import NB201Genotype, NB201Space
from nasrepro.training.evaluate import CellScore
from nasrepro.training.sampler import Lessons

SMALL = PoolSettings(pool=60, predictor_epochs=30, hidden=16, layers=1, predictor_lr=5e-3, largest_step=20)
EPOCHS = 10  # scored after epochs 2, 4, 6, 8 and 10


def worth(cell):
    return 10.0 * cell.ops.count(3) + cell.ops.count(1)


def lessons(score=lambda cell: CellScore(worth(cell), 1.0)):
    return Lessons(None, None, None, score, batches_per_score=3)


def sampler(settings=SMALL, seed=0):
    return PoolSampler(NB201Space(), settings, seed)


def mean_worth(pool):
    return np.mean([worth(NB201Genotype(cell)) for cell in pool])


def test_the_published_settings():
    settings = PoolSettings()
    assert (settings.pool, settings.evaluations, settings.largest_step) == (600, 5, 50)
    assert (settings.layers, settings.width, settings.trade_off, settings.dropout) == (3, 200, 0.8, 0.1)
    assert settings.predictor_weight_decay == 1e-4
    paper = resolve(catalog.get("nao"), benchmarks.get("nb201-cifar10"), "paper")
    assert paper["selector"] == {}
    assert paper["sampler"]["pool"] == 600
    assert paper["sampler"]["predictor_epochs"] == 1000


def test_only_cells_of_the_pool_are_trained_and_all_alike():
    drawn = sampler()
    assert len(set(drawn.pool)) == 60
    counts = dict.fromkeys(drawn.pool, 0)
    for _ in range(6000):
        counts[drawn.sample()] += 1
    assert 50 < min(counts.values()) < max(counts.values()) < 160


def test_it_is_scored_at_every_fifth_of_the_training_and_counts_batches():
    asked = []

    def score(cell):
        asked.append(cell)
        return CellScore(worth(cell), 1.0)

    drawn = sampler()
    passes = [drawn.end_epoch(lessons(score), epoch, EPOCHS) for epoch in range(EPOCHS)]
    assert passes == [0, 180] * 5
    assert len(asked) == 5 * 60


def test_the_worse_half_makes_room_for_better_cells():
    drawn = sampler()
    before = list(drawn.pool)
    drawn.end_epoch(lessons(), 1, EPOCHS)
    kept = [cell for cell in before if cell in drawn.pool]
    new = [cell for cell in drawn.pool if cell not in before]
    assert len(set(drawn.pool)) == 60
    assert 0 < len(new) <= 30
    ranked = sorted((worth(NB201Genotype(cell)) for cell in before), reverse=True)
    assert sorted((worth(NB201Genotype(cell)) for cell in kept), reverse=True) == ranked[: 60 - len(new)]
    assert mean_worth(drawn.pool) > mean_worth(before)


def test_more_than_half_is_never_replaced(monkeypatch):
    """A decoder that offers any number of new cells is asked for half of the pool, above the best sixth of it."""
    seeds, offered = [], [cell.ops for cell in NB201Space()]

    class Ascent:
        def __init__(self, ops):
            seeds.extend(map(tuple, ops.tolist()))

        def cells(self, step):
            return np.array(offered)

    drawn = sampler()
    before = set(drawn.pool)
    monkeypatch.setattr(drawn._predictor, "fit", lambda *args: None)
    monkeypatch.setattr(drawn._predictor, "ascent", Ascent)
    drawn.end_epoch(lessons(), 1, EPOCHS)
    assert len(set(drawn.pool) - before) == 30
    assert len(seeds) == 10
    assert seeds == drawn.pool[:10]


def test_after_the_last_score_nothing_is_replaced():
    drawn = sampler()
    before = list(drawn.pool)
    assert drawn.end_epoch(lessons(), EPOCHS - 1, EPOCHS) == 180
    assert drawn.pool == before
    assert worth(drawn.best()) == max(worth(NB201Genotype(cell)) for cell in before)


def test_equal_accuracies_are_decided_by_the_loss():
    drawn = sampler()
    loss = {cell: k for k, cell in enumerate(reversed(drawn.pool))}
    drawn.end_epoch(lessons(lambda cell: CellScore(50.0, float(loss[cell.ops]))), 1, EPOCHS)
    assert drawn.best().ops == min(drawn.scores, key=loss.get)


def test_where_all_are_equal_nothing_is_learned_or_replaced():
    drawn = sampler()
    before = list(drawn.pool)
    assert drawn.end_epoch(lessons(lambda cell: CellScore(10.0, 2.3)), 1, EPOCHS) == 180
    assert drawn.pool == before


def test_before_there_are_scores_the_answer_is_some_cell_of_the_pool():
    drawn = sampler()
    assert drawn.best().ops == drawn.pool[0]


def test_the_answer_is_the_best_cell_with_its_score_and_only_that_is_scored_again():
    drawn, asked = sampler(), []
    drawn.end_epoch(lessons(), 1, EPOCHS)

    def score(cell):
        asked.append(cell)
        return CellScore(worth(cell), 1.0)

    answer = BestOfPool(NB201Space(), BestOfPoolSettings()).select(drawn, score, None)
    assert answer.value == max(value for value, _ in drawn.scores.values())
    assert asked == [answer.genotype]


def test_new_cells_are_no_answer_before_they_are_scored():
    drawn = sampler()
    before = set(drawn.pool)
    drawn.end_epoch(lessons(), 1, EPOCHS)
    assert drawn.best().ops in before
    assert set(drawn.scores) <= before


@pytest.mark.parametrize("stop", [0, 1, 5])  # before, at and after a renewal
def test_a_reloaded_sampler_goes_on_as_if_nothing_had_happened(stop):
    """Through a file that is loaded without executing anything, into a sampler of another seed's state."""
    quick = SMALL.model_copy(update={"predictor_epochs": 3})
    whole, broken = sampler(quick), sampler(quick)
    for epoch in range(EPOCHS):
        for drawn in (whole, broken):
            drawn.begin_epoch(epoch, EPOCHS)
        assert [whole.sample() for _ in range(5)] == [broken.sample() for _ in range(5)]
        assert whole.end_epoch(lessons(), epoch, EPOCHS) == broken.end_epoch(lessons(), epoch, EPOCHS)
        if epoch == stop:
            file = io.BytesIO()
            torch.save(broken.state_dict(), file)
            file.seek(0)
            broken = sampler(quick)
            broken.pool.reverse()
            broken.load_state_dict(torch.load(file, weights_only=True))
    assert whole.pool == broken.pool
    assert whole.scores == broken.scores


def test_a_state_does_not_change_when_training_goes_on():
    drawn = sampler()
    drawn.end_epoch(lessons(), 1, EPOCHS)
    state = drawn.state_dict()
    pool, weights = list(state["pool"]), {k: v.clone() for k, v in state["predictor"]["model"].items()}
    drawn.end_epoch(lessons(), 3, EPOCHS)
    assert state["pool"] == pool != drawn.pool
    assert all(torch.equal(weights[k], v) for k, v in state["predictor"]["model"].items())
