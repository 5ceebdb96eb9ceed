"""What disks do to runs: they fill up, become read-only, alter files. One line, nothing else lost, the same record.

A small real file system is used where the system lets us mount one; a limit on the size of files everywhere.
"""

import os
import re
import resource
import subprocess
from contextlib import contextmanager, suppress

import pytest
import torch
from quick_runs import planned

from nasrepro.errors import UserError
from nasrepro.experiments.claiming import claimed
from nasrepro.experiments.execute import run_planned
from nasrepro.experiments.runner import run
from nasrepro.experiments.weights import load_weights
from nasrepro.notices import told_to
from nasrepro.records.store import RunStore
from nasrepro.training import checkpoint

LONG = {"training": {"epochs": 6, "probe_points": 2, "probe_cells": 2}}
PER_EPOCH = 4
"""Steps."""


@pytest.fixture(autouse=True)
def _torch_as_before():
    yield
    torch.use_deterministic_algorithms(False)


class Disk:
    """A file system of its own at `root`, or a test that is skipped."""

    def __init__(self, root, kilobytes):
        self.root = root
        self.asked("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(root))

    def asked(self, *words):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"{words[0]}: {done.stderr.strip()}")

    def becomes(self, option):
        self.asked("mount", "-o", f"remount,{option}", str(self.root))

    def fill(self):
        """Leave no room for anything; returns what frees it again."""
        filler = self.root / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(1024))
        return filler.unlink


@pytest.fixture
def disk(tmp_path):
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root mounts file systems")
    root = tmp_path / "disk"
    root.mkdir()
    yield Disk(root, 2000)
    subprocess.run(["umount", str(root)], check=True)


@contextmanager
def files_of_at_most(size):
    """What is written beyond so many bytes of a file fails, as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def done(request, store, report=lambda done, total: None):
    """The record of a run, and which of its steps were reported."""
    steps = []

    def listening(step, total):
        steps.append(step)
        report(step, total)

    return run_planned(request, store, report=listening).record, steps


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The records of the runs that nothing happens to, by method."""
    made = {}

    def record(method, **overrides):
        if method not in made:
            root = tmp_path_factory.mktemp(method)
            made[method] = done(planned(method, root, **overrides), RunStore(root))[0]
        return made[method].comparable()

    return record


def files_in(root):
    """Names of everything that is no folder, those of temporary files too."""
    return sorted(path.name for path in root.rglob("*") if not path.is_dir() and path.name != "filler")


def fails_with(folder, reason):
    return pytest.raises(UserError, match=f"^cannot write into '{re.escape(str(folder))}': {reason}$")


def at(step, happening):
    """A report that does something once."""

    def report(done, total):
        if done == step:
            happening()

    return report


def test_a_checkpoint_that_no_longer_fits_leaves_the_one_before_it(disk, undisturbed):
    store, free = RunStore(disk.root / "runs"), []
    request = planned("gdas", store.root, **LONG)
    work = store.work_folder(request.key)
    with fails_with(work, "No space left on device"):
        done(request, store, at(2 * PER_EPOCH + 1, lambda: free.append(disk.fill())))
    assert files_in(disk.root) == ["checkpoint.previous.pt", "checkpoint.pt"]
    assert checkpoint.load(work / "checkpoint.pt")["progress"]["epoch"] == 2
    free[0]()
    record, steps = done(request, store)
    assert steps[0] == 2 * PER_EPOCH + 1
    assert record.comparable() == undisturbed("gdas", **LONG)
    assert load_weights(store, request.key) is not None


def test_a_checkpoint_that_may_not_be_so_large_leaves_nothing(tmp_path, undisturbed):
    store = RunStore(tmp_path)
    request = planned("gdas", tmp_path, **LONG)
    work = store.work_folder(request.key)
    with fails_with(work, "File too large"), files_of_at_most(20_000):
        done(request, store)
    assert files_in(tmp_path) == []
    record, steps = done(request, store)
    assert steps[0] == 1
    assert record.comparable() == undisturbed("gdas", **LONG)


