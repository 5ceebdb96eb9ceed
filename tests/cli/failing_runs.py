"""A run that crashes as long as the file `crash` lies in the store; workers import this file."""

import os
import signal

from nasrepro.experiments.execute import DoneRun, run_planned
from nasrepro.experiments.plan import PlannedRun
from nasrepro.records.store import RunStore


def run_unless_flagged(planned: PlannedRun, store: RunStore, *, report) -> DoneRun:
    if planned.spec.seed == 1 and (store.root / "crash").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return run_planned(planned, store, report=report)
