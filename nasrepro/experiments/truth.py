"""Truth that has to be made first: where a benchmark has no table, the cells every run needs are trained up front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nasrepro import benchmarks
from nasrepro.experiments.jobs import Job
from nasrepro.experiments.plan import PlannedRun
from nasrepro.experiments.standalone import StandaloneOracle, measure_digits
from nasrepro.records.store import RunStore
from nasrepro.spaces.nb201 import NB201Genotype


def truth_jobs(planned: Sequence[PlannedRun], store: RunStore) -> list[Job]:
    """Jobs that measure the probe cells of these runs, without those measured before.

    Otherwise every run would train the same cells. Empty for benchmarks that look their truth up and when all runs
    are done.
    """
    todo = [run for run in planned if store.get(run.key) is None]
    jobs: list[Job] = []
    for name in dict.fromkeys(run.spec.benchmark for run in todo):
        benchmark = benchmarks.get(name)
        oracle = benchmark.open_oracle(store.root)
        if not isinstance(oracle, StandaloneOracle):
            continue
        count = max(_probe_cells(run.spec.settings) for run in todo if run.spec.benchmark == name)
        for cell in benchmark.probes()[:count]:
            assert isinstance(cell, NB201Genotype)
            if not all(oracle.path(cell, trial).exists() for trial in range(oracle.trials)):
                key = f"truth-{oracle.fingerprint()[:12]}-{cell.index}"
                jobs.append(Job(key, f"cell {cell.index}", measure_digits, (oracle.folder, [cell.index])))
    return jobs


def _probe_cells(settings: dict[str, Any]) -> int:
    """How many probe cells a run scores; none if it trains no supernet."""
    return int(settings.get("training", {}).get("probe_cells", 0))
