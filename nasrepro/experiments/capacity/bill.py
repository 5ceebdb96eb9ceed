"""Sums over a plan: runs, trainings, hours, bytes; and its schedule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nasrepro.experiments.capacity.demand import SEVERAL_GPUS, Demand, Piece
from nasrepro.experiments.capacity.rates import Rates
from nasrepro.experiments.capacity.simulation import (
    OVERHEAD,
    START,
    Task,
    longest_chain,
    simulate,
)

WORKERS = (1, 10, 100, 1000)
_HOUR = 3600.0
_RECORD = {"nb201": 86_000, "darts_cnn": 18_000, "darts_rnn8": 7_400, "darts_rnn2": 14_400, "darts_rnn3": 8_100}
"""Mean bytes of a search's published record, by its space."""
_SMALL_RECORD = 4_000
"""Of one without a supernet."""
_TRAINING_RECORD, _EPOCH = 2_500, 125
"""Of a training's record without its curves, and what an epoch adds to them."""


@dataclass(frozen=True)
class Bill:
    """What some demands come to."""

    runs: int
    trainings: int
    """From scratch: of answers inside of runs, and of probe cells beside them."""
    wide: int
    """How many of these several GPUs can share."""
    core_hours: float
    gpu_hours: float
    bytes: int
    """That stay: records, and the final weights of supernets."""
    unknown: int
    """Demands whose work was not measured; they are in no hours."""

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {name: round(value, 2) if isinstance(value, float) else value for name, value in asdict(self).items()}


def billed(demands: Iterable[Demand], rates: Rates) -> Bill:
    """Every demand as often as it is there."""
    runs = trainings = wide = stored = unknown = 0
    core = gpu = 0.0
    for demand in demands:
        runs += not demand.probe
        trainings += demand.trainings
        wide += sum(piece.wide for piece in demand.pieces)
        stored += stored_bytes(demand, rates)
        on_core = [rates.core_seconds(piece.work) for piece in demand.pieces]
        on_gpu = [rates.gpu_seconds(piece.work) for piece in demand.pieces]
        unknown += None in on_gpu
        core += sum(seconds for seconds in on_core if seconds is not None)
        gpu += sum(seconds for seconds in on_gpu if seconds is not None)
    return Bill(runs, trainings, wide, core / _HOUR, gpu / _HOUR, stored, unknown)


def stored_bytes(demand: Demand, rates: Rates) -> int:
    """Of its records and of what is kept beside them."""
    total = 0
    for number, piece in enumerate(demand.pieces):
        kinds = piece.work or {}
        if demand.probe or number:
            steps = [(kind, count) for kind, count in kinds.items() if kind.family == "training"]
            epochs = steps[0][0].settings["training"]["epochs"] if steps else 0
            total += _TRAINING_RECORD + _EPOCH * epochs
            continue
        costs = [rates.core.of(kind) for kind in kinds if kind.family == "step"]
        weights = sum(cost.weights_bytes or 0 for cost in costs if cost is not None)
        space = next((kind.title.partition(":")[0] for kind in kinds if kind.family == "step"), "")
        total += weights + _RECORD.get(space, _SMALL_RECORD)
    return total


@dataclass(frozen=True)
class Forecast:
    """A plan on so many workers."""

    workers: int
    hours: float
    """As `execute` hands out jobs: trainings of probe cells before runs, the longest of both first."""
    idle: float
    """Share of the workers' time until then in which they have nothing to do."""
    wide_hours: float
    """The same, every training on ImageNet on eight workers, as `torchrun` does it."""


@dataclass(frozen=True)
class Forecasts:
    """A plan on one worker and on more."""

    each: tuple[Forecast, ...]
    longest_hours: float
    """Below which no number of workers comes, unless several share a training."""
    longest: str
    """The job that takes that long."""
    total_hours: float
    """Of one worker without overhead."""

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        own = asdict(self)
        return {**{name: own[name] for name in ("longest", "longest_hours", "total_hours")}, "each": list(own["each"])}


def forecast(
    demands: Sequence[Demand], rates: Rates, device: str = "cuda", counts: Sequence[int] = WORKERS
) -> Forecasts | None:
    """The schedule of demands whose work is known; None where there are none. A worker is one core, or one GPU."""
    known = [own for own in demands if all(rates.seconds(piece.work, device) is not None for piece in own.pieces)]
    if not known:
        return None
    order = sorted(known, key=lambda own: (not own.probe, -_whole(own, rates, device)))
    whole = [Task(_whole(own, rates, device), label=own.label) for own in order]
    wide = _cut(order, rates, device)
    longest, last = longest_chain(whole)
    each = []
    for count in counts:
        one, shared = (simulate(tasks, count, start=START, overhead=OVERHEAD) for tasks in (whole, wide))
        each.append(Forecast(count, one.makespan / _HOUR, one.idle, shared.makespan / _HOUR))
    return Forecasts(tuple(each), longest / _HOUR, whole[last].label, sum(task.seconds for task in whole) / _HOUR)


def _whole(demand: Demand, rates: Rates, device: str) -> float:
    return sum(rates.seconds(piece.work, device) or 0.0 for piece in demand.pieces)


def _cut(demands: Iterable[Demand], rates: Rates, device: str) -> list[Task]:
    """A task for each piece, after the one before it; wide ones share their work evenly."""
    tasks: list[Task] = []
    for demand in demands:
        for number, piece in enumerate(demand.pieces):
            before = (len(tasks) - 1,) if number else ()
            tasks.append(_task(piece, before, demand.label, rates, device))
    return tasks


def _task(piece: Piece, after: tuple[int, ...], label: str, rates: Rates, device: str) -> Task:
    count = SEVERAL_GPUS if piece.wide else 1
    return Task((rates.seconds(piece.work, device) or 0.0) / count, count, after, label)
