"""Processes that claim something, for tests: what they do is the first word of their command line, what with the rest.

They say what happens to them in lines of standard output.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from nasrepro.errors import NasreproError
from nasrepro.experiments import holders
from nasrepro.experiments.claiming import Busy, Pace, claimed

KEY = "00aa" * 5
QUICK = Pace(heartbeat=0.1, expiry=1.0)


def hold(root, machine):
    """Report for a minute, and leave a trace of every report; `machine` is one that it pretends to be, or empty."""
    if machine:
        holders._machine = lambda: machine
    trace = Path(root) / "trace"

    def report(done, total):
        with trace.open("a") as file:
            file.write(f"{os.getpid()}\n")

    with claimed(Path(root), KEY, pace=QUICK) as claim:
        trace.touch()
        print("mine", flush=True)
        for step in range(6000):
            claim.watched(report)(step, 6000)
            time.sleep(0.01)


def add(root, times):
    """Add one to a number in a file, so often, under the claim; a second process inside would be noticed."""
    number, inside = Path(root) / "number", Path(root) / "inside"
    for _ in range(int(times)):
        with claimed(Path(root), KEY, pace=QUICK) as claim:
            os.close(os.open(inside, os.O_CREAT | os.O_EXCL))
            before = int(number.read_text())
            time.sleep(0.002)
            number.write_text(str(before + 1))
            inside.unlink()
            claim.check()


def contend(root, rounds, begin):
    """At agreed moments try to get one claim after another, and hold all that were got until the end."""
    with ExitStack() as held:
        for number in range(int(rounds)):
            time.sleep(max(0.0, float(begin) + 0.02 * number - time.time()))
            try:
                held.enter_context(claimed(Path(root), f"{number:020x}", wait=False))
                print(number, flush=True)
            except Busy:
                continue
        time.sleep(1.0)


def fork(root):
    """A child of the holder that goes through the holder's own end."""
    with claimed(Path(root), KEY):
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            print(len(list((Path(root) / "claims" / KEY).iterdir())))


def started(what, *words):
    return subprocess.Popen(
        [sys.executable, __file__, what, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


if __name__ == "__main__":
    try:
        globals()[sys.argv[1]](*sys.argv[2:])
    except NasreproError as error:
        print(f"{type(error).__name__}: {error}", flush=True)
