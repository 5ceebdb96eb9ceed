"""A measurement depends on recipe, cell and seed, and on nothing else."""

import numpy as np
import pytest

from nasrepro.spaces.nb201 import NB201Genotype, from_index
from nasrepro.tabulation.measuring import Bench, live_path


@pytest.fixture(scope="module")
def bench(recipe):
    return Bench(recipe)


def test_scores_are_per_epoch_split_and_quantity_in_percent_and_nats(bench):
    found = bench.measure(from_index(6111), 0)
    assert found.scores.shape == (2, 2, 2)
    assert ((found.scores[..., 0] >= 0) & (found.scores[..., 0] <= 100)).all()
    assert found.scores[..., 0] * 32.4 == pytest.approx(np.round(found.scores[..., 0] * 32.4), abs=1e-3)
    assert (found.scores[..., 1] > 0).all()
    assert found.seconds > 0


def test_nothing_carries_over_from_the_network_before(recipe, bench):
    bench.measure(from_index(9000), 3)
    again = bench.measure(from_index(6111), 0)
    assert (again.scores == Bench(recipe).measure(from_index(6111), 0).scores).all()


def test_seeds_and_cells_differ(bench):
    base, seed, cell = (bench.measure(from_index(i), s).scores for i, s in ((6111, 0), (6111, 1), (9000, 0)))
    assert not (base == seed).all()
    assert not (base == cell).all()


def test_training_learns_something(recipe):
    longer = recipe.model_copy(update={"epochs": 12, "report_epochs": (1, 12), "train_images": 1077, "channels": 4})
    scores = Bench(longer).measure(from_index(6111), 0).scores
    assert scores[1, :, 0].min() > 60
    assert (scores[1, :, 1] < scores[0, :, 1]).all()


def test_a_cell_that_ignores_its_input_stays_at_chance(bench):
    nothing = NB201Genotype((0,) * 6)
    assert live_path(nothing).tolist() == [0] * 6
    assert bench.measure(nothing, 0).scores[..., 0] == pytest.approx(10.0)


def test_dead_edges_are_not_run():
    dead = NB201Genotype((3, 0, 0, 1, 0, 0))  # node 1 leads nowhere
    assert live_path(dead).tolist() == [0, 0, 0, 1, 0, 0]
