"""The trainings that planned runs need before they can be judged, whatever they find: those of the probe cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nasrepro import benchmarks
from nasrepro.experiments.plan import PlannedRun
from nasrepro.experiments.retraining import PlannedTraining
from nasrepro.experiments.standalone_oracle import StandaloneOracle, truth_of, untrained
from nasrepro.records.store import RunStore


def trainings_for(planned: Sequence[PlannedRun], store: RunStore) -> list[PlannedTraining]:
    """The trainings of probe cells that these runs will ask for and the store lacks, each once.

    As jobs of their own they share the workers; a run that needs one which somebody else is at is put back.
    """
    cells: dict[tuple[str, str, int, str, bool], int] = {}
    for run in planned:
        training: Any = run.spec.settings.get("training")
        if not training or benchmarks.get(run.spec.benchmark).retraining is None:
            continue
        how = (run.spec.benchmark, run.spec.scale, run.spec.threads, run.spec.device, run.allow_unverified)
        cells[how] = max(cells.get(how, 0), training["probe_cells"], training["watched_cells"])
    found: list[PlannedTraining] = []
    for (name, scale, threads, device, allow_unverified), count in cells.items():
        benchmark = benchmarks.get(name)
        oracle = truth_of(benchmark, store, scale, threads, allow_unverified, device=device)
        assert isinstance(oracle, StandaloneOracle)
        asked = oracle.fidelities()[0]
        found += [training for cell in benchmark.probes()[:count] for training in oracle.planned(cell, asked)]
    return untrained(found, store)
