"""Truths from arrays in memory, and truths that are announced."""

from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from nasrepro.errors import UserError
from nasrepro.oracles import announced
from nasrepro.oracles.announced import NamedOracle
from nasrepro.oracles.memory import MemoryOracle
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.splits import Split
from nasrepro.testing.oracles import check_oracle

SPACE = NB201Space()


def truth(**arrays):
    rng = np.random.default_rng(0)
    given = {"acc/mine/test/5": rng.uniform(20, 90, (len(SPACE), 2)), "acc/mine/valid/5": rng.uniform(20, 90, 15625)}
    return MemoryOracle.of("mine", SPACE, {**given, **arrays}, source="invented", seeds={"acc/mine/test/5": [7, 9]})


TRUTH = NamedOracle("mine", SPACE, truth)


def test_it_keeps_the_promises_of_an_oracle():
    assert {result.name: result.detail for result in check_oracle(truth(), SPACE) if not result.ok} == {}


def test_means_and_trials_are_those_given():
    oracle = truth()
    asked = {"dataset": "mine", "split": Split.TEST, "epochs": 5}
    single = [oracle.query(SPACE.parse("8"), **asked, seed=seed).value for seed in (7, 9)]
    assert oracle.query(SPACE.parse("8"), **asked).value == pytest.approx(np.mean(single))
    assert oracle.trial_values(SPACE.parse("8"), **asked) == tuple(single)


def test_other_numbers_are_another_truth():
    assert truth().fingerprint() == truth().fingerprint()
    assert truth(**{"acc/mine/valid/5": np.full(15625, 50.0)}).fingerprint() != truth().fingerprint()


def test_perplexities_of_recurrent_cells():
    space = RnnSpace(2)
    oracle = MemoryOracle.of("mine", space, {"ppl/words/test/5": np.arange(32) + 90.0}, source="invented", main="ppl")
    for index, cell in enumerate(space):
        assert oracle.query(cell, dataset="words", split=Split.TEST, epochs=5).value == 90 + index


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"accuracy": np.zeros(15625)}, "'accuracy' is no name of a"),
        ({"acc/mine/test/5": np.zeros(7)}, "covers 7 genotypes instead of 15625"),
        ({"acc/mine/test/5": np.zeros((15625, 3))}, "does not match its 2 seeds"),
    ],
)
def test_arrays_that_cannot_be_are_refused(arrays, words):
    with pytest.raises(UserError, match=words):
        truth(**arrays)


def test_a_truth_says_where_it_comes_from():
    with pytest.raises(UserError, match="needs a source"):
        MemoryOracle.of("mine", SPACE, {}, source=" ")


def test_an_announced_truth_is_opened_by_name(monkeypatch):
    entry = EntryPoint("mine", "test_memory_oracle:TRUTH", "nasrepro.oracles")
    monkeypatch.setattr("nasrepro.plugins.announced", lambda group: {"mine": entry} if group == "oracles" else {})
    assert announced.names() == ["mine"]
    assert announced.opener("mine")(Path()).fingerprint() == truth().fingerprint()
    late = announced.opener("nine")
    with pytest.raises(UserError, match="unknown oracle 'nine'; did you mean 'mine'"):
        late(Path())
