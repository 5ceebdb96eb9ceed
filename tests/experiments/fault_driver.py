"""A plan of short runs, carried out as the command line does it: ROOT COUNT MEANS, the last as JSON.

Prints how many runs it made, found and lost. Runs are long enough to be killed in the middle, and leave checkpoints.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from nasrepro.errors import NasreproError
from nasrepro.experiments.executors.means import Means
from nasrepro.experiments.plan import plan
from nasrepro.pipeline import carry_out
from nasrepro.records.store import RunStore, read_folder

METHODS = ("randomnas", "gdas", "randomnas-nsas", "rea")
OVERRIDES = {"training": {"epochs": 30, "probe_cells": 8}}


def planned(root, count):
    """`count` runs, the methods in turn."""
    store, found = RunStore(root), []
    for number in range(count):
        found += plan(
            [METHODS[number % len(METHODS)]],
            "nb201-digits",
            [number // len(METHODS)],
            scale="smoke",
            protocol="sound",
            threads=1,
            overrides=OVERRIDES if METHODS[number % len(METHODS)] != "rea" else {},
            store=store,
        )
    return found


def main(root, count, means):
    try:
        outcome = carry_out(planned(root, count), RunStore(root), Means(**means))
    except NasreproError as error:
        sys.exit(str(error))
    made = len(outcome.records) - outcome.reused
    print(json.dumps({"made": made, "found": outcome.reused, "failed": [own.error for own in outcome.failures]}))


def started(root, count, **means):
    """A driver in a process of its own."""
    return subprocess.Popen(
        [sys.executable, __file__, str(root), str(count), json.dumps(means)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished(driver, timeout=600):
    """What a driver printed; its counts, and everything it told."""
    out, err = driver.communicate(timeout=timeout)
    assert driver.returncode == 0, err
    return json.loads(out.splitlines()[-1]), err


def workers_of(driver):
    """Process ids of everything below a driver that works: jobs' processes, and workers of a cluster."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
            words = status.with_name("cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        parents[int(status.parent.name)] = (int(fields[1]), words)
    found, generation = [], {driver}
    while generation:
        generation = {pid for pid, (parent, _) in parents.items() if parent in generation}
        found += [pid for pid in generation if "executors.worker" in parents[pid][1] or "spawn_main" in parents[pid][1]]
    return found


class Killer:
    """Kills a random worker of a driver every so many seconds, from its first checkpoint until it has ended, at most
    `most` of them."""

    def __init__(self, driver, root, seconds, most):
        self.kills, self._root = 0, root
        self._driver, self._seconds, self._most, self._random = driver, seconds, most, random.Random(0)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        while self._driver.poll() is None and not traces(self._root):
            time.sleep(0.05)
        while self._driver.poll() is None and self.kills < self._most:
            time.sleep(self._seconds * self._random.uniform(0.5, 1.5))
            victims = workers_of(self._driver.pid)
            if victims and self._driver.poll() is None:
                try:
                    os.kill(self._random.choice(victims), signal.SIGKILL)
                    self.kills += 1
                except ProcessLookupError:
                    continue


class Watch:
    """Notices every record that appears, and every one that is written again."""

    def __init__(self, root):
        self.rewritten, self._seen, self._folder = set(), {}, Path(root) / "records"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        while not self._over.is_set():
            self._look()
            time.sleep(0.02)
        self._look()

    def _look(self):
        if not self._folder.is_dir():
            return
        for entry in os.scandir(self._folder):
            if entry.name.startswith("."):
                continue
            try:
                mark = (entry.inode(), entry.stat().st_mtime_ns)
            except FileNotFoundError:
                continue
            if self._seen.setdefault(entry.name, mark) != mark:
                self.rewritten.add(entry.name)

    def ended(self):
        self._over.set()
        self._thread.join()
        return self.rewritten


def traces(root):
    """What lies in a store: changes with every checkpoint and every record."""
    found = set()
    for pattern in ("records/*.json", "work/*/checkpoint.pt"):
        for path in Path(root).glob(pattern):
            with suppress(FileNotFoundError):
                found.add((path.name, path.stat().st_mtime_ns))
    return found


def content(root):
    """What the records say that equal runs must share, by key."""
    return {record.key: record.comparable() for record in read_folder(Path(root) / "records")}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]))
