"""How fast plans are made: 10,000 runs, the plan and the list of everything. Prints seconds against their limits.

python benchmarks/bench_plan.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nasrepro.experiments.capacity.simulation import Task, simulate
from nasrepro.experiments.plan import plan
from nasrepro.records.store import RunStore

RUNS = 10_000


def planned(methods: list[str], benchmark: str) -> int:
    """Plans so many runs in all."""
    with tempfile.TemporaryDirectory() as folder:
        seeds = range(RUNS // len(methods))
        found = plan(
            methods,
            benchmark,
            seeds,
            scale="laptop",
            protocol="sound",
            threads=1,
            overrides={},
            store=RunStore(Path(folder)),
        )
    return len(found)


def scheduled() -> int:
    """Simulates a schedule of so many jobs on a thousand workers."""
    tasks = [Task(float(1 + number * 7919 % 1000)) for number in range(RUNS)]
    return len(simulate(tasks, 1000).starts)


def command(*words: str) -> Callable[[], int]:
    """A command in a process of its own, in an empty folder."""

    def call() -> int:
        with tempfile.TemporaryDirectory() as folder:
            ran = subprocess.run(
                [sys.executable, "-m", "nasrepro", *words], cwd=folder, capture_output=True, check=True
            )
        return len(ran.stdout.splitlines())

    return call


CASES: dict[str, tuple[Callable[[], int], float]] = {
    "10,000 seeds of gdas": (lambda: planned(["gdas"], "nb201-digits"), 3.0),
    "10,000 seeds of random": (lambda: planned(["random"], "nb201-digits"), 3.0),
    "2,500 seeds of four methods": (lambda: planned(["gdas", "e2nas", "randomnas", "rea"], "nb201-digits"), 3.0),
    "2,500 seeds of four recurrent searches": (
        lambda: planned(["gdas", "darts-v1", "randomnas", "enas"], "rnn-grammar"),
        3.0,
    ),
    "a schedule of 10,000 jobs on 1,000 workers": (scheduled, 3.0),
    "reproduce --scale paper --plan": (command("reproduce", "--scale", "paper", "--plan"), 5.0),
    "reproduce --plan": (command("reproduce", "--plan"), 5.0),
    "reproduce --list": (command("reproduce", "--list"), 2.0),
}


def main() -> None:
    planned(["gdas", "e2nas"], "nb201-digits")  # libraries are loaded
    for name, (call, limit) in CASES.items():
        began = time.perf_counter()
        count = call()
        print(f"{name:44} {time.perf_counter() - began:6.2f} s  (at most {limit:g})  {count:,}", flush=True)


if __name__ == "__main__":
    main()
