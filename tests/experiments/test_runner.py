"""One run: what its record says, that it can be repeated, killed and continued."""

import math
import time

import numpy as np
import pytest
import torch
from quick_runs import Child, in_a_fresh_interpreter, planned

from nasrepro import benchmarks
from nasrepro.errors import RunFailed
from nasrepro.experiments.runner import run, train_again
from nasrepro.experiments.weights import load_weights
from nasrepro.methods import catalog
from nasrepro.methods.method import Method
from nasrepro.records.store import RunStore
from nasrepro.spaces.nb201 import from_index

LONG = {"training": {"epochs": 24, "probe_points": 3, "probe_cells": 2}}
STEPS = 24 * 4


@pytest.fixture(autouse=True)
def _torch_as_before():
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The record of a long gdas run in a process of its own."""
    root = tmp_path_factory.mktemp("uninterrupted")
    Child(root, "gdas", LONG).finish()
    (record,) = RunStore(root)
    return record


@pytest.mark.parametrize("method", catalog.METHODS)
def test_a_record_says_what_happened(method, tmp_path, uninterrupted):
    store = RunStore(tmp_path)
    request = planned(method, tmp_path)
    record = run(request, store)
    assert (record.status, record.error) == ("done", None)
    assert record.key == request.key
    assert record.spec == request.spec
    assert store.get(record.key) == record
    assert not store.work_folder(record.key).exists()
    assert (load_weights(store, record.key) is not None) == catalog.get(method).one_shot
    assert record.cost.queries["test"] == 0
    assert record.data["truth"] == record.truth.fingerprint
    genotype = benchmarks.get("nb201-digits").space.parse(record.found.genotype)
    assert record.found.text == str(genotype)
    assert [score.scoring for score in record.scores] == ["test", "digits.valid"]
    assert all(0 <= score.value <= 100 and score.n_trials == 6 for score in record.scores)
    assert record.scores[0].split == "test"
    if catalog.get(method).one_shot:
        cells = [from_index(int(cell.removeprefix("nb201:"))) for cell in record.probes.cells]
        assert cells == benchmarks.get("nb201-digits").probes()[:4]
        assert len(record.probes.truth) == 4
        assert record.probes.truth_scoring == "test"
        training = record.spec.settings["training"]
        batches = math.ceil(training["train_images"] / training["batch_size"])
        assert record.cost.steps == training["epochs"] * batches
        assert record.cost.queries["valid"] == 0
        assert record.trace[-1].truth == record.scores[0].value
        assert bool(record.visited) == hasattr(catalog.get(method).parts()["selector"], "present")
        assert record.visited[-1:] == [] or record.visited[-1].truth == record.scores[0].value
    else:
        assert record.probes is None
        asked, budget = record.cost.queries["valid"], record.spec.settings["search"]
        assert (asked == 0) == (method in ("random", "params"))
        assert asked == budget.get("queries", asked) or method == "multi-fidelity"


def test_a_finished_run_is_not_done_again(tmp_path, monkeypatch, uninterrupted):
    store = RunStore(tmp_path)
    request = planned("rea", tmp_path)
    first = run(request, store)

    def build(self):
        raise AssertionError("searched again")

    monkeypatch.setattr(Method, "build", build)
    assert run(request, store) == first


def test_another_process_gives_the_same_record(tmp_path, uninterrupted):
    """Even if its environment disagrees about threads and hashing."""
    environment = {"OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "123"}
    in_a_fresh_interpreter(tmp_path, "gdas", LONG, environment)
    (record,) = RunStore(tmp_path)
    assert record.comparable() == uninterrupted.comparable()
    assert record.cost.path_steps == 2 * STEPS


def kill_and_continue(root, moments, rng):
    """Kill the run a little after each of these steps was reported, then let it finish; returns its record."""
    for moment in moments:
        child = Child(root, "gdas", LONG)
        child.wait_for(moment)
        time.sleep(rng.uniform(0, 0.05))
        child.kill()
        assert not list(RunStore(root))
    Child(root, "gdas", LONG).finish()
    (record,) = RunStore(root)
    assert not RunStore(root).work_folder(record.key).exists()
    return record


def test_killed_and_continued_it_gives_the_same_record(tmp_path, uninterrupted):
    rng = np.random.default_rng(time.time_ns())
    moments = sorted(rng.integers(1, STEPS - 12, size=3).tolist())
    record = kill_and_continue(tmp_path, moments, rng)
    assert record.comparable() == uninterrupted.comparable(), f"killed after steps {moments}"


@pytest.mark.slow
def test_killed_ten_times_it_gives_the_same_record(tmp_path, uninterrupted):
    rng = np.random.default_rng(time.time_ns())
    moments = sorted(rng.integers(1, STEPS - 12, size=10).tolist())
    record = kill_and_continue(tmp_path, moments, rng)
    assert record.comparable() == uninterrupted.comparable(), f"killed after steps {moments}"


def test_a_diverging_run_gives_a_record_and_no_genotype(tmp_path):
    store = RunStore(tmp_path)
    request = planned("gdas", tmp_path, training={"lr": 1e30, "clip": None})
    record = run(request, store)
    assert record.status == "diverged"
    assert "nan" in record.error
    assert record.found is None
    assert record.scores == []
    assert store.get(request.key) == record
    assert run(request, store) == record
    assert load_weights(store, record.key) is None


def test_lost_weights_are_trained_again_to_the_last_bit(tmp_path, uninterrupted):
    store = RunStore(tmp_path)
    request = planned("gdas", tmp_path)
    record = run(request, store)
    weights, file = load_weights(store, record.key), store.weights_path(record.key)
    file.unlink()
    train_again(request, record, store, lambda done, total: None)
    again = load_weights(store, record.key)
    assert again.keys() == weights.keys()
    assert all(torch.equal(again[name], weights[name]) for name in weights)
    assert store.get(record.key) == record
    assert not store.work_folder(record.key).exists()
    file.unlink()
    uncounted = record.cost.model_copy(update={"scored_cells": 0})
    older = record.model_copy(update={"visited": [], "cost": uncounted})  # from before the two were kept
    train_again(request, older, store, lambda done, total: None)
    assert file.exists()


def test_weights_of_a_run_that_does_not_repeat_are_not_kept(tmp_path, uninterrupted):
    store = RunStore(tmp_path)
    request = planned("gdas", tmp_path)
    record = run(request, store).model_copy(update={"loss": [0.5, 0.25]})
    file = store.weights_path(record.key)
    file.unlink()
    with pytest.raises(RunFailed, match=r"gave another record \(it differs in loss\).*remove '.*records/") as caught:
        train_again(request, record, store, lambda done, total: None)
    assert "\n" not in str(caught.value)
    assert not file.exists()


@pytest.mark.parametrize("damage", [lambda _: b"", lambda content: content[:-1], lambda content: content[:99] + b"x"])
def test_damaged_weights_are_no_weights(tmp_path, damage, uninterrupted):
    store = RunStore(tmp_path)
    record = run(planned("gdas", tmp_path), store)
    file = store.weights_path(record.key)
    content = file.read_bytes()
    file.with_name("another.pt").write_bytes(content)
    file.write_bytes(damage(content))
    assert load_weights(store, record.key) is None
    assert load_weights(store, "another") is None


def test_another_failure_is_raised_and_leaves_no_record(tmp_path, monkeypatch):
    def build(self):
        raise RuntimeError("out of luck")

    monkeypatch.setattr(Method, "build", build)
    with pytest.raises(RuntimeError, match="out of luck"):
        run(planned("rea", tmp_path), RunStore(tmp_path))
    assert not list(RunStore(tmp_path))
