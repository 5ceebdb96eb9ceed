"""What is shown while jobs run: live bars on a terminal, an occasional line anywhere else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from nasrepro.experiments.jobs import Job, JobOutcome
from nasrepro.experiments.progress import Board, Progress, Running, left

if TYPE_CHECKING:
    from rich.console import Console


class Display(Protocol):
    """Told about every change; decides itself how often to draw."""

    def __enter__(self) -> Display: ...

    def __exit__(self, *_: object) -> None: ...

    def update(self, running: Running) -> None: ...

    def say(self, text: str) -> None:
        """One line that stays."""

    def failure(self, outcome: JobOutcome) -> None: ...


def display(board: Board, title: str, console: Console) -> Display:
    """Bars where the console can redraw, lines where it cannot."""
    return Bars(board, title, console) if console.is_terminal else Lines(board, title, console)


class Bars:
    """One bar for everything, and one for each of the first running jobs."""

    _SECONDS_BETWEEN = 0.5
    _MOST = 12
    """Bars of single jobs; a cluster runs more than fit a screen."""

    def __init__(self, board: Board, title: str, console: Console) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        self._board = board
        self._drawn = 0.0
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[count]}", markup=False),
            TextColumn("{task.fields[left]}", markup=False, style="dim"),
            console=console,
            auto_refresh=False,
            transient=True,
        )
        self._all = self._progress.add_task(title, total=board.total, count=f"0/{board.total}", left="")
        self._tasks: dict[str, object] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, running: Running) -> None:
        now = time.monotonic()
        if now - self._drawn < self._SECONDS_BETWEEN:
            return
        self._drawn = now
        keys = {job.key for job, _ in running}
        for key in [key for key in self._tasks if key not in keys]:
            self._progress.remove_task(self._tasks.pop(key))  # type: ignore[arg-type]
        board = self._board
        self._progress.update(
            self._all,
            completed=board.share(running),
            count=f"{board.ended}/{board.total}",
            left=left(board.remaining(running)),
        )
        for job, progress in running:
            if job.key not in self._tasks:
                if len(self._tasks) >= self._MOST:
                    continue
                label = f"  {job.label}" + (f" on {progress.where}" if progress.where else "")
                self._tasks[job.key] = self._progress.add_task(label, total=1.0, count="", left="")
            count = f"{progress.done}/{progress.total}" if progress.total else ""
            self._progress.update(
                self._tasks[job.key],  # type: ignore[arg-type]
                completed=progress.share,
                count=count,
                left=left(progress.remaining()),
            )
        self._progress.refresh()

    def say(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def failure(self, outcome: JobOutcome) -> None:
        self.say(failure_line(outcome))


class Lines:
    """A line after five seconds, then ever more rarely; failures at once."""

    _FIRST, _GROWTH, _RAREST = 5.0, 1.5, 60.0
    _MOST = 4
    """Jobs that a line names."""

    def __init__(self, board: Board, title: str, console: Console) -> None:
        self._board = board
        self._title = title
        self._console = console
        self._pause = self._FIRST
        self._next = time.monotonic() + self._pause

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, running: Running) -> None:
        now = time.monotonic()
        if now < self._next or not running:
            return
        self._pause = min(self._pause * self._GROWTH, self._RAREST)
        self._next = now + self._pause
        board = self._board
        states = ", ".join(_state(job, progress) for job, progress in running[: self._MOST])
        states += f" and {len(running) - self._MOST} more" if len(running) > self._MOST else ""
        parts = [f"{self._title}: {board.ended} of {board.total} done", states, left(board.remaining(running))]
        self.say("; ".join(part for part in parts if part))

    def failure(self, outcome: JobOutcome) -> None:
        self.say(failure_line(outcome))

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _state(job: Job, progress: Progress) -> str:
    return f"{job.label} {100 * progress.share:.0f} %" if progress.total else job.label


def failure_line(outcome: JobOutcome) -> str:
    """One line for people."""
    return f"{outcome.job.label} failed: {outcome.error}"
