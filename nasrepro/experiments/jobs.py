"""A job is one call made in a worker process; its outcome is a value or an error, never an exception."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nasrepro.errors import NasreproError, RunFailed

Report = Callable[[int, int], None]
"""`report(done, total)`; may be called as often as is convenient."""


class Interrupted(NasreproError):
    """Ctrl-C or SIGTERM. Finished jobs are stored and unfinished ones have left their checkpoints."""

    exit_code = 130


@dataclass(frozen=True)
class Job:
    """`call(*args, report=report)`, to be run once in a process of its own choosing.

    `call` is a function of a module whose annotations say what its arguments and its value are: plain values, paths,
    dataclasses or pydantic models, because workers are fresh interpreters that are told in JSON.
    """

    key: str
    """Equal keys are the same work: it is done once."""
    label: str
    """Names the job to people."""
    call: Callable[..., Any]
    args: tuple[Any, ...] = ()
    group: str = ""
    """Jobs of one group are expected to take about equally long."""
    threads: int = 1
    """That numerical libraries may use."""
    gpu: bool = False
    """Whether it computes on one."""
    expected: float | None = None
    """Seconds that it should take, where that is known."""


@dataclass(frozen=True)
class JobOutcome:
    """What became of a job: `error` is None exactly when `value` is what the call returned."""

    job: Job
    value: Any = None
    error: str | None = None
    """One line."""
    traceback: str | None = None
    """Everything known about the error; also in the file `error_file` names."""
    seconds: float = 0.0
    earlier: bool = False
    """Whether it failed in an earlier attempt, which was not repeated."""
    mendable: bool = False
    """Whether the user can do something about the error, such as make room on a disk; it is not remembered then."""


def failed_before(work_root: Path, job: Job) -> JobOutcome | None:
    """The outcome of a job that failed when it was last tried, None for one that did not."""
    try:
        kept = error_file(work_root, job.key).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return JobOutcome(job, error=kept.partition("\n")[0], traceback=kept, earlier=True)


def error_file(work_root: Path, key: str) -> Path:
    """Where the traceback of a failed job is kept until the job succeeds."""
    return work_root / key / "error.txt"


def failed_jobs(
    failures: Sequence[JobOutcome], total: int, work_root: Path, what: str, again: str = "--retry-failed"
) -> RunFailed:
    """The error that names every failed job and where its traceback is; `what` they are, in the plural, and `again`
    what tries them again."""
    named = "; ".join(
        f"{failure.job.label}: {failure.error}"
        + ("" if failure.mendable else f" (see '{error_file(work_root, failure.job.key)}')")
        for failure in failures
    )
    earlier = sum(failure.earlier for failure in failures)
    before = f", {earlier} of them before" if earlier else ""
    again = "the same command" if all(failure.mendable for failure in failures) else again
    return RunFailed(f"{len(failures)} of {total} {what} failed{before}; {again} tries them again: {named}")
