"""A job is one call made in a worker process; its outcome is a value or an error, never an exception."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nasrepro.errors import NasreproError

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


def error_file(work_root: Path, key: str) -> Path:
    """Where the traceback of a failed job is kept until the job succeeds."""
    return work_root / key / "error.txt"
