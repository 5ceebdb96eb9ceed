"""What carrying out costs: two workers against one, and what a job costs beside its own work.

    python benchmarks/bench_executor.py [--runs 40] [--jobs 200] [--turns 5]

Every plan starts with an empty run store, and workers start anew. Ways of carrying it out take turns, so that a change
of the machine's speed hits all alike; medians are shown. Best on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from nasrepro.experiments.execute import execute, execute_jobs
from nasrepro.experiments.executors.means import Means
from nasrepro.experiments.jobs import Job, Report
from nasrepro.experiments.plan import PlannedRun, plan
from nasrepro.records.store import RunStore

METHODS = ("randomnas", "gdas", "randomnas-nsas", "gdas-nsas")
WAYS = {
    "1 process": Means(1),
    "2 processes": Means(2),
    "cluster of 2 here": Means(cluster="local:2"),
}
QUIET = Console(quiet=True)


def nothing(*, report: Report) -> None:
    """A job without work."""


def smoke_plan(store: RunStore, runs: int) -> list[PlannedRun]:
    """`runs` trainings of supernets at scale smoke."""
    return plan(
        METHODS,
        "nb201-digits",
        range(runs // len(METHODS)),
        scale="smoke",
        protocol="sound",
        threads=1,
        overrides={},
        store=store,
    )


def seconds_of_plan(runs: int, means: Means) -> float:
    """Of all runs, from an empty store to the last record."""
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        planned = smoke_plan(store, runs)
        began = time.perf_counter()
        outcome = execute(planned, store, means=means, console=QUIET)
        assert len(outcome.records) == len(planned)
        return time.perf_counter() - began


def seconds_per_job(jobs: int, means: Means) -> float:
    """Of a job that does nothing, when workers are there already: the difference between many and few of them."""

    def seconds(count: int) -> float:
        with tempfile.TemporaryDirectory() as folder:
            todo = [Job(f"job-{number}", "job", nothing) for number in range(count)]
            began = time.perf_counter()
            execute_jobs(todo, means, work_root=Path(folder), title="jobs", console=QUIET)
            return time.perf_counter() - began

    few = seconds(10)
    return (seconds(10 + jobs) - few) / jobs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    beside: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(asked.turns):
        for name, means in WAYS.items():
            beside[name].append(seconds_per_job(asked.jobs, means))
            taken[name].append(seconds_of_plan(asked.runs, means))
    one = taken[next(iter(WAYS))]
    table = Table("carried out by", f"{asked.runs} smoke runs", "of one worker's time", "beside a job's own work")
    for name, seconds in taken.items():
        shares = [own / first for own, first in zip(seconds, one, strict=True)]
        table.add_row(
            name,
            f"{median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f})",
            f"{median(shares):.2f} ({min(shares):.2f} to {max(shares):.2f})",
            f"{1000 * median(beside[name]):.1f} ms",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
