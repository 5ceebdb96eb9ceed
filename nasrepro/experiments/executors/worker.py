"""The worker's side: a fresh interpreter that takes jobs from a pipe, one after another.

Nothing heavy is imported here, so that a job decides what its process loads.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection

from nasrepro.errors import UserError, one_line
from nasrepro.experiments.claiming import Busy
from nasrepro.experiments.executors.messages import (
    BUSY,
    ERROR,
    NOTICE,
    PROGRESS,
    REFUSED,
    pack,
    pack_value,
    unpack,
    unpack_call,
)
from nasrepro.notices import told_to

_SECONDS_BETWEEN_REPORTS = 0.5


def serve(handle: int, lifeline: int) -> None:
    """Run what comes through the connection until it is closed; leave at once when the lifeline's other end is gone."""
    connection = Connection(handle)
    faulthandler.enable()
    threading.Thread(target=_die_with, args=(lifeline,), daemon=True).start()
    while True:
        try:
            _, (command, request) = unpack(connection.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)  # there is nothing to tidy up, and taking the libraries down would take a second
        sys.argv = list(command)
        os.ftruncate(1, 0)  # what was printed belongs to one job
        os.lseek(1, 0, os.SEEK_SET)
        with told_to(lambda text: connection.send_bytes(pack(NOTICE, text))):
            answer = _answer(request, connection)
        sys.stdout.flush()
        connection.send_bytes(answer)


def _answer(request: str, connection: Connection) -> bytes:
    try:
        call, args = unpack_call(request.encode())
        return pack_value(call, call(*args, report=_Reporter(connection)))
    except Busy as busy:
        return pack(BUSY, one_line(busy))
    except UserError as error:
        return pack(REFUSED, one_line(error))
    except Exception as error:
        return pack(ERROR, one_line(error), traceback.format_exc())


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


def _die_with(lifeline: int) -> None:
    """Who was killed cannot stop its workers, and two writers of one checkpoint must never be."""
    os.read(lifeline, 1)
    os._exit(1)
