"""`retrain` with replicas: in turn, and as torchrun starts it; really killed, and gone on with."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nasrepro.records.standalone import read_training_record

CELL = "ENNAS"
SMOKE = ("--scale", "smoke", "--device", "cpu", "--set", "training.train_images=60")
TORCHRUN = ("--standalone", "--nproc-per-node", "2", "--redirects", "3", "--log-dir", "log")
LONG = (*SMOKE, "--set", "training.epochs=25", "--set", "training.drop_path=0.2")


def start(folder, *words):
    """`torchrun --nproc-per-node 2`, which tells apart the outputs of its processes by files."""
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *TORCHRUN, "-m", "nasrepro", "retrain", CELL, *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def said(folder, name):
    """What each process wrote on stdout or stderr, by its number; without progress."""
    texts = {path.parent.name: path.read_text() for path in (folder / "log").glob(f"**/{name}.log")}
    assert sorted(texts) == ["0", "1"]
    return [
        "".join(line for line in texts[number].splitlines(keepends=True) if not line.startswith("trainings: 0 of"))
        for number in ("0", "1")
    ]


def record_in(runs):
    (file,) = (runs / "standalone").glob("*.json")
    return read_training_record(file)


def alike(one, other):
    """The same record up to the rounding of sums, for which one of the 360 scored images may be told otherwise."""
    ours, theirs = one.comparable(), other.comparable()
    assert ours.pop("loss") == pytest.approx(theirs.pop("loss"), abs=5e-3)
    for mine, yours in zip(ours.pop("curve"), theirs.pop("curve"), strict=True):
        assert mine["epoch"] == yours["epoch"]
        assert mine["accuracy"] == pytest.approx(yours["accuracy"], abs=0.3)
        assert mine["loss"] == pytest.approx(yours["loss"], abs=5e-3)
    assert ours == theirs


@pytest.fixture(scope="module")
def in_turn(tmp_path_factory):
    """The record of one process, trained in a fresh interpreter."""
    folder = tmp_path_factory.mktemp("in-turn")
    words = [sys.executable, "-m", "nasrepro", "retrain", CELL, "--replicas", "2", *LONG, "--json"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=180, check=True)
    (row,) = json.loads(done.stdout)
    assert (row["replicas"], row["scaling"], row["device"], row["memory_bytes"]) == (2, "fixed", "cpu", None)
    return record_in(folder / "runs")


def test_torchrun_survives_the_loss_of_a_process_and_gives_the_record_of_one(tmp_path, in_turn):
    process = start(tmp_path, *LONG)
    wait_for(lambda: list((tmp_path / "runs" / "work").glob("*/checkpoint.pt")), process)
    os.kill(rank(process, 1), signal.SIGKILL)
    assert process.wait(120) == 1
    gone, silent = said(tmp_path, "stderr")
    assert gone == (
        "nasrepro: a process of this training is gone; the same command continues where the last epoch ended\n"
    )
    assert silent == ""
    assert not list(tmp_path.glob("runs/standalone/*.json"))

    again = start(tmp_path, *LONG, "--json")
    assert again.wait(180) == 0
    logs = [path for path in (tmp_path / "log").glob("**/0/stdout.log") if path.read_text()]
    (row,) = json.loads(logs[0].read_text())
    record = record_in(tmp_path / "runs")
    assert (row["seed"], row["replicas"], row["final"]["epoch"]) == (0, 2, 25)
    assert not list((tmp_path / "runs" / "work").glob("*"))
    alike(record, in_turn)


def test_all_processes_fail_in_one_line_and_with_one_code(tmp_path):
    process = start(tmp_path, "--scale", "smoke", "--replicas", "3")
    assert process.wait(120) == 1
    lines = said(tmp_path, "stderr")
    assert sorted(lines) == ["", "nasrepro: --replicas 3 cannot go with 2 processes of torchrun; allowed: 2\n"]
    assert said(tmp_path, "stdout") == ["", ""]


def wait_for(condition, process):
    until = time.monotonic() + 90
    while not condition():
        assert process.poll() is None, "torchrun has ended"
        assert time.monotonic() < until
        time.sleep(0.05)


def rank(process, number):
    """Process id of a child of torchrun."""
    children = Path(f"/proc/{process.pid}/task").glob("*/children")
    for child in (word for path in children for word in path.read_text().split()):
        if f"RANK={number}".encode() in Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
            return int(child)
    raise AssertionError(f"there is no process {number}")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["ENNAS", "--replicas", "0"], ["'0' is not allowed", "at least 1"]),
        (["ENNAS", "--scaling", "liner"], ["'liner'", "did you mean 'linear'"]),
        (["ENNAS", *SMOKE, "--replicas", "70"], ["60 images", "too small for 70 replicas"]),
        (["DARTS_V2", "-b", "rnn-grammar", "--scale", "smoke", "--replicas", "2"], ["2 replicas", "allowed: 1"]),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(nasrepro, user_error, words, named):
    user_error(nasrepro("retrain", *words), *named)


def test_one_replica_is_the_training_that_there_was_before_replicas(nasrepro):
    first = nasrepro("retrain", CELL, *SMOKE, "--workers", "1", "--json").json
    again = nasrepro("retrain", CELL, *SMOKE, "--replicas", "1", "--scaling", "linear", "--json")
    assert "0 new, 1 found" in again.err
    assert again.json == first
    content = json.loads(Path(first[0]["record"]).read_text())
    assert not {"replicas", "scaling", "memory_bytes"} & {*content, *content["spec"]}
