"""The trainings that planned runs need before they can be judged, whatever they find: those of the probe cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nasrepro import benchmarks
from nasrepro.experiments.execute import execute_jobs
from nasrepro.experiments.executors.means import Means
from nasrepro.experiments.jobs import Job
from nasrepro.experiments.plan import PlannedRun
from nasrepro.experiments.standalone_oracle import StandaloneOracle, retrain_jobs, truth_of
from nasrepro.records.store import RunStore

if TYPE_CHECKING:
    from rich.console import Console


def train_probes(planned: Sequence[PlannedRun], store: RunStore, *, means: Means, console: Console) -> None:
    """Train the probe cells that the store lacks; one that fails is tried again, and named, by a run that needs it."""
    if jobs := truth_jobs(planned, store):
        execute_jobs(
            jobs,
            means,
            work_root=store.root / "work",
            title="trainings of the cells that rankings are held against",
            console=console,
        )


def truth_jobs(planned: Sequence[PlannedRun], store: RunStore) -> list[Job]:
    """A job for each training of a probe cell that runs without a record will ask for and the store lacks.

    Made beforehand they run side by side; a run that asks for one itself has the others wait for it.
    """
    cells: dict[tuple[str, str, int, str, bool], int] = {}
    for run in planned:
        training: Any = run.spec.settings.get("training")
        if not training or benchmarks.get(run.spec.benchmark).retraining is None or store.get(run.key) is not None:
            continue
        how = (run.spec.benchmark, run.spec.scale, run.spec.threads, run.spec.device, run.allow_unverified)
        cells[how] = max(cells.get(how, 0), training["probe_cells"], training["watched_cells"])
    jobs: dict[str, Job] = {}
    for (name, scale, threads, device, allow_unverified), count in cells.items():
        benchmark = benchmarks.get(name)
        oracle = truth_of(benchmark, store, scale, threads, allow_unverified, device=device)
        assert isinstance(oracle, StandaloneOracle)
        jobs |= {job.key: job for job in retrain_jobs(oracle, benchmark.probes()[:count])}
    return list(jobs.values())
