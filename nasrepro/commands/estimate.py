"""How much there is to run, and how long it will take as far as earlier runs tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nasrepro import console

if TYPE_CHECKING:
    from nasrepro.experiments.executors.means import Means
    from nasrepro.experiments.plan import PlannedRun
    from nasrepro.records.record import RunRecord
    from nasrepro.records.spec import RunSpec
    from nasrepro.records.store import RunStore

Kind = tuple[str, str, str, str]
"""Benchmark, scale, device and method: runs of a kind take about as long."""


@dataclass
class Experience:
    """Seconds that earlier runs took, by their kind."""

    seconds: dict[Kind, list[float]] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Iterable[RunRecord]) -> Experience:
        """From records, of which those without seconds tell nothing."""
        own = cls()
        for record in records:
            spec = record.spec
            kind = (spec.benchmark, spec.scale, spec.device, spec.method)
            own.seconds.setdefault(kind, []).append(record.cost.wall_clock)
        return own

    def same(self, spec: RunSpec) -> float | None:
        """The mean of such runs; None where there were none."""
        return _mean(self.seconds.get((spec.benchmark, spec.scale, spec.device, spec.method), []))

    def alike(self, spec: RunSpec) -> float | None:
        """The mean of the runs of all methods on the benchmark; None where there were none."""
        there = (spec.benchmark, spec.scale, spec.device)
        return _mean(
            [value for (*where, _), values in self.seconds.items() if tuple(where) == there for value in values]
        )

    def seconds_for(self, spec: RunSpec) -> float | None:
        """By the same runs, else by those that are alike, else None."""
        same = self.same(spec)
        return self.alike(spec) if same is None else same


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


@dataclass(frozen=True)
class Estimate:
    """Of runs that have no record yet."""

    total: int
    todo: int
    seconds: float
    """Of one worker, for the runs that earlier ones tell about."""
    unknown: int
    """Runs that none tells about."""
    judged: str = "earlier runs"
    """What tells how long runs take."""

    def words(self, workers: int) -> str:
        """`12 runs, 4 of them done before; about 3 min, judged by earlier runs`."""
        from nasrepro.experiments.progress import duration

        text = f"{self.total:,} runs, {self.total - self.todo:,} of them done before"
        if not self.todo:
            return text
        if self.unknown == self.todo:
            return f"{text}; how long they take shows when the first ones are done"
        text += f"; about {duration(self.seconds / max(1, min(workers, self.todo)))}, judged by {self.judged}"
        return f"{text}, and {self.unknown:,} that none is like" if self.unknown else text


def estimated(planned: Sequence[PlannedRun], store: RunStore, experience: Experience) -> Estimate:
    """Of the planned runs, as far as the store lacks them."""
    todo = [run for run in planned if not store.record_path(run.key).exists()]
    known = [experience.seconds_for(run.spec) for run in todo]
    told = [seconds for seconds in known if seconds is not None]
    return Estimate(len(planned), len(todo), sum(told), len(todo) - len(told))


def announce(
    planned: Sequence[PlannedRun], store: RunStore, experience: Experience, means: Means, threads: int
) -> None:
    """Say how much there is to do and, as far as earlier runs tell, how long it will take."""
    estimate = estimated(planned, store, experience)
    if estimate.todo:
        console.note(estimate.words(means.workers_for(threads)))
