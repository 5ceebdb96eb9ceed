"""Carries out jobs: those that are not done, wherever the user wants, each isolated from the others' failures."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nasrepro.experiments.claiming import claimed
from nasrepro.experiments.display import display, failure_line
from nasrepro.experiments.executors.means import Means
from nasrepro.experiments.executors.office import Office
from nasrepro.experiments.jobs import Interrupted, Job, JobOutcome, Report, failed_before
from nasrepro.experiments.plan import PlannedRun
from nasrepro.experiments.progress import Board
from nasrepro.experiments.standalone_oracle import job_of
from nasrepro.experiments.truths import trainings_for
from nasrepro.notices import told_to
from nasrepro.records.record import RunRecord
from nasrepro.records.spec import RunSpec
from nasrepro.records.standalone import StandaloneSpec
from nasrepro.records.store import RunStore

if TYPE_CHECKING:
    from rich.console import Console

Lengths = Callable[[RunSpec | StandaloneSpec], float | None]
"""Expected seconds of a run or of a training, None where nothing is known."""


def unknown_lengths(_: RunSpec | StandaloneSpec) -> None:
    """The length of everything, for those who know nothing about it."""


@dataclass(frozen=True)
class Outcome:
    """What a set of planned runs has come to."""

    records: list[RunRecord]
    """Of the runs that are done, in the plan's order, each once."""
    failures: list[JobOutcome]
    reused: int
    """How many records somebody else has made, before or meanwhile."""


@dataclass(frozen=True)
class DoneRun:
    """What a worker comes back with."""

    record: RunRecord
    made: bool
    """False where another command has made it since the plan."""


def execute(
    planned: Sequence[PlannedRun],
    store: RunStore,
    *,
    means: Means,
    console: Console,
    lengths: Lengths = unknown_lengths,
) -> Outcome:
    """Do the runs that have no record yet; a run that was begun before continues at its checkpoint.

    Where cells are trained that every run is held against, these trainings are jobs before the runs, which do not wait
    for all of them. One that fails is tried again, and named, by a run that needs it. Of both the longest begin first,
    as far as `lengths` tells.

    A run that fails is reported in the outcome and leaves the others alone. Raises `Interrupted` on Ctrl-C.
    """
    plan = list({run.key: run for run in planned}.values())
    records = {run.key: record for run in plan if (record := store.get(run.key)) is not None}
    reused = len(records)
    todo = [run for run in plan if run.key not in records]
    trainings = [job_of(training, store, expected=lengths(training.spec)) for training in trainings_for(todo, store)]
    named = len({run.spec.benchmark for run in todo}) > 1
    runs = [_job(run, store, lengths(run.spec), named=named) for run in todo]
    outcomes = execute_jobs(
        [*sorted(trainings, key=_longest_first), *sorted(runs, key=_longest_first)],
        means,
        work_root=store.root / "work",
        title="runs and trainings" if trainings else "runs",
        console=console,
    )[len(trainings) :]
    done: list[DoneRun] = [outcome.value for outcome in outcomes if outcome.error is None]
    records |= {own.record.key: own.record for own in done}
    reused += sum(not own.made for own in done)
    return Outcome(
        records=[records[run.key] for run in plan if run.key in records],
        failures=[outcome for outcome in outcomes if outcome.error is not None],
        reused=reused,
    )


def _job(run: PlannedRun, store: RunStore, expected: float | None, *, named: bool) -> Job:
    spec = run.spec
    return Job(
        run.key,
        f"{run.name} seed {spec.seed}" + (f" on {spec.benchmark}" if named else ""),
        run_planned,
        (run, store.absolute()),
        group=f"{run.name} {spec.benchmark} {spec.scale}",
        threads=spec.threads,
        gpu=spec.device != "cpu",
        expected=expected,
    )


def _longest_first(job: Job) -> float:
    """Those of which nothing is known before all others, because they may be long."""
    return -math.inf if job.expected is None else -job.expected


def run_planned(planned: PlannedRun, store: RunStore, *, report: Report) -> DoneRun:
    """One run, in a worker. Raises `Busy` while somebody else is at it: there is other work to do meanwhile."""
    from nasrepro.experiments.runner import run

    with claimed(store.root, planned.key, wait=False) as claim:
        existing = store.get(planned.key)
        if existing is not None:
            return DoneRun(existing, made=False)
        return DoneRun(run(planned, store, claim.watched(report), claim.check), made=True)


def execute_jobs(
    jobs: Sequence[Job], means: Means, *, work_root: Path, title: str, console: Console
) -> list[JobOutcome]:
    """Run every job once, begun and returned in the order of `jobs`, equal keys merged.

    Workers are fresh interpreters that take one job after another until one kills them. The traceback of a failed job
    is kept in `<work_root>/<key>/error.txt`; as long as it is there, the job is tried again only where `means` says so.
    Raises `Interrupted` on Ctrl-C or SIGTERM, after all workers have been stopped, and `RunFailed` where a cluster is
    gone.
    """
    unique = list({job.key: job for job in reversed(jobs)}.values())[::-1]
    failed = {} if means.retry_failed else _failed_before(unique, work_root, console)
    todo = [job for job in unique if job.key not in failed]
    outcomes = failed | (_carried_out(todo, means, work_root, title, console) if todo else {})
    return [outcomes[job.key] for job in unique]


def _failed_before(jobs: Sequence[Job], work_root: Path, console: Console) -> dict[str, JobOutcome]:
    found = {job.key: outcome for job in jobs if (outcome := failed_before(work_root, job)) is not None}
    for outcome in found.values():
        line = f"not tried again: {failure_line(outcome)}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return found


def _carried_out(jobs: list[Job], means: Means, work_root: Path, title: str, console: Console) -> dict[str, JobOutcome]:
    with _sigterm_is_an_interrupt():
        executor = means.open(max(job.threads for job in jobs), gpu=any(job.gpu for job in jobs))
        board = Board(jobs, executor.slots)
        office = Office(jobs, executor, board, work_root, gpus=means.gpus, timeout=means.run_timeout)
        patience = 0.0
        try:
            with display(board, title, console) as shown, told_to(shown.say):
                office.run(shown)
            patience = 2.0
        except KeyboardInterrupt:
            done = f"{board.ended - board.failed} of {board.total} {title} are done"
            raise Interrupted(f"interrupted, {done}; the same command continues where this one stopped") from None
        finally:
            executor.close(patience=patience)
    return office.outcomes


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
