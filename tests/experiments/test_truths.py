"""The trainings that runs are held against: jobs beside the runs, made once, waited for by nobody who could work."""

import io
import threading

import pytest
from rich.console import Console

from nasrepro.experiments.claiming import claimed
from nasrepro.experiments.execute import execute
from nasrepro.experiments.executors.means import Means
from nasrepro.experiments.plan import plan
from nasrepro.experiments.truths import trainings_for
from nasrepro.records.spec import RunSpec
from nasrepro.records.standalone import FOLDER, get_training
from nasrepro.records.store import RunStore

BRIEF = {"training": {"epochs": 1, "train_images": 64, "batch_size": 32, "probe_points": 1}}


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path)


def planned(store, seeds, benchmark="darts-digits", overrides=BRIEF):
    return plan(
        ["randomnas"],
        benchmark,
        seeds,
        scale="smoke",
        protocol="sound",
        threads=1,
        overrides=overrides,
        store=store,
    )


def test_trainings_are_those_of_probe_cells_each_once(store):
    found = trainings_for(planned(store, [0, 1]), store)
    count = planned(store, [0])[0].spec.settings["training"]["probe_cells"]
    assert len({training.spec.genotype for training in found}) == count
    assert len({training.key for training in found}) == len(found)
    assert trainings_for(planned(store, [0], "nb201-digits", {}), store) == []


def test_a_run_whose_probe_cell_others_train_is_put_back_until_its_record_is_there(store):
    runs, shown = planned(store, [0, 1]), Console(file=io.StringIO(), width=300)
    trainings = trainings_for(runs, store)
    held = claimed(store.root / FOLDER, trainings[0].key)
    held.__enter__()
    leave = threading.Timer(12.0, lambda: held.__exit__(None, None, None))
    leave.start()
    outcome = execute(runs, store, means=Means(1), console=shown)
    leave.cancel()
    assert [record.status for record in outcome.records] == ["done", "done"]
    assert outcome.failures == []
    assert all(get_training(store, own.key) is not None for own in trainings)
    told = shown.file.getvalue()
    assert f"{trainings[0].spec.genotype} seed 0: held by" in told
    assert "randomnas seed 0: held by" in told, "it has searched, and the truth is not known yet"


def test_trainings_come_before_runs_and_the_longest_of_both_first(store, monkeypatch):
    runs, begun = planned(store, [0, 1, 2]), []
    lengths = {0: 5.0, 1: 15.0, 2: None}

    def record(jobs, *_, **__):
        begun.extend((job.label, job.expected) for job in jobs)
        return []

    monkeypatch.setattr("nasrepro.experiments.execute.execute_jobs", record)
    execute(
        runs,
        store,
        means=Means(1),
        console=Console(file=io.StringIO()),
        lengths=lambda spec: lengths[spec.seed] if isinstance(spec, RunSpec) else len(spec.genotype),
    )
    assert [label for label, _ in begun[-3:]] == ["randomnas seed 2", "randomnas seed 1", "randomnas seed 0"]
    trained = [expected for _, expected in begun[:-3]]
    assert len(trained) == len(trainings_for(runs, store)) > 1
    assert trained == sorted(trained, reverse=True)
