"""Schedules as functions of the epoch, against numbers worked out by hand."""

import pytest

from nasrepro.training.schedule import cosine, linear, spread


def test_the_published_learning_rate_ends_just_above_its_minimum():
    assert cosine(0.025, 0.001, 0, 250) == 0.025
    assert cosine(0.025, 0.001, 125, 250) == pytest.approx(0.013)
    assert cosine(0.025, 0.001, 249, 250) == pytest.approx(0.00100095, abs=1e-8)
    assert cosine(0.1, 0.0, 50, 200) == pytest.approx(0.05 * (1 + 0.5**0.5))


def test_the_published_temperature_reaches_its_end_in_the_last_epoch():
    assert [linear(10, 0.1, epoch, 250) for epoch in (0, 249)] == [10, pytest.approx(0.1)]
    assert linear(10, 0.1, 83, 250) == pytest.approx(6.7)
    assert linear(10, 0.1, 0, 1) == 10


@pytest.mark.parametrize(
    ("points", "epochs", "expected"),
    [(5, 250, (50, 100, 150, 200, 250)), (2, 2, (1, 2)), (1, 7, (7,)), (5, 3, (1, 2, 3)), (4, 10, (2, 5, 8, 10))],
)
def test_observation_points_are_spread_and_end_at_the_end(points, epochs, expected):
    assert spread(points, epochs) == expected
