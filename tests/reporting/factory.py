"""Synthetic records: numbers are drawn from a fixed generator, the shape is that of real runs."""

from __future__ import annotations

import hashlib
from typing import Literal

import numpy as np
from pydantic import JsonValue

from nasrepro.records.record import (
    Checkpoint,
    Cost,
    Found,
    Probes,
    Provenance,
    RunRecord,
    Score,
    TracePoint,
    Truth,
)
from nasrepro.records.spec import Protocol, RunSpec, Scale, run_key
from nasrepro.records.watched import Look, Scored, Watched
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Space, from_index, op_table

SKELETON = Skeleton(channels=16, cells=5, stages=3, image_size=32, classes=10)
OPTIMUM, RANDOM_MEAN, RANDOM_STD = 97.2, 88.0, 9.0
LEVEL = {"random": 88.0, "random-search": 95.6, "rea": 96.3, "randomnas": 93.5, "gdas": 94.6}
DATA = {"digits": "0" * 64}
Status = Literal["done", "diverged", "failed"]


def truth_of(index: int) -> float:
    """An invented accuracy: convolutions help, cells cut off from the input are at chance."""
    cell = from_index(index)
    if not cell.reaches_output:
        return 10.0
    noise = np.random.default_rng(index).normal(0, 1.2)
    return float(np.clip(84 + 2.2 * cell.ops.count(3) + 1.1 * cell.ops.count(2) + noise, 10, OPTIMUM))


def record(
    method: str,
    seed: int,
    *,
    status: Status = "done",
    test: float | None = None,
    tau_noise: float = 4.0,
    benchmark: str = "nb201-digits",
    scale: Scale = "laptop",
    protocol: Protocol = "sound",
    exact: bool = True,
    extra_scorings: bool = False,
    probes: int = 60,
    full: bool = True,
) -> RunRecord:
    """One record; `test` fixes the primary value, `full=False` leaves out everything optional."""
    spec = RunSpec(
        method=method, benchmark=benchmark, scale=scale, protocol=protocol, seed=seed, settings={"channels": 16}
    )
    rng = np.random.default_rng(int(hashlib.sha256(f"{method}{seed}".encode()).hexdigest()[:8], 16))
    value = test if test is not None else float(min(OPTIMUM, rng.normal(LEVEL.get(method, 92.0), 0.8)))
    trains = method not in ("random", "random-search", "rea")
    done = status == "done"
    index = int(rng.integers(len(op_table())))
    return RunRecord(
        key=run_key(spec, DATA),
        spec=spec,
        data=DATA,
        status=status,
        error=None if done else ("the loss became NaN at step 120" if status == "diverged" else "OSError: disk <full>"),
        found=_found(index) if done else None,
        scores=_scores(value, exact, extra_scorings) if done else [],
        probes=_probes(rng, probes, tau_noise) if done and trains and full else None,
        trace=_trace(rng, value, trains) if done and full else [],
        loss=[2.0, 1.5, 1.2] if trains and full else [],
        cost=_cost(trains, full),
        truth=Truth(source="table of this project, synthetic_100%", fingerprint="f" * 64),
        provenance=Provenance(
            nasrepro="0.1.0",
            commit="abcdef0123456789" if full else None,
            dirty=False if full else None,
            python="3.11.2",
            packages={"torch": "2.13.0", "numpy": "2.4.6"},
            hardware="Testchip 9000, 2 cores",
            command="nasrepro compare --seeds 0-4",
            finished="2030-01-01T00:00:00Z",
        ),
    )


def records(methods: list[str], seeds: int, **options: object) -> list[RunRecord]:
    """Finished records of several methods on seeds 0 … seeds − 1."""
    return [record(method, seed, **options) for method in methods for seed in range(seeds)]  # type: ignore[arg-type]


def _found(index: int) -> Found:
    cell = from_index(index)
    cost = NB201Space().cost(cell, SKELETON)
    return Found(genotype=cell.id, text=str(cell), params=cost.params, macs=cost.macs, selection_value=91.0)


def _scores(value: float, exact: bool, extra: bool) -> list[Score]:
    known = {"optimum": OPTIMUM, "random_mean": RANDOM_MEAN, "random_std": RANDOM_STD} if exact else {}
    share = 0.9 if exact else None
    primary = Score(
        scoring="test", dataset="digits", split="test", epochs=60, value=value, n_trials=2, percentile=share, **known
    )
    if not extra:
        return [primary]
    others = [("cifar100.test", "cifar100", "test", 20.0), ("digits.valid", "digits", "valid", 1.0)]
    return [primary] + [
        Score(scoring=name, dataset=dataset, split=split, epochs=60, value=value - lower, n_trials=2)
        for name, dataset, split, lower in others
    ]


