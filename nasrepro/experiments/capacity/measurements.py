"""Measures what the steps of a plan cost where they will be run, as jobs: a user's own cores, GPU or cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nasrepro.experiments.capacity.costs import OwnCost, store_cost, stored_costs
from nasrepro.experiments.capacity.kinds import Kind
from nasrepro.experiments.execute import execute_jobs
from nasrepro.experiments.executors.means import Means
from nasrepro.experiments.jobs import Job, Report, failed_jobs

if TYPE_CHECKING:
    from rich.console import Console

SECONDS = 3.0
"""That steps of a kind are measured for, unless three of them take longer; where nothing else is said."""


def measure_lacking(
    kinds: Iterable[Kind], root: Path, device: str, means: Means, console: Console, *, seconds: float | None = None
) -> int:
    """Measure the kinds of which the run store at `root` does not know the cost on the device; how many these were.

    One after the other on this machine, so that they do not slow each other down. Raises `RunFailed` where some could
    not be measured; the others are kept.
    """
    own = stored_costs(root, device)
    known = own.costs if own else {}
    jobs = [
        Job(
            f"cost-{device}-{kind.key}",
            f"{kind.family} of {kind.title}",
            measure_kind,
            (kind, device, seconds or SECONDS, root.absolute()),
            group=kind.family,
            gpu=device != "cpu",
        )
        for kind in dict.fromkeys(kinds)
        if kind.key not in known
    ]
    if not jobs:
        return 0
    alone = means if means.cluster else replace(means, workers=1)
    outcomes = execute_jobs(jobs, alone, work_root=root / "work", title="kinds of steps measured", console=console)
    failures = [outcome for outcome in outcomes if outcome.error is not None]
    if failures:
        raise failed_jobs(failures, len(jobs), root / "work", "measurements")
    return len(jobs)


def measure_kind(kind: Kind, device: str, seconds: float, root: Path, *, report: Report) -> None:
    """Measure one kind, in a worker, and keep what it costs."""
    import torch

    from nasrepro.experiments.capacity.measuring import measure
    from nasrepro.experiments.provenance import hardware

    cost = measure(kind, device, seconds, report=report)
    where = hardware() if device == "cpu" else torch.cuda.get_device_name()
    store_cost(root, device, kind.key, OwnCost(hardware=where, torch=torch.__version__, cost=cost))
