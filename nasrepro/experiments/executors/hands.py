"""A process that carries out one order after another, seen from the one that started it.

The same on a laptop and inside the worker of a cluster: what a job computes depends on its own process alone, and a job
that hangs, crashes or eats all memory takes nothing else with it.
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Pipe
from pathlib import Path
from typing import Any

from nasrepro.experiments.executors.messages import BUSY, ERROR, JOB, NOTICE, PROGRESS, REFUSED, pack, unpack
from nasrepro.experiments.executors.orders import Ending, Order

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_GPUS = "CUDA_VISIBLE_DEVICES"
_LOG_TAIL = 4000
_COUNTERS = Path("/proc/vmstat")
_SECONDS_BETWEEN_LOOKS = 5.0
_START = """\
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from nasrepro.experiments.executors.worker import serve
serve(int(sys.argv[2]), int(sys.argv[3]))
"""

Tell = Callable[[str, list[Any]], None]
"""Told the kind and the content of what a job says before it ends."""


class Hand:
    """One worker process; `carry_out` blocks, `stop` may be called from another thread meanwhile."""

    def __init__(self, order: Order, gpu: str | None = None) -> None:
        """Start it as the order needs it; raises `OSError` where the system starts no more processes."""
        self._kind = self._needs(order, gpu)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - as long as this object lives; it has no name to be left behind
        connection, theirs = Pipe()
        lifeline, self._lifeline = os.pipe()  # its end tells the process that this one is gone
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, json.dumps(sys.path), str(theirs.fileno()), str(lifeline)],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=(theirs.fileno(), lifeline),
                env={**os.environ, **_environment(order, gpu)},
                start_new_session=True,  # Ctrl-C reaches the whole terminal; who started it decides
            )
        except BaseException:
            connection.close()
            os.close(self._lifeline)
            raise
        finally:
            theirs.close()  # so that the process's end shows up here as the end of the pipe
            os.close(lifeline)
        self._connection = connection

    @staticmethod
    def _needs(order: Order, gpu: str | None) -> tuple[int, str | None, Mapping[str, str]]:
        return order.threads, gpu, order.environment

    def fits(self, order: Order, gpu: str | None = None) -> bool:
        """Whether it lives and was started with what the order needs."""
        return self._process.poll() is None and self._kind == self._needs(order, gpu)

    def carry_out(self, order: Order, tell: Tell) -> Ending:
        """The end of one order. Afterwards the process may be gone; `fits` knows."""
        began, self._starvation = time.monotonic(), _Starvation()
        try:
            self._connection.send_bytes(pack(JOB, order.command, order.request))
        except OSError:
            return self._death(began)
        while True:
            rest = math.inf if order.timeout is None else began + order.timeout - time.monotonic()
            self._starvation.look()
            if not self._connection.poll(min(max(0.0, rest), _SECONDS_BETWEEN_LOOKS)):
                if rest <= _SECONDS_BETWEEN_LOOKS:
                    return self._stopped_late(began)
                continue
            try:
                kind, content = unpack(self._connection.recv_bytes())
            except (EOFError, OSError):
                return self._death(began)
            if kind in (PROGRESS, NOTICE):
                tell(kind, content)
                continue
            seconds = time.monotonic() - began
            if kind == ERROR:
                return Ending("error", None, content[0], content[1] + self._printed(), seconds)
            if kind in (BUSY, REFUSED):
                return Ending("busy" if kind == BUSY else "refused", None, content[0], "", seconds)
            return Ending("value", content[0], seconds=seconds)

    def stop(self) -> None:
        """End the process at once; a `carry_out` under way returns."""
        with suppress(OSError):
            self._process.kill()

    def dismiss(self, *, patience: float) -> None:
        """End the process and forget it: when idle it leaves by itself, otherwise it is stopped after `patience`
        seconds."""
        self._connection.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with suppress(OSError):
            os.close(self._lifeline)
        self._log.close()

    def _stopped_late(self, began: float) -> Ending:
        self.stop()
        self._process.wait()
        error = "it took longer than it may and was stopped"
        return Ending("late", None, error, error + self._printed(), time.monotonic() - began)

    def _death(self, began: float) -> Ending:
        code = self._process.wait()
        kind = "lost" if code in (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGHUP) else "error"
        error = f"its process {_how(code)}"
        if code == -signal.SIGKILL and self._starvation.lately:
            kind, error = "starved", "the system was out of memory and killed its process"
        return Ending(kind, None, error, f"{error}\n{self._printed()}", time.monotonic() - began)  # type: ignore[arg-type]

    def _printed(self) -> str:
        """The end of what the job printed, in which the interpreter says where it crashed."""
        size = os.fstat(self._log.fileno()).st_size
        text = os.pread(self._log.fileno(), _LOG_TAIL, max(0, size - _LOG_TAIL)).decode(errors="replace").strip()
        return f"\nprinted by the job:\n{text}\n" if text else ""


class _Starvation:
    """Whether the kernel has killed a process for want of memory a moment ago.

    A killed process does not say who killed it, and the kernel counts for the whole machine. So only what happened
    between the last look but one and now is held to be the reason of a death: longer than it takes to end a large
    process, and not so long that neighbours' deaths are taken for one's own.
    """

    def __init__(self) -> None:
        self._before = self._last = _killed_for_memory()
        self._looked = time.monotonic()

    def look(self) -> None:
        """To be called often; looks every few seconds."""
        if time.monotonic() - self._looked >= _SECONDS_BETWEEN_LOOKS:
            self._before, self._last, self._looked = self._last, _killed_for_memory(), time.monotonic()

    @property
    def lately(self) -> bool:
        return _killed_for_memory() > self._before


def _killed_for_memory() -> int:
    """Processes since the machine was started, 0 where the system does not count them."""
    try:
        counters = _COUNTERS.read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(counters[counters.index("oom_kill") + 1]) if "oom_kill" in counters else 0


def gpu_names(wanted: Sequence[int], there: int = 0) -> list[str]:
    """Names for CUDA_VISIBLE_DEVICES of the GPUs that may be handed out: the `wanted` ones of those that this process
    sees, or all, which are `there` where the variable does not say."""
    visible = [name.strip() for name in os.environ.get(_GPUS, "").split(",") if name.strip()]
    if not wanted:
        return visible or [str(number) for number in range(there)]
    return [visible[number] if number < len(visible) else str(number) for number in wanted]


def _environment(order: Order, gpu: str | None) -> dict[str, str]:
    """Numerical libraries read these variables once, when they are loaded."""
    own = dict.fromkeys(_THREAD_VARIABLES, str(order.threads)) | order.environment
    return own if gpu is None else own | {_GPUS: gpu}


def _how(code: int) -> str:
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"was killed by {name}"
    return f"ended with exit code {code} before the job was done"
