"""The parent's side of one worker process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context, resource_tracker
from pathlib import Path
from typing import Any

from nasrepro.experiments.jobs import Job, JobOutcome
from nasrepro.experiments.messages import ERROR, PROGRESS, pack_call, unpack, unpack_value
from nasrepro.experiments.worker import one_line, serve

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_LOG_TAIL = 4000


@dataclass
class Progress:
    """How far a job is. A resumed job begins above zero, which says nothing about its speed."""

    started: float = field(default_factory=time.monotonic)
    done: int = 0
    total: int = 0
    first: tuple[float, float] | None = None
    """Time and share of the first report."""

    def report(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self.first is None:
            self.first = (time.monotonic(), self.share)

    @property
    def share(self) -> float:
        """Done so far, in [0, 1]."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    def remaining(self) -> float | None:
        """Expected seconds to the end, or None as long as the pace is unknown."""
        if self.first is None or self.share <= self.first[1]:
            return None
        pace = (time.monotonic() - self.first[0]) / (self.share - self.first[1])
        return pace * (1 - self.share)

    def length(self) -> float | None:
        """Expected seconds of the whole job if it is done without a break, or None."""
        rest = self.remaining()
        return None if rest is None or self.share == 1 else rest / (1 - self.share)


class Worker:
    """A process and the job it is busy with."""

    def __init__(self, log: Path, threads: int) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._log = log
        self._process = context.Process(target=serve, args=(theirs, str(log)), daemon=True)
        with _environment(threads), _interrupts_held_back():
            self._process.start()
        theirs.close()  # so that the worker's end shows up here as the end of the pipe
        self.job: Job | None = None
        self.progress = Progress()

    def begin(self, job: Job) -> JobOutcome | None:
        """Hand over a job; an outcome comes back at once only when that fails."""
        self.job, self.progress = job, Progress()
        try:
            request = pack_call(job.call, job.args)
        except Exception as error:
            return self._outcome(error=f"the job cannot be sent to a worker: {one_line(error)}")
        try:
            self.connection.send_bytes(request)
        except OSError:
            return self._death()
        return None

    def receive(self) -> JobOutcome | None:
        """Read one message: the outcome when the job has ended, None when it was progress."""
        try:
            answer = self.connection.recv_bytes()
        except (EOFError, OSError):
            return self._death()
        kind, content = unpack(answer)
        if kind == PROGRESS:
            self.progress.report(*content)
            return None
        if kind == ERROR:
            return self._outcome(error=content[0], traceback=content[1] + self._printed())
        assert self.job is not None
        try:
            return self._outcome(value=unpack_value(self.job.call, content[0]))
        except ValueError as error:
            return self._outcome(error=f"the job's value cannot be read: {one_line(error)}")

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def dismiss(self, *, patience: float) -> None:
        """End the process: when idle it leaves by itself, otherwise it is stopped after `patience` seconds."""
        self.connection.close()
        self._process.join(patience)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(1.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()

    def _death(self) -> JobOutcome:
        self._process.join()
        error = f"its process {_how(self._process.exitcode)}"
        return self._outcome(error=error, traceback=f"{error}\n{self._printed()}")

    def _outcome(self, *, value: Any = None, error: str | None = None, traceback: str | None = None) -> JobOutcome:
        assert self.job is not None
        seconds = time.monotonic() - self.progress.started
        job, self.job = self.job, None
        return JobOutcome(job, value, error, traceback or error, seconds)

    def _printed(self) -> str:
        """The end of what the job printed, in which the interpreter says where it crashed."""
        try:
            text = self._log.read_bytes()[-_LOG_TAIL:].decode(errors="replace").strip()
        except OSError:
            return ""
        return f"\nprinted by the job:\n{text}\n" if text else ""


def _how(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        try:
            name = signal.Signals(-exitcode).name
        except ValueError:
            name = f"signal {-exitcode}"
        hint = " (out of memory?)" if name == "SIGKILL" else ""
        return f"was killed by {name}{hint}"
    return f"ended with exit code {exitcode} before the job was done"


@contextmanager
def _environment(threads: int) -> Iterator[None]:
    """Numerical libraries read these variables once, when they are loaded."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """A worker starts with Ctrl-C blocked: it could otherwise end in a traceback before it can ignore it."""
    resource_tracker.ensure_running()  # starting it inside would lift the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
