"""What a reproduction is going to run and what is known about how long that takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nasrepro.commands.estimate import Estimate, Experience
from nasrepro.errors import UserError

if TYPE_CHECKING:
    from nasrepro.commands.gathering import Holdings
    from nasrepro.experiments.capacity.demand import Demand
    from nasrepro.experiments.capacity.rates import Rates
    from nasrepro.experiments.execute import Lengths
    from nasrepro.experiments.reproducing import PlannedPlace
    from nasrepro.records.spec import RunSpec
    from nasrepro.records.store import RunStore

_JUDGED = "earlier runs and measured steps"


@dataclass
class Row:
    """An item at a place, with what is first needed here."""

    place: PlannedPlace
    new: int = 0
    """Runs that no earlier row needs."""
    todo: list[RunSpec] = field(default_factory=list)
    """Those of them that have no record."""
    demands: list[Demand] = field(default_factory=list)
    """Of these, and of the probe cells that they are held against and the store lacks."""


@dataclass(frozen=True)
class Plan:
    """The rows, and what is known about time."""

    rows: list[Row]
    experience: Experience
    rates: Rates

    @property
    def demands(self) -> list[Demand]:
        """Of all that is to be done, each once."""
        return [own for row in self.rows for own in row.demands]

    @property
    def estimate(self) -> Estimate:
        """Of all rows."""
        each = [self.of(row) for row in self.rows]
        return Estimate(
            sum(own.total for own in each),
            sum(own.todo for own in each),
            sum(own.seconds for own in each),
            sum(own.unknown for own in each),
            _JUDGED,
        )

    def of(self, row: Row) -> Estimate:
        """Of the row's runs that are to be done, on one worker."""
        runs, probes = self._seconds(row)
        told = [seconds for seconds in runs.values() if seconds is not None]
        probed = [seconds for seconds in probes.values() if seconds is not None]
        return Estimate(row.new, len(row.todo), sum(told) + sum(probed), len(runs) - len(told))

    def lengths(self) -> Lengths:
        """Expected seconds of all that is to be done, so that the longest can begin first."""
        from nasrepro.experiments.capacity.demand import key_of

        known = {key: seconds for row in self.rows for part in self._seconds(row) for key, seconds in part.items()}
        return lambda spec: known.get(key_of(spec))

    def _seconds(self, row: Row) -> tuple[dict[str, float | None], dict[str, float | None]]:
        """Of the row's runs and of its trainings of probe cells, by the keys of the demands."""
        probes = {own.key: self._measured(own) for own in row.demands if own.probe}
        runs = {own.key: self._of_run(spec, own) for spec, own in zip(row.todo, row.demands, strict=False)}
        return runs, probes

    def _of_run(self, spec: RunSpec, demand: Demand) -> float | None:
        """By earlier runs of the kind, else by measured steps, else by earlier runs that are alike."""
        known = (self.experience.same(spec), self._measured(demand))
        return next((own for own in known if own is not None), self.experience.alike(spec))

    def _measured(self, demand: Demand) -> float | None:
        """By the steps; None where some were not measured."""
        each = [self.rates.seconds(piece.work, demand.device) for piece in demand.pieces]
        return None if None in each else sum(own for own in each if own is not None)


def plan_of(places: Sequence[PlannedPlace], store: RunStore, holdings: Holdings, speedup: float | None = None) -> Plan:
    """What is to be done, with everything that is known about time."""
    from nasrepro.experiments.capacity.rates import rates_for

    held = holdings.held
    rows = planned_rows(places, store, [own.record.spec for own in held if own.fresh])
    return Plan(rows, Experience.of(own.record for own in held), rates_for(store.root, speedup))


def planned_rows(places: Sequence[PlannedPlace], store: RunStore, records: Sequence[RunSpec]) -> list[Row]:
    """A row for each item and place; what several need stands with the first of them.

    `records` are the runs that the store has records of: by them the runs are known that were done, whatever the data,
    where the plan does not know the data.
    """
    from nasrepro.experiments.capacity.demand import Demands
    from nasrepro.records.identity import completed

    demands, counted, found = Demands(), set[str](), []
    known = {demands.of_run(spec.model_copy(update={"settings": completed(spec)})).key for spec in records}
    trained = set(_trained(store))
    for own in places:
        row = Row(own)
        demanded = [demands.of_run(spec) for spec in own.specs]
        made = [store.record_path(run.key).exists() for run in own.runs] or [own.key in known for own in demanded]
        for spec, demand, done in zip(own.specs, demanded, made, strict=True):
            if demand.key in counted:
                continue
            counted.add(demand.key)
            row.new += 1
            if not done:
                row.todo.append(spec)
                row.demands.append(demand)
        probes = [demand for demand in demands.of_probes(row.todo) if demand.key not in counted]
        counted.update(demand.key for demand in probes)
        row.demands += [demand for demand in probes if demand.key not in trained]
        found.append(row)
    return found


def _trained(store: RunStore) -> Iterator[str]:
    """Keys of the trainings from scratch that the store has records of; damaged ones count as missing."""
    from nasrepro.experiments.capacity.demand import key_of
    from nasrepro.records.standalone import FOLDER, read_training_record

    for path in sorted((store.root / FOLDER).glob("*.json")):
        with suppress(UserError):
            yield key_of(read_training_record(path).spec)
