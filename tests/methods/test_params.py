"""The largest of k uniform cells."""

import pytest
from toy import DIGITS, ToyOracle, context

from nasrepro.methods import catalog
from nasrepro.seeds import numpy_rng


def search(tmp_path, **options):
    oracle = ToyOracle()
    given = context("params", tmp_path, oracle=oracle, **options)
    given.standalone = DIGITS.standalone
    return catalog.get("params").build()(given), oracle


def test_it_returns_the_largest_of_its_draws_and_asks_nothing(tmp_path):
    result, oracle = search(tmp_path, seed=4, search={"candidates": 30})
    rng = numpy_rng(4, "params")
    sizes = {}
    for _ in range(30):
        cell = DIGITS.space.sample(rng)
        sizes.setdefault(cell, DIGITS.space.cost(cell, DIGITS.standalone).params)
    assert result.answer.genotype == max(sizes, key=sizes.__getitem__)
    assert result.answer.value is None
    assert oracle.asked == []


def test_of_a_thousand_draws_it_is_nearly_the_largest_cell(tmp_path):
    result, _ = search(tmp_path, search={"candidates": 1000})
    assert result.answer.genotype.ops.count(3) >= 4


def test_without_a_skeleton_there_is_nothing_to_count(tmp_path):
    with pytest.raises(ValueError, match="no skeleton"):
        catalog.get("params").build()(context("params", tmp_path))
