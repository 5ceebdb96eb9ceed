"""How much did a row's supernets forget of the watched cells, and what did single updates do to them?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from nasrepro.errors import UserError
from nasrepro.metrics import forgetting as measures
from nasrepro.metrics.significance import Comparison, against_exact, paired
from nasrepro.metrics.summary import Summary, summarize
from nasrepro.records.record import RunRecord
from nasrepro.records.watched import Watched
from nasrepro.reporting.derived_series import inherited
from nasrepro.reporting.sharing import Shared, Unit, in_common, unit_of

Quantity = Literal[
    "drop", "chance", "late_drop", "late_chance", "change", "fallen", "late_change", "late_fallen", "near", "far"
]
"""Points, but `fallen` (shares of pairs) and `near` and `far` (nats). `late` is over the second half of the looks."""
MANY = 4
"""Shared edges or choices from which a cell is near the trained one; far is one that shares none."""


@dataclass(frozen=True)
class CurvePoint:
    """Mean inherited accuracy of the watched cells after `step` weight updates, over the seeds."""

    step: int
    accuracy: Summary


@dataclass(frozen=True)
class SharedPoint:
    """What one update does to cells that have `number` things in common with the cell it trained, over the seeds."""

    number: int
    pairs: int
    """Looks times cells, of all seeds."""
    loss: Summary
    """Nats, after minus before; of the seeds' means."""
    accuracy: Summary
    """Points."""


@dataclass(frozen=True)
class Forgetting:
    """One row's watched cells over its seeds."""

    cells: int
    images: int
    looks: int
    lag: int
    """Looks between the two accuracies of a change."""
    lag_steps: float
    """The same in weight updates."""
    values: Mapping[Quantity, Mapping[int, float]]
    """Seed → value, where it could be measured."""
    curve: tuple[CurvePoint, ...]
    unit: Unit
    """What is counted as shared."""
    sharing: Mapping[Shared, tuple[SharedPoint, ...]]
    """Empty where mixtures are trained, which share everything with every cell."""

    def summary(self, name: Quantity) -> Summary:
        return summarize(list(self.values[name].values()))

    @property
    def versus_still(self) -> Comparison | None:
        """The late change against none."""
        late = list(self.values["late_change"].values())
        return against_exact(late, 0.0) if late else None

    @property
    def near_minus_far(self) -> Comparison | None:
        """What an update does to the loss of near cells minus what it does to that of far ones, paired by seed."""
        near, far = self.values["near"], self.values["far"]
        both = sorted(near.keys() & far.keys())
        return paired([near[seed] for seed in both], [far[seed] for seed in both]) if both else None


@dataclass(frozen=True)
class _Effects:
    """Of the updates of one run, by the number of things in common: pairs, mean changes of loss and accuracy."""

    pairs: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray


def forgetting_of(records: Sequence[RunRecord]) -> Forgetting | None:
    """What the finished runs of a row say, or None where no cell was watched.

    Raises `UserError` when the seeds watched different cells.
    """
    seen = {r.spec.seed: r.watched for r in records if r.watched is not None and r.watched.looks}
    if not seen:
        return None
    first = next(iter(seen.values()))
    if any(watched.cells != first.cells for watched in seen.values()):
        raise UserError(f"records of '{records[0].spec.method}' watched different cells; render them apart")
    values: dict[Quantity, dict[int, float]] = {name: {} for name in get_args(Quantity)}
    effects: dict[Shared, list[_Effects]] = {}
    for seed, watched in seen.items():
        own = _effects(watched)
        for name, value in {**_quantities(watched), **_near_and_far(own.get("edges"))}.items():
            if math.isfinite(value):
                values[name][seed] = value
        for kind, found in own.items():
            effects.setdefault(kind, []).append(found)
    steps, lag = [look.step for look in first.looks], measures.default_lag(len(first.looks))
    return Forgetting(
        cells=len(first.cells),
        images=first.images,
        looks=len(steps),
        lag=lag,
        lag_steps=lag * (steps[-1] - steps[0]) / max(1, len(steps) - 1),
        values=values,
        curve=_curve(list(seen.values())),
        unit=unit_of(first.cells),
        sharing={kind: _over_seeds(found) for kind, found in effects.items()},
    )


def _quantities(watched: Watched) -> dict[Quantity, float]:
    accuracy = inherited(watched)
    late, lag = measures.second_half(accuracy), measures.default_lag(len(accuracy))
    return {
        "drop": measures.drop_from_best(accuracy),
        "chance": measures.drop_by_chance(accuracy[-1], watched.images, len(accuracy)),
        "late_drop": measures.drop_from_best(late),
        "late_chance": measures.drop_by_chance(accuracy[-1], watched.images, len(late)),
        "change": measures.change_over_lag(accuracy, lag),
        "fallen": measures.share_fallen(accuracy, lag),
        "late_change": measures.change_over_lag(late, lag),
        "late_fallen": measures.share_fallen(late, lag),
    }


def _effects(watched: Watched) -> dict[Shared, _Effects]:
    """Of all updates that trained one cell of the space; nothing where there is none."""
    looks = [look for look in watched.looks if look.path is not None]
    counts = in_common(watched.cells, [look.path or "" for look in looks]) if looks else {}
    if not counts:
        return {}
    loss = np.array([np.subtract(look.after.loss, look.before.loss) for look in looks])
    right = np.array([np.subtract(look.after.right, look.before.right) for look in looks])
    most = unit_of(watched.cells).most
    found: dict[Shared, _Effects] = {}
    for kind, number in counts.items():
        pairs, mean = measures.means_by_count(number, loss, most)
        found[kind] = _Effects(pairs, mean, measures.means_by_count(number, right * 100 / watched.images, most)[1])
    return found


def _near_and_far(effects: _Effects | None) -> dict[Quantity, float]:
    if effects is None:
        return {}
    pairs, sums = effects.pairs[MANY:], np.nan_to_num(effects.loss[MANY:]) * effects.pairs[MANY:]
    near = float(sums.sum() / pairs.sum()) if pairs.any() else math.nan
    return {"near": near, "far": float(effects.loss[0])}


def _curve(seen: Sequence[Watched]) -> tuple[CurvePoint, ...]:
    by_step: dict[int, list[float]] = {}
    for watched in seen:
        for look, mean in zip(watched.looks, inherited(watched).mean(axis=1), strict=True):
            by_step.setdefault(look.step, []).append(float(mean))
    return tuple(CurvePoint(step, summarize(means)) for step, means in sorted(by_step.items()))


def _over_seeds(effects: Sequence[_Effects]) -> tuple[SharedPoint, ...]:
    """The numbers that occur, each over the seeds where it does."""
    points = (
        SharedPoint(
            number,
            int(sum(own.pairs[number] for own in effects)),
            summarize([float(own.loss[number]) for own in effects]),
            summarize([float(own.accuracy[number]) for own in effects]),
        )
        for number in range(len(effects[0].pairs))
    )
    return tuple(point for point in points if point.pairs)
