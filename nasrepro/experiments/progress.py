"""How far jobs are, and how long the rest will take."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nasrepro.experiments.jobs import Job, JobOutcome


@dataclass
class Progress:
    """How far a job is. A resumed job begins above zero, which says nothing about its speed."""

    started: float = field(default_factory=time.monotonic)
    done: int = 0
    total: int = 0
    where: str = ""
    """Name of the worker, on a cluster."""
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


Running = Sequence[tuple[Job, Progress]]


class Board:
    """Counts, and the time that is left.

    A job that waits is expected to take as long as those of its group that have ended or are under way. A group of
    which nothing is known yet takes what was expected of it, at the pace of those that are known, or as long as the
    longest of these.
    """

    def __init__(self, jobs: Sequence[Job], workers: int) -> None:
        self.total = len(jobs)
        self.workers = max(1, min(workers, self.total))
        self.ended = 0
        self.failed = 0
        self.started = time.monotonic()
        self._waiting = Counter(job.group for job in jobs)
        self._expected = {job.group: job.expected for job in jobs if job.expected}
        self._seconds: dict[str, list[float]] = defaultdict(list)

    def begun(self, job: Job) -> None:
        self._waiting[job.group] -= 1

    def put_back(self, job: Job) -> None:
        """It was begun, and has to wait again."""
        self._waiting[job.group] += 1

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
        waiting = sum(count * self._length(group, lengths) for group, count in self._waiting.items())
        rests = [self._rest(job, progress, self._length(job.group, lengths)) for job, progress in running]
        return max([(waiting + sum(rests)) / self.workers, *rests])

    def _length(self, group: str, known: Mapping[str, float]) -> float:
        """Seconds that a job of the group takes, from what is known of some groups."""
        both = known.keys() & self._expected.keys()
        if group in known or group not in self._expected or not both:
            return known.get(group, max(known.values()))
        pace = sum(known[own] for own in both) / sum(self._expected[own] for own in both)
        return pace * self._expected[group]

    @staticmethod
    def _rest(job: Job, progress: Progress, length: float) -> float:
        known = progress.remaining()
        return known if known is not None else max(0.0, length - (time.monotonic() - progress.started))


def left(seconds: float | None) -> str:
    """`about 3 min left`; empty when nothing is known."""
    return "" if seconds is None else f"about {duration(seconds)} left"


def duration(seconds: float) -> str:
    """Rounded as people say it: 40 s, 3 min, 2 h 10 min."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
