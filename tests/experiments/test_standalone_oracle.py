"""The oracle that measures: what is kept, what is made again, and what cannot be asked."""

import json

import pytest
import torch
from quick_runs import QUICK_RECIPE, QUICK_SKELETON

from nasrepro.datasets.digits import load_digits_data
from nasrepro.errors import UserError
from nasrepro.experiments import standalone
from nasrepro.experiments.standalone import StandaloneOracle, measure_digits, one_thread
from nasrepro.spaces.nb201 import from_index
from nasrepro.splits import Split

CELL = from_index(6111)
ASKED = {"dataset": "digits", "split": Split.VALID, "epochs": 4}


@pytest.fixture(scope="module")
def few():
    return load_digits_data().limited(100, 50)


@pytest.fixture
def oracle(tmp_path, few):
    return StandaloneOracle("quick", tmp_path, "digits", QUICK_SKELETON, QUICK_RECIPE, lambda: few)


@pytest.fixture
def no_training(monkeypatch):
    """From the moment it is called, training anything is an error."""

    def forbid():
        def train(*_):
            raise AssertionError("trained again")

        monkeypatch.setattr(standalone, "train_standalone", train)

    return forbid


def test_a_cell_is_trained_once_for_all_questions_and_all_processes(oracle, few, tmp_path, no_training):
    first = oracle.query(CELL, **ASKED)
    no_training()
    again = StandaloneOracle("quick", tmp_path, "digits", QUICK_SKELETON, QUICK_RECIPE, lambda: few)
    assert again.query(CELL, **ASKED) == first
    for fidelity in oracle.fidelities():
        values = again.trial_values(CELL, dataset="digits", split=fidelity.split, epochs=fidelity.epochs)
        answer = again.query(CELL, dataset="digits", split=fidelity.split, epochs=fidelity.epochs)
        assert answer.value == pytest.approx(sum(values) / 2)
        assert answer.n_trials == len(values) == 2
        assert 0 < answer.value <= 100
    assert again.query(CELL, **ASKED, seed=1).value == again.trial_values(CELL, **ASKED)[1]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda _: b"",
        lambda _: b"{}",
        lambda _: b"[1]",
        lambda content: content.replace(b'"12"', b'"13"'),
        lambda content: content.replace(b"nb201:6111", b"nb201:6112"),
        lambda content: b"\xff" + content,
    ],
)
def test_a_damaged_measurement_is_made_again(oracle, damage):
    before = oracle.measure(CELL, 0)
    path = oracle.path(CELL, 0)
    path.write_bytes(damage(path.read_bytes()))
    after = oracle.measure(CELL, 0)
    assert after["scores"] == before["scores"]
    assert json.loads(path.read_bytes())["scores"] == before["scores"]


def test_the_fingerprint_names_everything_a_result_depends_on(oracle, few, tmp_path):
    def other(**changes):
        fields = {"recipe": QUICK_RECIPE, "skeleton": QUICK_SKELETON, "load": lambda: few, "trials": 2, **changes}
        return StandaloneOracle("quick", tmp_path, "digits", **fields).fingerprint()

    assert other() == oracle.fingerprint()
    changed = [
        other(recipe=QUICK_RECIPE.model_copy(update={"lr": 0.03})),
        other(skeleton=type(QUICK_SKELETON)(**{**vars(QUICK_SKELETON), "channels": 8})),
        other(trials=3),
    ]
    assert len({oracle.fingerprint(), *changed}) == 4
    assert oracle.fingerprint()[:12] in str(oracle.path(CELL, 0))


def test_what_it_does_not_hold_is_refused(oracle, no_training):
    no_training()
    for wrong in ({"dataset": "cifar10"}, {"split": Split.TRAIN}, {"epochs": 200}):
        with pytest.raises(UserError, match="it has: digits valid after 4 epochs"):
            oracle.query(CELL, **{**ASKED, **wrong})
    with pytest.raises(UserError, match="no oracle seed 2; allowed: 0 to 1"):
        oracle.query(CELL, **ASKED, seed=2)
    with pytest.raises(UserError, match="does not cover the whole space"):
        oracle.query_all(**ASKED)
    assert not oracle.covers_space


def test_a_truth_is_measured_with_one_thread_whoever_asks():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_job_that_measures_several_cells(tmp_path, monkeypatch):
    monkeypatch.setattr(standalone, "DIGITS_RECIPE", QUICK_RECIPE)
    monkeypatch.setattr(standalone, "DIGITS_SKELETON", QUICK_SKELETON)
    seen = []
    assert measure_digits(tmp_path, [3, 5], lambda *step: seen.append(step)) == 4
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert len(list(tmp_path.rglob("*.json"))) == 4
