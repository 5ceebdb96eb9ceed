"""Runs jobs on this machine: some worker processes at a time, each job isolated from the others' failures."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasrepro.experiments.claiming import claimed
from nasrepro.experiments.crew import Worker
from nasrepro.experiments.jobs import Interrupted, Job, JobOutcome, Report, error_file
from nasrepro.experiments.plan import PlannedRun
from nasrepro.experiments.progress import Board, Display, display
from nasrepro.files import write_atomically
from nasrepro.records.record import RunRecord
from nasrepro.records.store import RunStore

if TYPE_CHECKING:
    from rich.console import Console

_TICK = 0.5


@dataclass(frozen=True)
class Outcome:
    """What a set of planned runs has come to."""

    records: list[RunRecord]
    """Of the runs that are done, in the plan's order, each once."""
    failures: list[JobOutcome]
    reused: int
    """How many records were in the store before."""


def default_workers(threads: int) -> int:
    """Cores this process may use ÷ threads of a run, at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // max(1, threads))


def execute(planned: Sequence[PlannedRun], store: RunStore, *, workers: int, console: Console) -> Outcome:
    """Do the runs that have no record yet; a run that was begun before continues at its checkpoint.

    A run that fails is reported in the outcome and leaves the others alone. Raises `Interrupted` on Ctrl-C.
    """
    plan = list({run.key: run for run in planned}.values())
    records = {run.key: record for run in plan if (record := store.get(run.key)) is not None}
    reused = len(records)
    todo = [run for run in plan if run.key not in records]
    outcomes = execute_jobs(
        [Job(run.key, f"{run.name} seed {run.spec.seed}", run_planned, (run, store), group=run.name) for run in todo],
        workers=workers,
        work_root=store.root / "work",
        title="runs",
        console=console,
        threads=max((run.spec.threads for run in todo), default=1),
    )
    records |= {outcome.job.key: outcome.value for outcome in outcomes if outcome.error is None}
    return Outcome(
        records=[records[run.key] for run in plan if run.key in records],
        failures=[outcome for outcome in outcomes if outcome.error is not None],
        reused=reused,
    )


def run_planned(planned: PlannedRun, store: RunStore, *, report: Report) -> RunRecord:
    """One run, in a worker. Two commands that share a store wait for each other instead of doing it twice."""
    from nasrepro.experiments.runner import run

    with claimed(store.root, planned.key):
        return run(planned, store, report)


def execute_jobs(
    jobs: Sequence[Job], *, workers: int, work_root: Path, title: str, console: Console, threads: int = 1
) -> list[JobOutcome]:
    """Run every job once, at most `workers` at a time; outcomes in the order of `jobs`, equal keys merged.

    Workers are fresh interpreters with `threads` threads for numerical libraries; a worker takes one job after
    another until one kills it. The traceback of a failed job is kept in `<work_root>/<key>/error.txt`.
    Raises `Interrupted` on Ctrl-C or SIGTERM, after all workers have been stopped.
    """
    unique = list({job.key: job for job in reversed(jobs)}.values())[::-1]
    if not unique:
        return []
    board = Board(unique, workers)
    with tempfile.TemporaryDirectory(prefix="nasrepro-") as logs, _sigterm_is_an_interrupt():
        office = _Office(unique, board, Path(logs), work_root, threads)
        try:
            with display(board, title, console) as shown:
                office.run(shown)
        except KeyboardInterrupt:
            office.close(patience=0.0)
            done = f"{board.ended - board.failed} of {board.total} {title} are done"
            raise Interrupted(f"interrupted, {done}; the same command continues where this one stopped") from None
        finally:
            office.close(patience=2.0)
    return [office.outcomes[job.key] for job in unique]


class _Office:
    """Hires workers, hands out jobs, collects outcomes."""

    def __init__(self, jobs: list[Job], board: Board, logs: Path, work_root: Path, threads: int) -> None:
        self.outcomes: dict[str, JobOutcome] = {}
        self._waiting = deque(jobs)
        self._board = board
        self._logs = logs
        self._work_root = work_root
        self._threads = threads
        self._crew: list[Worker] = []
        self._hired = 0

    def run(self, shown: Display) -> None:
        """Until every job has its outcome."""
        while self._waiting or self._crew:
            while self._waiting and len(self._crew) < self._board.workers:
                self._hire(shown)
            ready: list[Any] = wait([worker.connection for worker in self._crew], timeout=_TICK)
            for worker in [worker for worker in self._crew if worker.connection in ready]:
                outcome = worker.receive()
                if outcome is not None:
                    self._settle(outcome, shown)
                    self._employ(worker, shown)
            shown.update([(worker.job, worker.progress) for worker in self._crew if worker.job is not None])

    def close(self, *, patience: float) -> None:
        """Let all workers go; a busy one is stopped after `patience` seconds."""
        while self._crew:
            self._crew.pop().dismiss(patience=patience)

    def _hire(self, shown: Display) -> None:
        worker = Worker(self._logs / f"worker-{self._hired}.txt", self._threads)
        self._hired += 1
        self._crew.append(worker)
        self._employ(worker, shown)

    def _employ(self, worker: Worker, shown: Display) -> None:
        """Give a free worker the next job; without one, or if the worker is dead, let it go."""
        while self._waiting and worker.alive:
            job = self._waiting.popleft()
            self._board.begun(job)
            outcome = worker.begin(job)
            if outcome is None:
                return
            self._settle(outcome, shown)
        self._crew.remove(worker)
        worker.dismiss(patience=2.0)

    def _settle(self, outcome: JobOutcome, shown: Display) -> None:
        self.outcomes[outcome.job.key] = outcome
        self._board.end(outcome)
        kept = error_file(self._work_root, outcome.job.key)
        if outcome.error is None:
            kept.unlink(missing_ok=True)
        else:
            write_atomically(kept, f"{outcome.job.label}\n{outcome.traceback}\n".encode())
            shown.failure(outcome)


@contextmanager
def _sigterm_is_an_interrupt() -> Iterator[None]:
    """So that stopping a batch job leaves things as orderly as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
