"""Many processes of one command that speak with one voice: the leading one's, or that of the first to fail."""

from __future__ import annotations

import os
import platform
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from nasrepro.errors import NasreproError

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store

    from nasrepro.experiments.together import Started

_PATIENCE = timedelta(minutes=20)


@contextmanager
def one_voice(started: Started) -> Iterator[Store]:
    """Where the processes meet; inside, all but the leading one are silent.

    The first to fail says why, and all end with its exit code. A SIGTERM, with which torchrun ends those that are left
    when one is gone, is a failure like any other.
    """
    from nasrepro.experiments.together import lost

    def ended(*_: object) -> None:
        raise lost()

    store = _meeting(started)
    before = signal.signal(signal.SIGTERM, ended)
    streams = sys.stdout, sys.stderr
    if started.number:
        _be_silent()
    try:
        yield store
    except BaseException as error:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is ending, and orderly
        code = _first_failure(store, _exit_code(error))
        if code is None:
            sys.stdout, sys.stderr = streams
            raise
        _be_silent()
        raise typer.Exit(code) from None
    sys.stdout, sys.stderr = streams
    signal.signal(signal.SIGTERM, before)


def _be_silent() -> None:
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    warnings.simplefilter("ignore")


def _meeting(started: Started) -> Store:
    """The store that torchrun has opened for its processes, on the machine of the leading one."""
    from torch.distributed.rendezvous import rendezvous

    store, _, _ = next(rendezvous("env://", started.number, started.size))
    store.set_timeout(_PATIENCE)
    found: Store = store
    return found


def _exit_code(error: BaseException) -> int:
    if isinstance(error, NasreproError):
        return error.exit_code
    return 128 + signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1


def _first_failure(store: Store, code: int) -> int | None:
    """The exit code of the process that failed first; None where it is this one, which is to say so."""
    failed = f"nasrepro/failed/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}"
    own = f"{os.getpid()} {platform.node()} {code}"
    try:
        first = store.compare_set(failed, "", own).decode()
    except RuntimeError:  # the meeting place is gone with its machine: nobody can ask any more
        return None
    return None if first == own else int(first.rsplit(" ", 1)[1])
