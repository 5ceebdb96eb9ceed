"""What carrying out costs: two workers against one, and what a job costs beside its own work.

    python benchmarks/bench_executor.py [--runs 40] [--jobs 200]

Every plan starts with an empty run store, and workers start anew. Best on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from nasrepro.experiments.execute import execute, execute_jobs
from nasrepro.experiments.executors.means import Means
from nasrepro.experiments.jobs import Job, Report
from nasrepro.experiments.plan import PlannedRun, plan
from nasrepro.records.store import RunStore

METHODS = ("randomnas", "gdas", "randomnas-nsas", "gdas-nsas")
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
    asked = parser.parse_args()
    table = Table("carried out by", f"{asked.runs} smoke runs", "of one worker's time", "beside a job's own work")
    one = None
    for name, means in (
        ("1 process", Means(1)),
        ("2 processes", Means(2)),
        ("cluster of 2 here", Means(cluster="local:2")),
    ):
        overhead = seconds_per_job(asked.jobs, means)
        seconds = seconds_of_plan(asked.runs, means)
        one = one or seconds
        table.add_row(name, f"{seconds:.1f} s", f"{seconds / one:.2f}", f"{1000 * overhead:.1f} ms")
    Console().print(table)


if __name__ == "__main__":
    main()
