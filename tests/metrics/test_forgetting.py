"""Forgetting: every number against one that was worked out by hand or by drawing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nasrepro.metrics.forgetting import (
    change_over_lag,
    default_lag,
    drop_by_chance,
    drop_from_best,
    means_by_count,
    second_half,
    share_fallen,
    shared_edges,
)

LOOKS = [[10, 50], [40, 60], [30, 20], [20, 60]]
"""Four looks at two cells: bests 40 and 60, ends 20 and 60."""


def test_the_drop_is_from_the_own_best_to_the_end():
    assert drop_from_best(LOOKS) == (20 + 0) / 2
    assert drop_from_best(LOOKS[:1]) == 0
    assert drop_from_best([[5, 5], [6, 7]]) == 0
    assert math.isnan(drop_from_best(np.empty((0, 3))))


def test_changes_over_a_lag_are_signed_means():
    # lag 1: +30 −10 −10 and +10 −40 +40; lag 2: +20 −20 and −30 0; lag 3: +10 and +10
    assert change_over_lag(LOOKS, 1) == pytest.approx(20 / 6)
    assert change_over_lag(LOOKS, 2) == pytest.approx(-30 / 4)
    assert change_over_lag(LOOKS, 3) == 10
    assert share_fallen(LOOKS, 1) == pytest.approx(3 / 6)
    assert share_fallen(LOOKS, 2) == pytest.approx(2 / 4)
    assert share_fallen(LOOKS, 3) == 0
    for lag in (4, 9):
        assert math.isnan(change_over_lag(LOOKS, lag))
        assert math.isnan(share_fallen(LOOKS, lag))
    with pytest.raises(ValueError, match="at least one look"):
        change_over_lag(LOOKS, 0)


def test_the_lag_is_a_tenth_of_the_looks_unless_stated():
    assert [default_lag(looks) for looks in (1, 4, 14, 100)] == [1, 1, 1, 10]
    rising = np.arange(100.0)[:, None] + [[0, 5]]
    assert change_over_lag(rising) == 10


def test_repeated_scores_on_fixed_images_change_nothing():
    still = np.tile([[33.0, 71.0]], (20, 1))
    assert (drop_from_best(still), change_over_lag(still), share_fallen(still)) == (0, 0, 0)


def test_the_drop_by_chance_is_an_expected_maximum():
    # two tosses of one coin twice: the larger number of heads is 0, 1, 2 with 1/16, 8/16, 7/16; its mean is 1.375
    assert drop_by_chance([50.0], images=2, looks=2) == pytest.approx(100 * (1.375 / 2 - 0.5))
    assert drop_by_chance([30.0, 80.0], images=50, looks=1) == pytest.approx(0, abs=1e-12)
    assert drop_by_chance([0.0, 100.0], images=50, looks=40) == pytest.approx(0, abs=1e-12)
    drawn = np.random.default_rng(0).binomial(360, [[0.62]], size=(4000, 30)) / 3.6
    assert drop_by_chance([62.0], images=360, looks=30) == pytest.approx((drawn.max(axis=1) - 62).mean(), abs=0.1)
    one, other = (drop_by_chance([p], 90, 10) for p in (20.0, 60.0))
    assert drop_by_chance([20.0, 60.0], 90, 10) == pytest.approx((one + other) / 2)
    for images, looks in ((0, 3), (3, 0)):
        with pytest.raises(ValueError, match="at least one image"):
            drop_by_chance([50.0], images, looks)


def test_noise_alone_makes_the_drop_that_chance_explains_and_no_change_over_a_lag():
    noise = np.random.default_rng(1).binomial(200, 0.7, size=(60, 400)) / 2
    assert drop_from_best(noise) == pytest.approx(drop_by_chance(np.full(400, 70.0), 200, 60), abs=0.5)
    assert abs(change_over_lag(noise)) < 0.2


def test_the_second_half_keeps_the_middle_look():
    assert second_half(LOOKS).tolist() == [[30, 20], [20, 60]]
    assert second_half(LOOKS[:3]).tolist() == [[40, 60], [30, 20]]
    assert drop_from_best(second_half(LOOKS)) == 5


def test_shared_edges_are_counted_per_look_and_cell():
    cells = [[0, 1, 2, 3, 4, 0], [3, 3, 3, 3, 3, 3]]
    trained = [[0, 1, 2, 3, 4, 1], [3, 3, 2, 0, 3, 3], [1, 0, 0, 0, 0, 4]]
    assert shared_edges(cells, trained).tolist() == [[5, 1], [1, 4], [0, 0]]
    assert shared_edges(cells, trained, among=(2, 3)).tolist() == [[2, 1], [1, 4], [0, 0]]


def test_changes_are_averaged_by_their_count():
    pairs, means = means_by_count([[0, 2], [2, 0]], [[1.0, 5.0], [7.0, -3.0]], largest=3)
    assert pairs.tolist() == [2, 0, 2, 0]
    assert means[[0, 2]].tolist() == [-1, 6]
    assert np.isnan(means[[1, 3]]).all()
    with pytest.raises(ValueError, match="go up to 2"):
        means_by_count([[0, 2]], [[0, 0]], largest=1)
    assert means_by_count(np.empty((0, 2)), np.empty((0, 2)), 2)[0].tolist() == [0, 0, 0]


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"shape \(looks, cells\)"):
        drop_from_best([1.0, 2.0])
