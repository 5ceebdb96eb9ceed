"""Training one cell from scratch."""

import pytest

from nasrepro.spaces.base import Skeleton
from nasrepro.splits import Split
from nasrepro.training.standalone import StandaloneSettings, train_standalone

GOOD = (3, 2, 3, 1, 4, 3)
SMALL = Skeleton(4, 1, 2, 8, 10, in_channels=1)
RECIPE = StandaloneSettings(epochs=12, batch_size=64, optimizer="adamw", lr=0.02, report_epochs=(4, 12))


def test_a_good_cell_learns_the_digits(digits):
    steps = []
    curve = train_standalone(GOOD, digits, SMALL, RECIPE, 0, lambda done, total: steps.append((done, total)))
    assert [point.epoch for point in curve] == [4, 12]
    assert all(set(point.scores) == {Split.VALID, Split.TEST} for point in curve)
    assert min(score.accuracy for score in curve[-1].scores.values()) > 75
    assert curve[-1].scores[Split.TEST].loss < curve[0].scores[Split.TEST].loss
    assert steps == [(step, 12 * 17) for step in range(1, 12 * 17 + 1)]


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_the_same_seed_gives_the_same_curve_and_another_seed_another(digits, optimizer):
    few = digits.limited(200, 100)
    recipe = StandaloneSettings(epochs=2, batch_size=50, optimizer=optimizer, lr=0.02, report_epochs=(1, 2))
    curves = [train_standalone(GOOD, few, SMALL, recipe, seed) for seed in (0, 0, 1)]
    assert curves[0] == curves[1]
    assert curves[0] != curves[2]


def test_a_cell_that_ignores_its_input_stays_at_chance(digits):
    few = digits.limited(200, 100)
    recipe = StandaloneSettings(epochs=1, batch_size=50, lr=0.02, report_epochs=(1,))
    (point,) = train_standalone((0,) * 6, few, SMALL, recipe, 0)
    assert point.scores[Split.VALID].accuracy == pytest.approx(10, abs=1)
