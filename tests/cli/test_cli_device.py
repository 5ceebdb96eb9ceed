"""--device on machines without a GPU, and what is told of runs that had one."""

import json
from pathlib import Path

import pytest

from nasrepro.experiments import devices
from nasrepro.experiments.plan import plan
from nasrepro.experiments.runner import run
from nasrepro.records.store import RunStore, write_record


@pytest.fixture
def without_gpu(monkeypatch):
    monkeypatch.setattr(devices, "gpus_here", lambda: 0)


@pytest.mark.parametrize(
    "words",
    [
        ["compare", "--methods", "random"],
        ["search", "random"],
        ["rank", "randomnas"],
        ["reproduce", "e2nas/table-1"],
        ["retrain", "DARTS_V2"],
    ],
    ids=lambda words: words[0],
)
def test_a_gpu_that_is_not_there_is_refused_before_anything_runs(with_table, user_error, without_gpu, words):
    user_error(with_table(*words, "--device", "cuda:1"), "device 'cuda:1' cannot be used", "allowed: auto, cpu")
    assert not list(Path().rglob("*.json"))


def test_what_is_no_device_is_refused_with_what_is(with_table, user_error):
    user_error(with_table("search", "random", "--device", "gpu"), "unknown device 'gpu'", "auto, cpu, cuda")


@pytest.fixture
def on_a_gpu(with_table):
    """A record in the run store of the current folder, as if its run had computed on a GPU."""
    store = RunStore(Path("runs"))
    (planned,) = plan(
        ["rea"], "nb201-cifar10", [3], scale="smoke", protocol="sound", threads=1, overrides={}, store=store
    )
    record = run(planned, store)
    changed = record.model_copy(
        update={
            "spec": record.spec.model_copy(update={"device": "cuda"}),
            "cost": record.cost.model_copy(update={"memory_bytes": 1536 * 2**20}),
        }
    )
    write_record(store.record_path(record.key), changed)
    return changed


def test_the_memory_that_a_run_took_is_told(with_table, on_a_gpu):
    found = with_table("search", "rea", "--benchmark", "nb201-cifar10", "--scale", "smoke", "--seed", "3")
    assert "peak memory on cuda: 1,536 MiB" in found.out
    compared = with_table(
        *("compare", "--methods", "rea", "--benchmark", "nb201-cifar10", "--scale", "smoke", "--seeds", "3"),
        *("--out", "report"),
    )
    assert compared.code == 0
    assert "GPU memory" in compared.out
    assert "1,536" in compared.out
    assert "memory_mib" in Path("report/table.csv").read_text()


def test_no_memory_is_told_of_what_had_no_gpu(with_table):
    with_table(*("compare", "--methods", "rea", "--benchmark", "nb201-cifar10", "--scale", "smoke", "--seeds", "3"))
    assert "memory" not in Path("reports/compare/table.csv").read_text()


def test_a_run_is_repeated_on_the_kind_of_device_it_was_made_on(with_table, user_error, without_gpu, on_a_gpu):
    user_error(with_table("rerun", on_a_gpu.key), "device 'cuda' cannot be used")
    user_error(with_table("rerun", on_a_gpu.key, "--device", "cpu"), "was made on device 'cuda'", "'cpu'")
    assert json.loads(RunStore(Path("runs")).record_path(on_a_gpu.key).read_text())["spec"]["device"] == "cuda"
