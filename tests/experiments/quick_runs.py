"""Smoke-scale runs on nb201-digits, in processes that can be killed.

As a program it does one such run; its arguments are those of `main`.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

from nasrepro.experiments.plan import plan
from nasrepro.experiments.runner import run
from nasrepro.records.store import RunStore


def planned(method, root, *, seed=0, **overrides):
    """One smoke-scale run."""
    (made,) = plan(
        [method],
        "nb201-digits",
        [seed],
        scale="smoke",
        protocol="sound",
        threads=1,
        overrides=overrides,
        store=RunStore(root),
    )
    return made


def main(root, method, overrides, report=lambda done, total: None):
    """Do one run; `overrides` is JSON."""
    folder = Path(root)
    run(planned(method, folder, **json.loads(overrides)), RunStore(folder), report)


def in_a_fresh_interpreter(root, method, overrides, environment):
    """Do one run in an interpreter of its own, with these environment variables."""
    subprocess.run(
        [sys.executable, __file__, str(root), method, json.dumps(overrides)],
        env={**os.environ, **environment},
        check=True,
        timeout=120,
    )


class Child:
    """A run in a process that is quick to start: it is forked from one that has imported everything."""

    def __init__(self, root, method, overrides):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["quick_runs", "torch._dynamo"])
        self.steps, theirs = context.Pipe(duplex=False)
        self.process = context.Process(target=_child, args=(str(root), method, json.dumps(overrides), theirs))
        self.process.start()
        theirs.close()

    def wait_for(self, step):
        """Return as soon as this step has been reported."""
        while self.steps.recv() < step:
            pass

    def kill(self):
        """SIGKILL; fails if the run was over before."""
        assert self.process.is_alive(), "the run was over before it could be killed"
        self.process.kill()
        self.process.join()

    def finish(self):
        """Wait for its end, which must be a good one."""
        self.process.join(120)
        assert self.process.exitcode == 0


def _child(root, method, overrides, steps):
    main(root, method, overrides, lambda done, total: steps.send(done))


if __name__ == "__main__":
    main(*sys.argv[1:])
