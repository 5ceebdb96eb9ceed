"""The part that runs inside the workers of a cluster."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import nasrepro
from nasrepro.experiments.executors.hands import Hand, gpu_names
from nasrepro.experiments.executors.messages import BEGAN
from nasrepro.experiments.executors.orders import Ending, Order

_IDLE = 60.0  # seconds after which a process that has nothing to do is let go


class Crew:
    """The processes of one worker: those at work, by driver and ticket, and idle ones that keep what they loaded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: dict[tuple[str, int], tuple[Hand, str | None]] = {}
        self._idle: dict[Hand, threading.Timer] = {}
        """With what will let them go."""
        self._stopped: set[str] = set()

    def begin(self, order: Order, driver: str, gpus: Sequence[str]) -> Hand:
        """A process for an order, one that computes on a GPU with the least used of `gpus`; raises `OSError` where the
        system starts no more, or where the driver has stopped."""
        with self._lock:
            if driver in self._stopped:
                raise OSError("its driver has stopped")
            used = [own for _, own in self._busy.values()]
            gpu = min(gpus, key=used.count) if order.gpu and gpus else None
            hand = next((idle for idle in self._idle if idle.fits(order, gpu)), None)
            if hand is None:
                hand = Hand(order, gpu)
            else:
                self._idle.pop(hand).cancel()
            self._busy[driver, order.ticket] = (hand, gpu)
            return hand

    def end(self, order: Order, driver: str) -> None:
        """The order is done; its process waits a while for another."""
        with self._lock:
            hand, gpu = self._busy.pop((driver, order.ticket))
            timer = threading.Timer(_IDLE, self._let_go, (hand,))
            timer.daemon = True
            self._idle[hand] = timer
            timer.start()
        if not hand.fits(order, gpu):
            self._let_go(hand)

    def stop(self, driver: str) -> None:
        """End what a driver has under way here."""
        with self._lock:
            self._stopped.add(driver)
            for (own, _), (hand, _) in self._busy.items():
                if own == driver:
                    hand.stop()

    def _let_go(self, hand: Hand) -> None:
        with self._lock:
            if hand not in self._idle:
                return
            self._idle.pop(hand).cancel()
        hand.dismiss(patience=2.0)


_CREW = Crew()


def carry_out(order: dict[str, Any], driver: str) -> dict[str, Any]:
    """One attempt at one job, as a task of the cluster. What the job says goes to the driver's topic as it is said."""
    from distributed import get_worker

    worker, own = get_worker(), Order(**order)

    def tell(kind: str, content: list[Any]) -> None:
        worker.log_event(f"nasrepro-{driver}", {"ticket": own.ticket, "kind": kind, "content": content})

    tell(BEGAN, [worker.name if isinstance(worker.name, str) else f"worker {worker.name}"])
    try:
        hand = _CREW.begin(own, driver, _gpus(own, worker))
    except OSError as error:
        return asdict(Ending("error", error=f"no process can be started for it: {error.strerror or error}"))
    try:
        return asdict(hand.carry_out(own, tell))
    finally:
        _CREW.end(own, driver)


def _gpus(order: Order, worker: Any) -> list[str]:
    """The GPUs of a worker. Those of `local:N` have numbers for names and see the same ones, so each begins with
    another."""
    names = gpu_names(order.gpus, int(worker.state.total_resources.get("GPU", 0)))
    first = worker.name % len(names) if isinstance(worker.name, int) and names else 0
    return names[first:] + names[:first]


def stop(driver: str) -> None:
    """End everything that a driver has under way on this worker."""
    with suppress(OSError):
        _CREW.stop(driver)


@cache
def code() -> tuple[str, str]:
    """Version and SHA-256 of the source of this package."""
    digest = hashlib.sha256()
    folder = Path(nasrepro.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return nasrepro.__version__, digest.hexdigest()