def _probes(rng: np.random.Generator, count: int, noise: float) -> Probes:
    fixed = np.random.default_rng(7).choice(len(op_table()), size=count, replace=False)
    cells = [from_index(int(i)) for i in fixed]
    costs = [NB201Space().cost(cell, SKELETON) for cell in cells]
    truth = np.array([truth_of(cell.index) for cell in cells])
    checkpoints = []
    for step in (0, 500, 1000, 2000, 4000):
        quality = step / 4000
        shown = quality * (truth - 80) + rng.normal(0, noise, count) + 40
        dead = truth <= 10
        shown[dead] = 10
        checkpoints.append(Checkpoint(step=step, accuracy=shown.tolist(), loss=(4 - shown / 30).tolist()))
    live = [cell.ops.count(3) * 9 + cell.ops.count(2) if cell.reaches_output else 0 for cell in cells]
    return Probes(
        cells=[cell.id for cell in cells],
        truth=truth.tolist(),
        truth_scoring="test",
        params=[cost.params for cost in costs],
        macs=[cost.macs for cost in costs],
        live_conv_params=live,
        checkpoints=checkpoints,
    )


def _trace(rng: np.random.Generator, value: float, trains: bool) -> list[TracePoint]:
    places = (500, 1000, 2000, 4000) if trains else (1, 10, 40, 100)
    lower = [6.0, 3.0, 1.0, 0.0]
    return [
        TracePoint(at=at, genotype=f"nb201:{rng.integers(15625)}", selection_value=value - 2, truth=value - gap)
        for at, gap in zip(places, lower, strict=True)
    ]


def _cost(trains: bool, full: bool) -> Cost:
    if not full:
        return Cost()
    if trains:
        return Cost(
            steps=4000, path_steps=8000, samples=256000, queries={"test": 0}, seconds={"search": 61.5, "steps": 50.0}
        )
    return Cost(queries={"valid": 100, "test": 0}, seconds={"search": 0.5})


def watched(
    record: RunRecord,
    *,
    cells: int = 12,
    looks: int = 40,
    images: int = 500,
    forgets: float = 0.0,
    interferes: float = 0.02,
    mixture: bool = False,
) -> RunRecord:
    """The record with watched cells: accuracy rises over the first half of training and then falls by `forgets` points.

    An update lowers the loss of a cell by `interferes` nats for each edge that it shares with the cell just trained.
    """
    rng = np.random.default_rng(record.spec.seed + 1000)
    fixed = np.random.default_rng(7).choice(len(op_table()), size=cells, replace=False)
    every = record.cost.steps // looks
    seen = []
    for number in range(1, looks + 1):
        trained = int(rng.integers(len(op_table())))
        done = number / looks
        level = 30 + 60 * min(1.0, 2 * done) - forgets * max(0.0, 2 * done - 1)
        right = [int(n) for n in rng.binomial(images, (level + np.linspace(-8, 8, cells)) / 100)]
        loss = np.full(cells, 2.0 - done) + rng.normal(0, 0.02, cells)
        shared = (op_table()[fixed] == op_table()[trained]).sum(axis=1)
        after = loss + 0.05 - interferes * shared
        path = None if mixture else from_index(trained).id
        before = Scored(right=[max(0, n - 5) for n in right], loss=loss.tolist())
        after_it = Scored(right=right, loss=after.tolist())
        seen.append(Look(step=number * every, path=path, before=before, after=after_it))
    names = [from_index(int(i)).id for i in fixed]
    truth: list[float | None] = [truth_of(int(i)) for i in fixed]
    return record.model_copy(update={"watched": Watched(cells=names, truth=truth, images=images, looks=seen)})


def other_truth(record: RunRecord) -> RunRecord:
    """The record with another ground truth."""
    return record.model_copy(update={"truth": record.truth.model_copy(update={"fingerprint": "e" * 64})})


def other_settings(record: RunRecord) -> RunRecord:
    """The record run with another number of channels."""
    return with_settings(record, {"channels": 8})


def with_settings(record: RunRecord, settings: dict[str, JsonValue]) -> RunRecord:
    """The record as if it had been run with these settings."""
    spec = record.spec.model_copy(update={"settings": settings})
    return record.model_copy(update={"spec": spec, "key": run_key(spec, DATA)})
