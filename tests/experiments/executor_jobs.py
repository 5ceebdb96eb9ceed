"""Jobs for the executor's tests; workers import this file."""

import ctypes
import os
import resource
import signal
import sys
import time
from pathlib import Path

from nasrepro.errors import UserError
from nasrepro.experiments.claiming import Busy
from nasrepro.files import write_atomically
from nasrepro.notices import tell


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
    appends_text(path, "x", report=report)


def appends_text(path, text, *, report):
    with open(path, "a") as file:
        file.write(text)


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


def killed_at_first(path, times, *, report):
    """Dies as often, as the kernel kills what eats its memory or its machine goes down; then gives its attempts."""
    with open(path, "a") as file:
        file.write("x")
    if (attempts := len(Path(path).read_text())) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return attempts


def killed_further_and_further(path, times, *, report):
    """Gets a step further in every attempt before it dies."""
    with open(path, "a") as file:
        file.write("x")
    attempts = len(Path(path).read_text())
    report(attempts, times + 1)
    time.sleep(0.1)
    if attempts <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return attempts


def hangs_until(path, *, report):
    while not Path(path).exists():
        time.sleep(0.05)
    return "done"


def hungry_until(path, *, report):
    """Asks for more memory than there is."""
    if not Path(path).exists():
        resource.setrlimit(resource.RLIMIT_AS, (2**33, resource.RLIM_INFINITY))
        bytearray(2**40)
    return "done"


def busy_until(path, *, report):
    if not Path(path).exists():
        raise Busy("held by process 1 on elsewhere")
    return "done"


def killed_and_then_busy(path, *, report):
    """Takes its machine with it, and is held by its own remains when it is asked for again."""
    with open(path, "a") as file:
        file.write("x")
    if len(Path(path).read_text()) % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    raise Busy("held by process 1 on elsewhere")


def tells(*, report):
    tell("a file was\nodd")
    return sys.argv


def waits(seconds, *, report):
    time.sleep(seconds)
    return os.getpid()


def eats(path, group, *, report):
    """Takes all memory of a group that has little."""
    with open(path, "a") as file:
        file.write("x")
    Path(group).write_text(str(os.getpid()))
    return len([bytearray(os.urandom(2**20)) for _ in range(1000)])


def my_gpu(*, report):
    return os.environ.get("CUDA_VISIBLE_DEVICES")


def gpu_for_a_while(*, report):
    time.sleep(1.5)
    return os.environ.get("CUDA_VISIBLE_DEVICES")


def refused_until(path, *, report):
    if not Path(path).exists():
        raise UserError("cannot write into 'there': No space left on device")
    return "done"
