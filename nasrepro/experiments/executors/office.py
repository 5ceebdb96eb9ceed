"""The driver's loop: hands out jobs, tries lost ones again, leaves alone what others are at, collects outcomes."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path

from nasrepro.errors import UserError, one_line
from nasrepro.experiments.display import Display
from nasrepro.experiments.executors.messages import pack_call, unpack_value
from nasrepro.experiments.executors.orders import Began, Ended, Ending, Event, Executor, Noticed, Order, Progressed
from nasrepro.experiments.jobs import Job, JobOutcome, error_file
from nasrepro.experiments.progress import Board, Progress, duration
from nasrepro.files import write_atomically

_TICK = 0.5
_FIRST_PAUSE, _PAUSE_GROWTH, _LONGEST_PAUSE = 1.0, 1.5, 30.0
"""Seconds until a job that somebody else is at is asked for again, and ever more rarely."""
MOST_LOSSES = {"lost": 10, "starved": 3}
"""Attempts in a row that may end so without getting further than any before, until the job counts as failed. Machines
go down and processes are killed for reasons of their own; a job that eats all memory will do so again."""


@dataclass
class Attempt:
    """A job on its way to its outcome."""

    job: Job
    request: str
    losses: Counter[str] = field(default_factory=Counter)
    """Attempts in a row that were lost and got no further, by kind of loss."""
    furthest: float = 0.0
    """Greatest share of the job that an attempt had done."""
    where: str | None = None
    """The worker that is at it, empty on this machine; None while nobody is."""
    pause: float = 0.0
    """Seconds until it was asked for again when somebody else was at it."""
    progress: Progress = field(default_factory=Progress)


class Office:
    """Takes jobs to an executor until every one has its outcome."""

    def __init__(
        self,
        jobs: Sequence[Job],
        executor: Executor,
        board: Board,
        work_root: Path,
        *,
        gpus: Sequence[int] = (),
        timeout: float | None = None,
    ) -> None:
        self.outcomes: dict[str, JobOutcome] = {}
        self._executor, self._board, self._work_root = executor, board, work_root
        self._gpus, self._timeout = list(gpus), timeout
        self._environment = _own_variables()
        self._unread = deque(jobs)
        self._waiting: deque[Attempt] = deque()
        self._busy: list[tuple[float, int, Attempt]] = []
        """Those that somebody else is at, in a heap by when to ask again."""
        self._open: dict[int, Attempt] = {}
        self._tickets = 0

    def run(self, shown: Display) -> None:
        """Until every job has its outcome."""
        while self._unread or self._waiting or self._busy or self._open:
            self._hand_out(shown)
            for event in self._executor.events(_TICK):
                self._take(event, shown)
            self._board.workers = max(1, min(self._executor.slots, self._board.total))
            shown.update([(own.job, own.progress) for own in self._open.values() if own.where is not None])

    def _hand_out(self, shown: Display) -> None:
        now = time.monotonic()
        while self._busy and self._busy[0][0] <= now:
            self._waiting.append(heappop(self._busy)[2])
        while self._executor.room > 0 and (attempt := self._next(shown)) is not None:
            self._tickets += 1
            self._open[self._tickets] = attempt
            order = Order(
                ticket=self._tickets,
                request=attempt.request,
                command=list(sys.argv),
                threads=attempt.job.threads,
                gpu=attempt.job.gpu,
                gpus=self._gpus,
                timeout=self._timeout,
                environment=self._environment,
            )
            self._executor.begin(order)

    def _next(self, shown: Display) -> Attempt | None:
        """Lost ones first, then those that nobody has looked at, then those that others were at."""
        if self._waiting and (self._waiting[0].losses or not self._unread):
            return self._waiting.popleft()
        while self._unread:
            job = self._unread.popleft()
            try:
                return Attempt(job, pack_call(job.call, job.args).decode())
            except Exception as error:
                told = f"the job cannot be sent to a worker: {one_line(error)}"
                self._settle(JobOutcome(job, error=told, traceback=told), shown)
        return self._waiting.popleft() if self._waiting else None

    def _take(self, event: Event, shown: Display) -> None:
        attempt = self._open.get(event.ticket)
        if attempt is None:
            return
        if isinstance(event, Began):
            self._began(attempt, event.where, shown)
        elif isinstance(event, Progressed):
            attempt.progress.report(event.done, event.total)
        elif isinstance(event, Noticed):
            shown.say(f"{attempt.job.label}: {event.text}")
        else:
            del self._open[event.ticket]
            self._ended(attempt, event, shown)

    def _began(self, attempt: Attempt, where: str, shown: Display) -> None:
        if attempt.where is None:
            self._board.begun(attempt.job)
        else:  # the cluster has begun it once more by itself
            shown.say(f"{attempt.job.label}: {attempt.where} is gone; {where} goes on from the last checkpoint")
        attempt.where, attempt.progress = where, Progress(where=where)

    def _ended(self, attempt: Attempt, event: Ended, shown: Display) -> None:
        job, ending = attempt.job, event.ending
        if ending.kind in MOST_LOSSES:
            further = attempt.progress.share > attempt.furthest
            attempt.furthest = max(attempt.furthest, attempt.progress.share)
            if further:
                attempt.losses.clear()
            attempt.losses[ending.kind] += 1
            if attempt.losses[ending.kind] < MOST_LOSSES[ending.kind]:
                shown.say(f"{job.label}: {ending.error}; it goes on from the last checkpoint")
                self._wait_again(attempt)
                self._waiting.appendleft(attempt)
                return
        if ending.kind == "busy":
            if not attempt.pause:
                shown.say(f"{job.label}: {ending.error}; its record is awaited")
            attempt.pause = min(max(_FIRST_PAUSE, attempt.pause * _PAUSE_GROWTH), _LONGEST_PAUSE)
            self._wait_again(attempt)
            heappush(self._busy, (time.monotonic() + attempt.pause, event.ticket, attempt))
            return
        self._settle(self._outcome(attempt, ending), shown)

    def _wait_again(self, attempt: Attempt) -> None:
        if attempt.where is not None:
            self._board.put_back(attempt.job)
        attempt.where = None

    def _outcome(self, attempt: Attempt, ending: Ending) -> JobOutcome:
        job, error = attempt.job, ending.error
        if ending.kind == "value":
            try:
                return JobOutcome(job, unpack_value(job.call, ending.content), seconds=ending.seconds)
            except ValueError as problem:
                error = f"the job's value cannot be read: {one_line(problem)}"
        if ending.kind in MOST_LOSSES:
            error = f"{error}; so ended {attempt.losses[ending.kind]} attempts in a row"
        if ending.kind == "late" and self._timeout is not None:
            error = f"it took longer than the {_limit(self._timeout)} of --run-timeout and was stopped"
        told = ending.traceback or error
        return JobOutcome(job, None, error, told, ending.seconds, mendable=ending.kind == "refused")

    def _settle(self, outcome: JobOutcome, shown: Display) -> None:
        self.outcomes[outcome.job.key] = outcome
        self._board.end(outcome)
        kept = error_file(self._work_root, outcome.job.key)
        with suppress(OSError, UserError):  # a full disk must not hide what happened
            if outcome.error is None or outcome.mendable:
                kept.unlink(missing_ok=True)
            else:
                write_atomically(kept, f"{outcome.error}\n\n{outcome.job.label}\n{outcome.traceback}\n".encode())
        if outcome.error is not None:
            shown.failure(outcome)


def _limit(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60 else duration(seconds)


def _own_variables() -> dict[str, str]:
    """Environment variables of this project, which say where data lie, for workers elsewhere; folders in full."""
    own = {name: value for name, value in os.environ.items() if name.startswith("NASREPRO_") and value}
    folders = {name: Path(value).expanduser() for name, value in own.items()}
    return own | {name: str(folder.absolute()) for name, folder in folders.items() if folder.exists()}
