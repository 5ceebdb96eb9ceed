"""Language models trained from scratch as the truth of a benchmark, on the grammar corpus at the smallest scale."""

import math

import pytest

from nasrepro import benchmarks
from nasrepro.errors import UserError
from nasrepro.experiments.retraining import recipe_for, train_planned
from nasrepro.experiments.standalone_oracle import StandaloneOracle
from nasrepro.oracles.base import Fidelity
from nasrepro.records.standalone import get_training
from nasrepro.records.store import RunStore
from nasrepro.splits import Split

GRAMMAR = benchmarks.get("rnn-grammar")
CELL = GRAMMAR.space.parse("DARTS_V2")
QUICK = {"training": {"epochs": 2, "train_tokens": 400, "valid_tokens": 100, "test_tokens": 100}}
TEST = {"dataset": "grammar", "split": Split.TEST, "epochs": 2}


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path)


@pytest.fixture
def oracle(store):
    return StandaloneOracle(recipe_for(GRAMMAR, "smoke", overrides=QUICK), store)


def test_one_training_answers_for_both_held_out_parts(oracle, store):
    test = oracle.query(CELL, **TEST)
    valid = oracle.query(CELL, **{**TEST, "split": Split.VALID})
    (planned,) = oracle.planned(CELL, test.fidelity)
    assert oracle.planned(CELL, valid.fidelity) == [planned]
    record = get_training(store, planned.key)
    assert (test.value, valid.value) == (record.worth("test"), record.worth("valid"))
    assert record.worth("valid") == math.exp(min(point.loss for point in record.curve))
    assert record.params == GRAMMAR.space.cost(CELL, oracle.recipe.skeleton).params
    assert (record.images, record.spec.split) == (400, "both")
    assert "400 training tokens of grammar with 50 words" in test.source


def test_the_training_of_a_cell_is_known_epoch_by_epoch(oracle, store):
    (planned,) = oracle.planned(CELL, Fidelity("grammar", Split.TEST, 2))
    curve = oracle.learning_curve(CELL)
    record = get_training(store, planned.key)
    assert curve == [(point.epoch, math.exp(point.loss)) for point in record.curve]
    assert min(value for _, value in curve) == record.worth("valid")


def test_a_search_may_ask_for_shorter_trainings(oracle):
    short = Fidelity("grammar", Split.VALID, 1)
    assert short in oracle.fidelities()
    assert oracle.planned(CELL, short) != oracle.planned(CELL, Fidelity("grammar", Split.VALID, 2))
    with pytest.raises(UserError, match="no grammar test after 1"):
        oracle.query(CELL, **{**TEST, "epochs": 1})


def test_no_epoch_is_the_best_on_a_text_that_is_scored_once(oracle):
    with pytest.raises(UserError, match="scores a test text once"):
        oracle.best(CELL, **TEST)


def test_an_interrupted_training_continues_to_the_same_record(oracle, store, tmp_path):
    class Stop(Exception):
        pass

    (planned,) = oracle.planned(CELL, oracle.fidelities()[0])
    steps = []
    whole = train_planned(planned, RunStore(tmp_path / "other"), report=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (len(steps), len(steps))

    def stop(done, total):
        if done == total - 1:
            raise Stop

    with pytest.raises(Stop):
        train_planned(planned, store, report=stop)
    record = train_planned(planned, store, report=lambda *_: None)
    assert record.comparable() == whole.comparable()


def test_a_training_that_never_got_anywhere_is_a_missing_trial(store):
    broken = {"training": {**QUICK["training"], "lr": 1e38, "clip": None}}
    oracle = StandaloneOracle(recipe_for(GRAMMAR, "smoke", overrides=broken), store)
    answer = oracle.query(CELL, **TEST)
    assert math.isnan(answer.value)
    assert answer.n_trials == 0


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"skeleton": {"vocabulary": 10**6}}, "vocabulary of 1,000,000 words; grammar has"),
        ({"skeleton": {"hidden": 0}}, "impossible skeleton"),
        ({"skeleton": {"nodes": 3}}, "'nodes' cannot be 3; the space of 'rnn-grammar' makes it 8"),
        ({"training": {"train_tokens": 3}}, "3 words of the training text"),
        ({"training": {"drop_path": 0.1}}, "drop_path"),
    ],
)
def test_impossible_trainings_are_refused(overrides, words):
    with pytest.raises(UserError, match=words):
        assert recipe_for(GRAMMAR, "smoke", overrides=overrides).data
