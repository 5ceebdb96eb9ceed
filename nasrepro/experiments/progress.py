"""What is shown while jobs run: live bars on a terminal, an occasional line anywhere else."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from nasrepro.experiments.crew import Progress
from nasrepro.experiments.jobs import Job, JobOutcome

if TYPE_CHECKING:
    from rich.console import Console

Running = Sequence[tuple[Job, Progress]]


class Board:
    """Counts, and the time that is left.

    A job that waits is expected to take as long as those of its group that have ended or are under way; a group of
    which nothing is known yet, as long as the longest one known.
    """

    def __init__(self, jobs: Sequence[Job], workers: int) -> None:
        self.total = len(jobs)
        self.workers = max(1, min(workers, self.total))
        self.ended = 0
        self.failed = 0
        self.started = time.monotonic()
        self._waiting = Counter(job.group for job in jobs)
        self._seconds: dict[str, list[float]] = defaultdict(list)

    def begun(self, job: Job) -> None:
        self._waiting[job.group] -= 1

    def end(self, outcome: JobOutcome) -> None:
        self.ended += 1
        if outcome.error is None:
            self._seconds[outcome.job.group].append(outcome.seconds)
        else:
            self.failed += 1

    def share(self, running: Running) -> float:
        """Jobs done, counting the parts of running ones."""
        return self.ended + sum(progress.share for _, progress in running)

    def remaining(self, running: Running) -> float | None:
        """Expected seconds to the end of all jobs; None as long as nothing is known."""
        lengths = {group: sum(seconds) / len(seconds) for group, seconds in self._seconds.items()}
        for job, progress in running:
            length = progress.length()
            if job.group not in lengths and length is not None:
                lengths[job.group] = length
        if not lengths:
            return None
        longest = max(lengths.values())
        waiting = sum(count * lengths.get(group, longest) for group, count in self._waiting.items())
        rests = [self._rest(job, progress, lengths.get(job.group, longest)) for job, progress in running]
        return max([(waiting + sum(rests)) / self.workers, *rests])

    @staticmethod
    def _rest(job: Job, progress: Progress, length: float) -> float:
        known = progress.remaining()
        return known if known is not None else max(0.0, length - (time.monotonic() - progress.started))


class Display(Protocol):
    """Told about every change; decides itself how often to draw."""

    def __enter__(self) -> Display: ...

    def __exit__(self, *_: object) -> None: ...

    def update(self, running: Running) -> None: ...

    def failure(self, outcome: JobOutcome) -> None: ...


def display(board: Board, title: str, console: Console) -> Display:
    """Bars where the console can redraw, lines where it cannot."""
    return Bars(board, title, console) if console.is_terminal else Lines(board, title, console)


class Bars:
    """One bar for everything, and one per running job."""

    _SECONDS_BETWEEN = 0.5

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
                self._tasks[job.key] = self._progress.add_task(f"  {job.label}", total=1.0, count="", left="")
            count = f"{progress.done}/{progress.total}" if progress.total else ""
            self._progress.update(
                self._tasks[job.key],  # type: ignore[arg-type]
                completed=progress.share,
                count=count,
                left=left(progress.remaining()),
            )
        self._progress.refresh()

    def failure(self, outcome: JobOutcome) -> None:
        self._progress.console.print(failure_line(outcome), markup=False, highlight=False, soft_wrap=True)


class Lines:
    """A line after five seconds, then ever more rarely; failures at once."""

    _FIRST, _GROWTH, _RAREST = 5.0, 1.5, 60.0

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
        states = ", ".join(_state(job, progress) for job, progress in running)
        parts = [f"{self._title}: {board.ended} of {board.total} done", states, left(board.remaining(running))]
        self._print("; ".join(part for part in parts if part))

    def failure(self, outcome: JobOutcome) -> None:
        self._print(failure_line(outcome))

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _state(job: Job, progress: Progress) -> str:
    return f"{job.label} {100 * progress.share:.0f} %" if progress.total else job.label


def failure_line(outcome: JobOutcome) -> str:
    """One line for people."""
    return f"{outcome.job.label} failed: {outcome.error}"


def left(seconds: float | None) -> str:
    """`about 3 min left`; empty when nothing is known."""
    return "" if seconds is None else f"about {duration(seconds)} left"


def duration(seconds: float) -> str:
    """Rounded as people say it: 40 s, 3 min, 2 h 10 min."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
