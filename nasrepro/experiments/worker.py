"""The worker's side: a fresh interpreter that takes jobs from a pipe, one after another.

Nothing heavy is imported here, so that a job decides what its process loads.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
import time
import traceback
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait

from nasrepro.experiments.messages import ERROR, PROGRESS, pack, pack_value, unpack_call

_SECONDS_BETWEEN_REPORTS = 0.5


def serve(connection: Connection, log: str) -> None:
    """Run what comes through `connection` until it is closed. Everything printed goes to the file `log`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the parent decides
    _print_into(log)
    faulthandler.enable()
    threading.Thread(target=_die_with_parent, daemon=True).start()
    while True:
        try:
            request = connection.recv_bytes()
        except (EOFError, OSError):
            return
        os.ftruncate(1, 0)  # what was printed belongs to one job
        connection.send_bytes(_answer(request, connection))


def _answer(request: bytes, connection: Connection) -> bytes:
    try:
        call, args = unpack_call(request)
        return pack_value(call, call(*args, report=_Reporter(connection)))
    except Exception as error:
        return pack(ERROR, one_line(error), traceback.format_exc())


def one_line(error: BaseException) -> str:
    """Our own errors speak for themselves; of any other the type is named too. At most 300 characters."""
    from nasrepro.errors import NasreproError

    text = " ".join(str(error).split())
    if not isinstance(error, NasreproError):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= 300 else text[:299] + "…"


class _Reporter:
    """Passes progress on, at most twice a second."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last = float("-inf")

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_REPORTS:
            self._last = now
            self._connection.send_bytes(pack(PROGRESS, done, total))


def _print_into(log: str) -> None:
    """Neither progress bars nor JSON on the parent's terminal may be disturbed by what a job prints."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)


def _die_with_parent() -> None:
    """A parent that was killed cannot stop its workers, and two writers of one checkpoint must never be."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
