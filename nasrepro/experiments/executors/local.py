"""Jobs on this machine: some processes at a time, each with its cores and, where it needs one, its GPU."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Sequence
from contextlib import suppress

from nasrepro.errors import one_line
from nasrepro.experiments.executors.hands import Hand, gpu_names
from nasrepro.experiments.executors.messages import PROGRESS
from nasrepro.experiments.executors.orders import Began, Ended, Ending, Event, Noticed, Order, Progressed


def default_workers(threads: int, gpus: Sequence[object] = ()) -> int:
    """As many as there are GPUs to compute on; else cores this process may use ÷ threads of a run, at least 1."""
    if gpus:
        return len(gpus)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // max(1, threads))


class LocalExecutor:
    """`workers` processes that take one job after another. Worker i computes on GPU i, and again from the first where
    there are fewer GPUs than workers."""

    def __init__(self, workers: int, gpus: Sequence[int] = ()) -> None:
        self._slots = workers
        self._gpus = gpu_names(gpus)
        self._hands: dict[int, Hand] = {}
        self._free = list(range(workers))[::-1]
        self._threads: list[threading.Thread] = []
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._closed = False

    @property
    def slots(self) -> int:
        return self._slots

    @property
    def room(self) -> int:
        return len(self._free)

    def begin(self, order: Order) -> None:
        thread = threading.Thread(target=self._carry_out, args=(order, self._free.pop()), daemon=True)
        self._threads = [old for old in self._threads if old.is_alive()] + [thread]
        thread.start()

    def events(self, timeout: float) -> list[Event]:
        return drained(self._events, timeout)

    def close(self, *, patience: float) -> None:
        self._closed = True
        if patience <= 0:
            for hand in list(self._hands.values()):
                hand.stop()
        for thread in self._threads:
            thread.join(patience + 2.0)  # a process that was stopped is heard of a moment later
        while self._hands:
            with suppress(KeyError):
                self._hands.popitem()[1].dismiss(patience=patience)

    def _carry_out(self, order: Order, slot: int) -> None:
        gpu = self._gpus[slot % len(self._gpus)] if order.gpu and self._gpus else None
        self._events.put(Began(order.ticket, ""))
        try:
            hand = self._hand(order, slot, gpu)
            ending = hand.carry_out(order, lambda kind, content: self._told(order.ticket, kind, content))
        except OSError as error:
            ending = Ending("error", error=f"no process can be started for it: {error.strerror or error}")
        except Exception as error:  # whatever it is, the order must end, or its driver would wait for ever
            ending = Ending("error", error=f"its process cannot be followed: {one_line(error)}")
        self._free.append(slot)
        self._events.put(Ended(order.ticket, ending))

    def _hand(self, order: Order, slot: int, gpu: str | None) -> Hand:
        """The slot's process, a new one where it is gone or was started for jobs of another kind."""
        hand = self._hands.get(slot)
        if hand is not None and hand.fits(order, gpu):
            return hand
        if hand is not None:
            del self._hands[slot]
            hand.dismiss(patience=2.0)
        if self._closed:
            raise OSError("the executor is closed")
        self._hands[slot] = Hand(order, gpu)
        return self._hands[slot]

    def _told(self, ticket: int, kind: str, content: list[object]) -> None:
        self._events.put(event_of(ticket, kind, content))


def event_of(ticket: int, kind: str, content: Sequence[object]) -> Event:
    """What a job says before it ends, as an event."""
    if kind == PROGRESS:
        done, total = content
        return Progressed(ticket, int(done), int(total))  # type: ignore[call-overload]
    return Noticed(ticket, str(content[0]))


def drained(events: queue.SimpleQueue[Event], timeout: float) -> list[Event]:
    """Everything in the queue, after waiting for the first of it."""
    found = []
    with suppress(queue.Empty):
        found.append(events.get(timeout=timeout))
        while True:
            found.append(events.get_nowait())
    return found