def test_a_record_that_no_longer_fits_is_made_again(disk, undisturbed):
    store = RunStore(disk.root / "runs")
    request = planned("rea", store.root)
    (store.root / "records").mkdir(parents=True)
    free = []
    with fails_with(store.root / "records", "No space left on device"):
        done(request, store, at(1, lambda: free.append(disk.fill())))
    assert files_in(disk.root) == []
    free[0]()
    assert done(request, store)[0].comparable() == undisturbed("rea")


def test_a_record_that_may_not_be_so_large_is_made_again(tmp_path, undisturbed):
    store = RunStore(tmp_path)
    request = planned("rea", tmp_path)
    with fails_with(tmp_path / "records", "File too large"), files_of_at_most(1000):
        done(request, store)
    assert files_in(tmp_path) == []
    assert done(request, store)[0].comparable() == undisturbed("rea")


def test_weights_that_no_longer_fit_are_kept_when_the_run_goes_on(disk, undisturbed):
    store, free = RunStore(disk.root / "runs"), []
    request = planned("gdas", store.root, **LONG)

    def no_room_after_training(found, total):
        if found == 6 * PER_EPOCH:
            free.append(disk.fill())

    with pytest.raises(UserError, match="No space left on device"):
        done(request, store, no_room_after_training)
    free[0]()
    record, _ = done(request, store)
    assert record.comparable() == undisturbed("gdas", **LONG)
    assert files_in(disk.root) == [f"{request.key}.json", f"{request.key}.pt"]


def test_a_folder_that_becomes_read_only_in_the_middle_stops_the_run_and_keeps_its_checkpoints(disk, undisturbed):
    store = RunStore(disk.root / "runs")
    request = planned("gdas", store.root, **LONG)
    work = store.work_folder(request.key)
    with fails_with(work, "Read-only file system"):
        run(request, store, at(3 * PER_EPOCH + 2, lambda: disk.becomes("ro")))
    with fails_with(store.root / "claims", "Read-only file system"):
        done(request, store)
    disk.becomes("rw")
    record, steps = done(request, store)
    assert steps[0] == 3 * PER_EPOCH + 1
    assert record.comparable() == undisturbed("gdas", **LONG)
    assert files_in(disk.root) == [f"{request.key}.json", f"{request.key}.pt"]


def interrupted(request, store, step):
    """A run that was stopped in this step; its newest checkpoint."""

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        done(request, store, at(step, stop))
    return store.work_folder(request.key) / "checkpoint.pt"


@pytest.mark.parametrize("size", [0, 9000], ids=["empty", "truncated"])
@pytest.mark.parametrize("lost", [1, 2])
def test_damaged_checkpoints_cost_what_was_computed_since_the_one_before_them(tmp_path, undisturbed, size, lost):
    store, told = RunStore(tmp_path), []
    request = planned("gdas", tmp_path, **LONG)
    newest = interrupted(request, store, 3 * PER_EPOCH + 2)
    for file in (newest, newest.with_name("checkpoint.previous.pt"))[:lost]:
        os.truncate(file, size)
    with told_to(told.append):
        record, steps = done(request, store)
    assert steps[0] == (2 * PER_EPOCH + 1 if lost == 1 else 1)
    assert len(told) == 1
    assert told[0].startswith(f"checkpoint '{newest}' is {'truncated or altered' if size else 'empty'}")
    assert record.comparable() == undisturbed("gdas", **LONG)
    assert files_in(tmp_path) == [f"{request.key}.json", f"{request.key}.pt"]


def test_a_full_disk_has_no_room_for_claims_and_says_so(disk):
    free = disk.fill()
    with fails_with(disk.root / "claims", "No space left on device"), claimed(disk.root, "00aa" * 5):
        pass
    free()
    with claimed(disk.root, "00aa" * 5):
        pass
    assert files_in(disk.root) == []
