"""Jobs for the executor's tests; workers import this file."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from nasrepro.files import write_atomically


def double(number, *, report):
    for done in range(1, 101):
        report(done, 100)
    return 2 * number


def raises(*, report):
    raise ValueError("no\ngood")


def killed(*, report):
    print("last words", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def segfault(*, report):
    ctypes.string_at(0)


def leaves(*, report):
    os._exit(7)


def unspeakable(*, report):
    return lambda: None


def about_me(*, report):
    return os.getpid(), os.environ["OMP_NUM_THREADS"], "torch" in sys.modules, "numpy" in sys.modules


def noisy(*, report):
    print("to stdout")
    print("to stderr", file=sys.stderr)
    os.system("echo from a child")


def appends(path, *, report):
    with open(path, "a") as file:
        file.write("x")


def count_up(folder, steps, *, report):
    """Leaves its process id and, after every step, a checkpoint."""
    Path(folder, f"pid-{os.getpid()}").touch()
    for step in range(1, steps + 1):
        write_atomically(Path(folder, "checkpoint"), str(step).encode())
        report(step, steps)
        time.sleep(0.05)


def succeeds_once_allowed(path, *, report):
    if not Path(path).exists():
        raise RuntimeError("not yet")
    return "done"
