"""Jobs on a Dask cluster: one that is running already, or one of N workers started on this machine.

A task of the cluster is one attempt at one job. The cluster's worker does not compute itself: it hands the order to a
process of its own (`hands.py`), as a laptop does, and passes on what that says. Runs, checkpoints and claims lie in the
run store, a folder that all machines must share.
"""

from __future__ import annotations

import atexit
import logging
import queue
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import lru_cache
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from nasrepro.errors import RunFailed, UserError
from nasrepro.experiments.executors import remote
from nasrepro.experiments.executors.local import drained, event_of
from nasrepro.experiments.executors.means import local_workers
from nasrepro.experiments.executors.messages import BEGAN
from nasrepro.experiments.executors.orders import Began, Ended, Ending, Event, Order
from nasrepro.notices import tell

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

_PATIENCE = 15.0  # seconds for an answer of the scheduler
_QUEUE = 1000
"""Orders at the cluster at a time, most of them waiting: clusters that grow do so by the length of their queue."""
_SECONDS_BETWEEN_COUNTS = 2.0


class DaskExecutor:
    """Orders as futures of `distributed`. A job that needs a GPU goes to workers that declare the resource `GPU`."""

    def __init__(self, address: str) -> None:
        """Raises `UserError` where no scheduler answers at the address, or where its workers run other code."""
        self.address = address
        self._token = secrets.token_hex(6)
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._held: list[Event] = []
        self._futures: dict[int, Future] = {}
        self._slots, self._counted = 1, float("-inf")
        self._wanted = local_workers(address)
        self._gpus_asked_for = False
        self._client = _connected(address)
        try:
            _refuse_other_code(self._client)
            self._client.subscribe_topic(self._topic, self._heard)
        except BaseException:
            self._client.close()
            raise
        if not self._client.nthreads():
            tell(f"the cluster at {address} has no workers yet; jobs begin when it has")

    @property
    def _topic(self) -> str:
        return f"nasrepro-{self._token}"

    @property
    def slots(self) -> int:
        if time.monotonic() - self._counted > _SECONDS_BETWEEN_COUNTS and self._client.status == "running":
            with suppress(Exception):  # `events` says what is the matter with the cluster
                there = self._client.nthreads()
                self._slots = max(1, sum(there.values()))
                if len(there) < self._wanted:
                    self._client.cluster.scale(self._wanted)  # a worker that died while it was starting stays away
            self._counted = time.monotonic()
        return self._slots

    @property
    def room(self) -> int:
        return _QUEUE - len(self._futures)

    def begin(self, order: Order) -> None:
        if order.gpu and not self._gpus_asked_for:
            self._gpus_asked_for = True  # said once
            self._ask_for_gpus()
        try:
            future = self._client.submit(
                remote.carry_out,
                asdict(order),
                self._token,
                key=f"{self._topic}-{order.ticket}",
                resources={"GPU": 1} if order.gpu else None,
                pure=False,
            )
        except Exception:
            self._refuse_if_gone()
            raise
        self._futures[order.ticket] = future
        future.add_done_callback(lambda done: self._events.put(Ended(order.ticket, _ending(done))))

    def events(self, timeout: float) -> list[Event]:
        """As every executor; raises `RunFailed` where the scheduler is gone for good."""
        self._held += drained(self._events, timeout)
        self._refuse_if_gone()
        if self._client.status != "running":
            return []  # it may come back; until then every order would count as lost
        found = [event for event in self._held if event.ticket in self._futures]
        self._held = []
        for event in found:
            if isinstance(event, Ended):
                del self._futures[event.ticket]
        return found

    def _ask_for_gpus(self) -> None:
        with suppress(Exception):  # `events` says what is the matter with the cluster
            workers = self._client.scheduler_info()["workers"].values()
            if not any("GPU" in worker.get("resources", {}) for worker in workers):
                tell(f"no worker of {self.address} declares a GPU (--resources GPU=1) yet; jobs that need one wait")

    def _refuse_if_gone(self) -> None:
        if self._client.status in ("closed", "closing", "newly-created"):
            raise RunFailed(
                f"the scheduler at {self.address} is gone; what is done is stored, and the same command continues"
            )

    def close(self, *, patience: float) -> None:
        left, self._futures = list(self._futures.values()), {}
        with suppress(Exception):  # whatever is the matter with the cluster, this end of it is closed
            if left:
                self._client.cancel(left, force=True)
                self._client.run(remote.stop, self._token, on_error="ignore")
            self._client.unsubscribe_topic(self._topic)
        with suppress(Exception):
            self._client.close(timeout=_PATIENCE)

    def _heard(self, message: Any) -> None:
        """What jobs say; in the client's own thread."""
        _, event = message
        if event["kind"] == BEGAN:
            self._events.put(Began(event["ticket"], str(event["content"][0])))
        else:
            self._events.put(event_of(event["ticket"], event["kind"], event["content"]))


def _ending(future: Future) -> Ending:
    """How a future ended; a result that went down with its worker is one of a lost attempt."""
    try:
        return Ending(**future.result(timeout=_PATIENCE))
    except Exception as error:
        name = type(error).__name__
        if name in ("KilledWorker", "CancelledError", "FutureCancelledError", "TimeoutError", "CommClosedError"):
            return Ending("lost", error="the worker that it ran on is gone")
        return Ending("error", error=f"the cluster cannot run it: {name}: {' '.join(str(error).split())[:200]}")


def _connected(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError as error:
        raise UserError(f"--cluster {address} needs Dask: pip install 'nasrepro[cluster]'") from error
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what users must know we say ourselves
    if workers := local_workers(address):
        return Client(_local_cluster(workers), timeout=_PATIENCE)
    try:
        return Client(address, timeout=_PATIENCE, name="nasrepro")
    except (OSError, TimeoutError, ValueError) as error:
        raise UserError(
            f"no scheduler answers at '{address}'; allowed: the address that 'dask scheduler' prints, or local:N"
        ) from error


@lru_cache(maxsize=1)
def _local_cluster(workers: int) -> LocalCluster:
    """On this machine, until the end of this process; its workers are started again when they die."""
    from distributed import LocalCluster

    with _interrupts_wait():
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            resources={"GPU": 1},  # in case there are any: who has none never asks
            memory_limit=0,  # the job's process uses the memory, not the worker
            dashboard_address=":0",  # any port that is free: there may be other clusters here
            silence_logs=logging.CRITICAL,
        )
        atexit.register(cluster.close, timeout=5)
    return cluster


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Ctrl-C is heard afterwards, and never by threads that are started inside nor by the processes that these start:
    a terminal sends it to all of them, but who gave them work decides."""
    resource_tracker.ensure_running()  # whoever starts it would hear of Ctrl-C again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _refuse_other_code(client: Client) -> None:
    """Raise `UserError` naming a worker that would compute something else than this process would."""
    ours = remote.code()
    found: dict[str, Any] = client.run(remote.code, on_error="return")
    for worker, theirs in found.items():
        if isinstance(theirs, Exception):
            raise UserError(f"worker {worker} cannot load nasrepro: {' '.join(str(theirs).split())[:200]}")
        if theirs != ours:
            raise UserError(
                f"worker {worker} runs nasrepro {theirs[0]} with other code (digest {theirs[1][:8]}) than this process "
                f"({ours[0]}, {ours[1][:8]}); allowed: the same version everywhere"
            )
