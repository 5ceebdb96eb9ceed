"""How long a plan takes on so many workers: list scheduling, with the times that a cost model gives.

A worker that is free takes the first task of the list that may start: that is what the executors do. No order is
worse than (2 − 1/m) times the best schedule on m workers as long as each task has one worker (Graham, 1969).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace

OVERHEAD = 0.05
"""Seconds between two tasks of a worker (`benchmarks/bench_executor.py`)."""
START = 3.0
"""Seconds until a new worker computes, most of them for loading libraries."""


@dataclass(frozen=True)
class Task:
    """So many seconds on so many workers at once, when the tasks `after`, by their places in the list, are done."""

    seconds: float
    workers: int = 1
    after: tuple[int, ...] = ()
    label: str = ""


@dataclass(frozen=True)
class Schedule:
    """When everything is done, and how well workers were used until then."""

    workers: int
    makespan: float
    """Seconds."""
    starts: tuple[float, ...]
    """Of each task, in the order of the list."""
    busy: float
    """Seconds of all workers together."""

    @property
    def idle(self) -> float:
        """Share of the workers' time until the end in which they have nothing to do."""
        return 1 - self.busy / (self.workers * self.makespan) if self.makespan else 0.0


def simulate(tasks: Sequence[Task], workers: int, *, start: float = 0.0, overhead: float = 0.0) -> Schedule:
    """Let `workers` take the tasks in the order of the list.

    A task that wants more workers than there are gets all of them, and takes longer in proportion. One that does not
    fit yet lets later ones go before it. `start` are the seconds before a worker's first task, and `overhead` those
    before every other one. Raises `ValueError` for no workers and for tasks that wait for each other.
    """
    if workers < 1:
        raise ValueError(f"a schedule needs a worker, not {workers}")
    fitted = [_fitted(task, workers) for task in tasks]
    waiting = [len(set(task.after)) for task in fitted]
    followers: list[list[int]] = [[] for _ in fitted]
    for place, task in enumerate(fitted):
        for before in set(task.after):
            followers[before].append(place)
    ready = [place for place, count in enumerate(waiting) if not count]
    starts, running = [-1.0] * len(fitted), []  # type: list[float], list[tuple[float, int]]
    now, free, fresh = 0.0, workers, workers
    while ready or running:
        ready, begun = _begin(fitted, ready, free)
        for place in begun:
            task = fitted[place]
            new = min(fresh, task.workers)
            fresh -= new
            starts[place] = now + (start if new else overhead)
            free -= task.workers
            heapq.heappush(running, (starts[place] + task.seconds, place))
        if not running:
            break
        now, done = running[0][0], []
        while running and running[0][0] <= now:
            done.append(heapq.heappop(running)[1])
        for place in done:
            free += fitted[place].workers
            for other in followers[place]:
                waiting[other] -= 1
                if not waiting[other]:
                    heapq.heappush(ready, other)
    if min(starts, default=0.0) < 0:
        raise ValueError("tasks wait for each other, so that none of them can start")
    return Schedule(workers, now, tuple(starts), sum(task.seconds * task.workers for task in fitted))


def longest_chain(tasks: Sequence[Task]) -> tuple[float, int]:
    """Seconds below which no number of workers comes, and the task that such a chain ends with."""
    ends = [0.0] * len(tasks)
    for place in reversed(_last_first(tasks)):
        ends[place] = max((ends[before] for before in tasks[place].after), default=0.0) + tasks[place].seconds
    last = max(range(len(tasks)), key=ends.__getitem__)
    return ends[last], last


def _fitted(task: Task, workers: int) -> Task:
    if task.workers <= workers:
        return task
    return replace(task, workers=workers, seconds=task.seconds * task.workers / workers)


def _begin(tasks: Sequence[Task], ready: list[int], free: int) -> tuple[list[int], list[int]]:
    """What stays in the heap of ready tasks, and those that start now, in order."""
    begun, kept = [], []
    while ready and free:
        place = heapq.heappop(ready)
        if tasks[place].workers <= free:
            free -= tasks[place].workers
            begun.append(place)
        else:
            kept.append(place)
    for place in kept:
        heapq.heappush(ready, place)
    return ready, begun


def _last_first(tasks: Sequence[Task]) -> list[int]:
    """Places, every task before those that it waits for."""
    waiting = [len(set(task.after)) for task in tasks]
    followers: list[list[int]] = [[] for _ in tasks]
    for place, task in enumerate(tasks):
        for before in set(task.after):
            followers[before].append(place)
    order = [place for place, count in enumerate(waiting) if not count]
    for place in order:
        for other in followers[place]:
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    return order[::-1]
