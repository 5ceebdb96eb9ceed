"""What --device stands for, on machines with and without GPUs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from nasrepro.errors import UserError
from nasrepro.experiments import devices
from nasrepro.experiments.devices import Chosen, chosen_device, placed
from nasrepro.experiments.executors.means import Means
from nasrepro.experiments.plan import plan
from nasrepro.records.store import RunStore


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Gives this machine a driver, and PyTorch so many GPUs."""

    def with_gpus(count, visible=None):
        monkeypatch.setattr(devices, "_DRIVERS", (str(tmp_path),))
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        if visible is None:
            monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        else:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    return with_gpus


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("auto", Chosen("cuda", (0, 1))),
        ("cpu", Chosen("cpu")),
        ("cuda", Chosen("cuda", (0, 1))),
        ("cuda:1", Chosen("cuda", (1,))),
    ],
)
def test_on_a_machine_with_two_gpus(machine, text, expected):
    machine(2)
    assert chosen_device(text) == expected


def test_auto_is_the_cpu_where_there_is_no_gpu(machine):
    machine(0)
    assert chosen_device("auto") == Chosen("cpu")


@pytest.mark.parametrize("visible", ["", "-1"])
def test_gpus_that_are_hidden_are_not_there(machine, visible):
    machine(2, visible)
    assert chosen_device("auto") == Chosen("cpu")


def test_a_gpu_is_refused_where_there_is_none(machine):
    machine(0)
    with pytest.raises(UserError, match=r"device 'cuda' cannot be used.*sees no GPU.*allowed: auto, cpu$"):
        chosen_device("cuda")


def test_a_gpu_too_many_is_refused_and_those_that_are_there_are_named(machine):
    machine(2)
    with pytest.raises(UserError, match=r"'cuda:2'.*allowed: auto, cpu, cuda, cuda:0, cuda:1$"):
        chosen_device("cuda:2")


@pytest.mark.parametrize("text", ["gpu", "cuda:", "cuda:x", "CPU", "mps", "cuda:-1", ""])
def test_what_is_no_device_is_refused(text):
    with pytest.raises(UserError, match=r"unknown device.*allowed: auto, cpu, cuda"):
        chosen_device(text)


def test_the_machines_of_a_cluster_are_not_judged_by_this_one(machine):
    machine(0)
    assert chosen_device("cuda", elsewhere=True) == Chosen("cuda")
    machine(2)
    assert chosen_device("auto", elsewhere=True) == Chosen("cpu")


@pytest.mark.skipif(any(Path(driver).exists() for driver in devices._DRIVERS), reason="this machine has a driver")
def test_where_there_is_no_driver_pytorch_is_not_loaded_to_ask():
    code = (
        "import sys; from nasrepro.experiments.devices import chosen_device; chosen_device('auto'); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def planned(methods, benchmark, device, tmp_path):
    runs = plan(
        methods,
        benchmark,
        [0],
        scale="smoke",
        protocol="sound",
        threads=1,
        device=device,
        overrides={},
        store=RunStore(tmp_path),
    )
    return {run.spec.method: run for run in runs}


def test_what_trains_no_network_is_the_same_run_on_every_machine(tmp_path):
    here = planned(["gdas", "rea", "nao-tabular"], "nb201-digits", "cpu", tmp_path)
    there = planned(["gdas", "rea", "nao-tabular"], "nb201-digits", "cuda", tmp_path)
    assert {name: run.spec.device for name, run in there.items()} == {
        "gdas": "cuda",
        "rea": "cpu",
        "nao-tabular": "cpu",
    }
    assert {name for name in here if here[name].key == there[name].key} == {"rea", "nao-tabular"}


def test_where_cells_are_trained_to_be_judged_every_run_is_made_there(tmp_path):
    here = planned(["random"], "darts-digits", "cpu", tmp_path)
    there = planned(["random"], "darts-digits", "cuda", tmp_path)
    assert there["random"].spec.device == "cuda"
    assert here["random"].data["truth"] != there["random"].data["truth"]


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [(None, ("cuda", (0, 1))), ("local:2", ("cuda", (0, 1))), ("tcp://head:8786", ("cpu", ()))],
)
def test_auto_looks_at_this_machine_where_jobs_stay_on_it(machine, cluster, expected):
    machine(2)
    kind, means = placed("auto", Means(workers=None, cluster=cluster, run_timeout=5.0))
    assert (kind, means.gpus, means.run_timeout) == (*expected, 5.0)


def test_a_gpu_that_is_only_planned_for_need_not_be_there(machine):
    machine(0)
    assert placed("cuda", Means(), hypothetical=True)[0] == "cuda"
    assert placed("auto", Means(), hypothetical=True)[0] == "cpu"


def test_jobs_that_need_no_gpu_are_as_many_as_the_cores_allow(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(16), raising=False)
    means = Means(gpus=(0,))
    assert (means.workers_for(2), means.workers_for(2, gpu=False)) == (1, 8)
