"""What a search may see."""

import math

import pytest
from toy import DIGITS, ToyOracle, context

from nasrepro.errors import NasreproError, TestSplitForbidden, UserError
from nasrepro.oracles.base import Fidelity
from nasrepro.spaces.nb201 import from_index
from nasrepro.splits import Split


def test_asking_for_test_raises_and_is_not_counted(tmp_path):
    oracle = ToyOracle()
    given = context("rea", tmp_path, oracle=oracle)
    with pytest.raises(TestSplitForbidden):
        given.query(from_index(0), split=Split.TEST)
    assert oracle.asked == []
    assert given.queries == {"train": 0, "valid": 0, "test": 0}
    assert issubclass(TestSplitForbidden, NasreproError)
    assert not issubclass(TestSplitForbidden, UserError)  # a programming error


def test_validation_queries_are_counted_and_asked_at_the_search_fidelity(tmp_path):
    oracle = ToyOracle(missing=[from_index(3)])
    given = context("rea", tmp_path, oracle=oracle)
    assert given.query(from_index(1462)) == 60
    assert given.query(from_index(3)) == -math.inf
    assert given.queries == {"train": 0, "valid": 2, "test": 0}
    assert oracle.asked[0] == (from_index(1462), "digits", Split.VALID, DIGITS.search.epochs)


def test_images_come_without_a_test_split(tmp_path):
    data = context("gdas", tmp_path).data()
    assert len(data.test) == 0
    assert len(data.train) == 1077
    assert len(data.valid) == 360


def test_what_was_not_given_cannot_be_used(tmp_path):
    given = context("gdas", tmp_path)
    given._oracle = given._load_data = None
    with pytest.raises(ValueError, match="no oracle"):
        given.query(from_index(0))
    with pytest.raises(ValueError, match="no data"):
        given.data()


def test_where_the_truth_is_one_number_a_search_reads_it_and_is_counted_apart(tmp_path):
    """Such a search optimizes the table; it must never look like selection by validation."""
    oracle = ToyOracle()
    given = context("rea", tmp_path, oracle=oracle)
    given.single_number = True
    given.search_fidelity = Fidelity("digits", Split.TEST, 12)
    assert given.query(from_index(1462)) == 60
    assert oracle.asked == [(from_index(1462), "digits", Split.TEST, 12)]
    assert given.queries == {"train": 0, "valid": 0, "test": 0, "scored": 1}
    with pytest.raises(TestSplitForbidden):
        given.query(from_index(0), split=Split.TEST)
