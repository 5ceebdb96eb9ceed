"""One-shot scores of every cell of the space under the final weights of a run, as jobs for the executor."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from nasrepro import benchmarks
from nasrepro.errors import RunFailed, UserError
from nasrepro.experiments.claiming import claimed
from nasrepro.experiments.jobs import Job, Report
from nasrepro.experiments.plan import PlannedRun
from nasrepro.methods import catalog
from nasrepro.records.scores import RunScores, read_scores, write_scores
from nasrepro.records.store import RunStore
from nasrepro.spaces.nb201 import NB201Space

if TYPE_CHECKING:
    from nasrepro.methods.shared_weights import SharedWeights


PREFIX = "scores-"
"""Of the jobs' keys; the rest is the key of the run."""


def check_one_shot(methods: Sequence[str]) -> None:
    """Raise `UserError` for a method that does not exist or has no supernet to rank cells with."""
    for name in methods:
        if not catalog.get(name).one_shot:
            allowed = [other for other, method in catalog.METHODS.items() if method.one_shot]
            raise UserError(
                f"method '{name}' trains no supernet, so it has no weights to rank cells with; allowed: methods with "
                f"weight sharing, such as {', '.join(allowed)}"
            )


def score_jobs(planned: Sequence[PlannedRun], store: RunStore) -> list[Job]:
    """A job for each finished run whose cells are not scored yet, or whose scores are damaged.

    Raises `UserError` for runs in another space than NAS-Bench-201, whose cells are scored class by class.
    """
    for name in dict.fromkeys(run.spec.benchmark for run in planned):
        space = benchmarks.get(name).space
        if not isinstance(space, NB201Space):
            raise UserError(
                f"all cells of benchmark '{name}' cannot be scored: its space is '{space.name}'; allowed: benchmarks "
                f"on '{NB201Space.name}'"
            )
    return [
        Job(
            f"{PREFIX}{run.key}",
            f"{run.name} seed {run.spec.seed}",
            score_planned,
            (run, store.absolute()),
            group=run.name,
            threads=run.spec.threads,
            gpu=run.spec.device != "cpu",
        )
        for run in planned
        if _finished(run, store) and stored_scores(run.key, run.spec.benchmark, store) is None
    ]


def stored_scores(key: str, benchmark: str, store: RunStore) -> RunScores | None:
    """The scores of a run, or None when they have yet to be made, because there are none or they cannot be used."""
    with suppress(UserError):
        return read_scores(store.scores_path(key), key, len(benchmarks.get(benchmark).space))
    return None


def score_planned(planned: PlannedRun, store: RunStore, *, report: Report) -> None:
    """Score all cells with the weights of a finished run and store the scores, in a worker.

    Weights that are missing or damaged are trained again first; raises `RunFailed` when that gives another run.
    """
    from nasrepro.supernets.nb201 import NB201Network
    from nasrepro.training.repeatable import prepare_torch
    from nasrepro.training.whole_space import score_classes, score_space

    with claimed(store.root, planned.key, wait=False) as claim:
        report = claim.watched(report)
        if stored_scores(planned.key, planned.spec.benchmark, store) is not None:
            return  # another command was quicker
        prepare_torch(planned.spec.threads, planned.spec.device)
        shared = _trained(planned, store, report)
        if shared.settings.bn != "recalibrated" and isinstance(shared.network, NB201Network):
            found = score_space(shared.network, shared.judge, report)
        else:  # statistics are made anew for every cell, or no cell shares a map with another
            found = score_classes(shared.score_or_nan, report)
        meaningful = np.isfinite(found.loss)
        scores = RunScores(*(np.where(meaningful, part, np.nan) for part in (found.accuracy, found.loss)))
        claim.check()
        write_scores(store.scores_path(planned.key), planned.key, scores)


def _finished(planned: PlannedRun, store: RunStore) -> bool:
    record = store.get(planned.key)
    return record is not None and record.status == "done"


def _trained(planned: PlannedRun, store: RunStore, report: Report) -> SharedWeights:
    """The run's supernet in its final state."""
    from nasrepro.experiments.runner import train_again
    from nasrepro.experiments.weights import load_weights
    from nasrepro.methods.shared_weights import SharedWeights

    weights = load_weights(store, planned.key)
    if weights is None:
        record = store.get(planned.key)
        assert record is not None  # only finished runs are scored
        train_again(planned, record, store, report)
        weights = load_weights(store, planned.key)
    if weights is None:
        raise RunFailed(f"run {planned.key} leaves no weights of a supernet")
    settings = planned.spec.settings
    benchmark = benchmarks.get(planned.spec.benchmark)
    shared = SharedWeights.build(
        catalog.get(planned.spec.method).inside(benchmark).training_settings().model_validate(settings["training"]),
        benchmark.space,
        benchmark.space.supernet_skeleton(settings["skeleton"]),  # type: ignore[arg-type]
        benchmark.load_data(allow_unverified=planned.allow_unverified),
        planned.spec.seed,
        planned.spec.device,
    )
    shared.network.load_state_dict(weights)
    return shared
