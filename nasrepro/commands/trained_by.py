"""Who carries out the trainings of a command: workers that take one each, or processes of torchrun that share each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, get_args

from nasrepro import console
from nasrepro.commands.folders import ensure_writable
from nasrepro.commands.run import raise_failures
from nasrepro.errors import UserError, unknown

if TYPE_CHECKING:
    from nasrepro.experiments.executors.means import Means
    from nasrepro.experiments.retraining import PlannedTraining
    from nasrepro.records.standalone import StandaloneRecord
    from nasrepro.records.store import RunStore
    from nasrepro.training.retraining import Replication
    from nasrepro.training.team import Team


class Trainers(Protocol):
    """Who trains."""

    @property
    def device(self) -> str:
        """`cpu` or `cuda`."""

    @property
    def processes(self) -> int:
        """That share one training."""

    def carry_out(self, planned: Sequence[PlannedTraining], store: RunStore) -> list[StandaloneRecord]:
        """Do what is not done; the records in the order of the plan. Raises `RunFailed` when a training failed."""


@contextmanager
def trainers(means: Means, device: str) -> Iterator[Trainers]:
    """The processes of torchrun where it has started this one, else workers as `means` say.

    Of the former all but one are silent inside, and all end with one exit code. Raises `UserError` for a device that is
    not there, and for means where torchrun has decided.
    """
    from nasrepro.experiments.devices import chosen_device, placed
    from nasrepro.experiments.executors.means import Means
    from nasrepro.experiments.together import Started, team_of

    started = Started.here()
    if started is None:
        yield _Workers(*placed(device, means))
        return
    from nasrepro.commands.voices import one_voice

    with one_voice(started) as meeting:
        if means != Means():
            raise UserError(
                "--workers, --cluster, --run-timeout and --retry-failed cannot go with torchrun, whose "
                f"{started.size} processes share every training"
            )
        if ":" in device:
            raise UserError(f"device '{device}' cannot be shared by {started.size} processes; allowed: auto, cpu, cuda")
        with team_of(started, meeting, chosen_device(device).kind) as team:
            yield _Team(team)


def replication(replicas: int | None, scaling: str, processes: int) -> Replication:
    """What --replicas and --scaling say where so many processes share a training; raises `UserError`."""
    from nasrepro.training.retraining import Replication, Scaling

    if scaling not in get_args(Scaling):
        raise unknown("scaling", scaling, get_args(Scaling))
    if processes > 1 and replicas not in (None, processes):
        raise UserError(f"--replicas {replicas} cannot go with {processes} processes of torchrun; allowed: {processes}")
    count = replicas or processes
    return Replication(count, scaling if count > 1 else "fixed")  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Workers:
    device: str
    means: Means
    processes: int = 1

    def carry_out(self, planned: Sequence[PlannedTraining], store: RunStore) -> list[StandaloneRecord]:
        from nasrepro.experiments.execute import execute_jobs
        from nasrepro.experiments.standalone_oracle import job_of, untrained
        from nasrepro.records.standalone import get_training

        ensure_writable(store.root, "--runs")
        jobs = [job_of(one, store) for one in untrained(planned, store)]
        outcomes = execute_jobs(
            jobs, self.means, work_root=store.root / "work", title="trainings", console=console.messages()
        )
        failures = [outcome for outcome in outcomes if outcome.error is not None]
        _told(len(jobs) - len(failures), len(planned) - len(jobs), len(failures), store)
        raise_failures(failures, len(planned), store, "trainings")
        return [record for one in planned if (record := get_training(store, one.key)) is not None]


@dataclass(frozen=True)
class _Team:
    team: Team

    @property
    def device(self) -> str:
        return self.team.device.type

    @property
    def processes(self) -> int:
        return self.team.size

    def carry_out(self, planned: Sequence[PlannedTraining], store: RunStore) -> list[StandaloneRecord]:
        from nasrepro.experiments.together import train_together

        if self.team.leads:
            ensure_writable(store.root, "--runs")
        records, new = train_together(planned, store, self.team, console.messages())
        _told(new, len(planned) - new, 0, store)
        return records


def _told(new: int, found: int, failed: int, store: RunStore) -> None:
    console.note(f"trainings: {new} new, {found} found in '{store.root}', {failed} failed")
