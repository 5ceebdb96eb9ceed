"""Regret, and curves of several runs brought to one grid."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nasrepro.metrics.regret import incumbent_curve, simple_regret
from nasrepro.metrics.summary import summarize


def test_regret_has_a_direction() -> None:
    assert simple_regret([94.0, 90.0], 94.37) == pytest.approx([0.37, 4.37])
    assert simple_regret([60.0, math.nan], 55.5, higher_is_better=False) == pytest.approx([4.5, math.nan], nan_ok=True)


def test_answers_hold_until_the_next_one() -> None:
    found = incumbent_curve([[(0, 10.0), (5, 30.0)]], [0, 4, 5, 100])
    assert found.mean.tolist() == [10, 10, 30, 30]
    assert np.isnan(found.low).all()
    assert found.n == 1


def test_runs_are_averaged_at_every_budget() -> None:
    runs = [[(0, 10.0), (5, 30.0)], [(0, 20.0), (7, 10.0)], [(0, 60.0)]]
    found = incumbent_curve(runs, [0, 5, 7])
    assert found.mean == pytest.approx([30, 110 / 3, 100 / 3])
    expected = summarize([30, 10, 60])
    assert (found.low[2], found.high[2]) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_no_running_maximum_is_taken() -> None:
    assert incumbent_curve([[(1, 90.0), (2, 80.0)]], [1, 2]).mean.tolist() == [90, 80]


def test_nothing_is_averaged_before_every_run_has_answered() -> None:
    found = incumbent_curve([[(1, 10.0)], [(3, 20.0)]], [0, 1, 2, 3])
    assert np.isnan(found.mean[:3]).all()
    assert found.mean[3] == 15


def test_an_unknown_truth_is_no_answer() -> None:
    found = incumbent_curve([[(0, None), (2, 5.0)], [(0, 1.0)], [(0, None)], []], [0, 2])
    assert found.n == 2
    assert math.isnan(found.mean[0])
    assert found.mean[1] == 3


def test_points_may_come_in_any_order_and_the_later_of_equal_ones_holds() -> None:
    assert incumbent_curve([[(5, 2.0), (1, 1.0), (5, 3.0)]], [1, 5]).mean.tolist() == [1, 3]


def test_no_runs_give_an_empty_curve() -> None:
    found = incumbent_curve([], [1, 2])
    assert found.n == 0
    assert np.isnan(found.mean).all()
    assert found.grid.tolist() == [1, 2]
