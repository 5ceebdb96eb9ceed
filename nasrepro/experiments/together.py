"""Trainings that several processes of one command carry out together, as torchrun starts them: a replica in each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from nasrepro.errors import RunFailed, UserError
from nasrepro.experiments.claiming import Busy, claimed
from nasrepro.experiments.display import Display, display
from nasrepro.experiments.jobs import Job, JobOutcome, Report
from nasrepro.experiments.progress import Board, Progress
from nasrepro.experiments.retraining import PlannedTraining, checkpoint_of, trained
from nasrepro.experiments.standalone_oracle import job_of
from nasrepro.notices import told_to
from nasrepro.records.standalone import FOLDER, StandaloneRecord, get_training, put_training
from nasrepro.records.store import RunStore

if TYPE_CHECKING:
    from rich.console import Console
    from torch._C._distributed_c10d import Store

    from nasrepro.training.team import Team


@dataclass(frozen=True)
class Started:
    """What torchrun told this process: it is `number` of `size`, and `local` of those on its machine."""

    number: int
    size: int
    local: int

    @classmethod
    def here(cls, environment: Mapping[str, str] = os.environ) -> Started | None:
        """None in a process that torchrun has not started, or as the only one."""
        size = int(environment.get("WORLD_SIZE", "1"))
        if size < 2 or "RANK" not in environment:
            return None
        return cls(int(environment["RANK"]), size, int(environment.get("LOCAL_RANK", "0")))


@contextmanager
def team_of(started: Started, store: Store, device: str) -> Iterator[Team]:
    """This process's place among those that meet through `store`, with a GPU of its own on `cuda`.

    Raises `UserError` where there are fewer GPUs on the machine than processes, and `RunFailed` when another process
    is gone.
    """
    import torch

    from nasrepro.training.team import process_group

    if device == "cuda" and started.local >= torch.cuda.device_count():
        raise UserError(
            f"process {started.local + 1} of this machine has no GPU; allowed: torchrun --nproc-per-node "
            f"{torch.cuda.device_count()}, or --device cpu"
        )
    where = torch.device("cuda", started.local) if device == "cuda" else torch.device("cpu")
    try:
        with process_group(store, where, started.number, started.size) as team:
            yield team
    except RuntimeError as error:
        if any(word in str(error).lower() for word in ("gloo", "nccl", "connection", "timed out", "timeout")):
            raise lost() from error
        raise


def lost() -> RunFailed:
    """What the processes that are left say when one was killed, hangs, or cannot be reached."""
    return RunFailed("a process of this training is gone; the same command continues where the last epoch ended")


def train_together(
    trainings: Sequence[PlannedTraining], store: RunStore, team: Team, console: Console
) -> tuple[list[StandaloneRecord], int]:
    """Do the trainings one after the other, each by all processes; the records in their order, in every process, and
    how many of them were new.

    The leading process alone claims, reads and writes the store, which the others need not see. Raises `RunFailed`
    where somebody else is at a training, because the others would wait, and where a process has other data.
    """
    distinct = list({planned.key: planned for planned in trainings}.values())
    board, new = Board([job_of(planned, store) for planned in distinct], 1), 0
    records: dict[str, StandaloneRecord] = {}
    with display(board, "trainings", console) as shown, told_to(shown.say):
        for planned in distinct:
            job, began = job_of(planned, store), monotonic()
            board.begun(job)
            records[planned.key], made = _trained_together(planned, store, team, _reporter(shown, job))
            board.end(JobOutcome(job, seconds=monotonic() - began))
            new += made
    return [records[planned.key] for planned in trainings], new


def _reporter(shown: Display, job: Job) -> Report:
    progress = Progress()

    def report(done: int, total: int) -> None:
        progress.report(done, total)
        shown.update([(job, progress)])

    return report


def _trained_together(
    planned: PlannedTraining, store: RunStore, team: Team, report: Report
) -> tuple[StandaloneRecord, bool]:
    """The record, and whether it is new."""
    if not team.leads:
        found = _told(team, planned)
        if found is not None:
            return found, False
        trained(planned, None, report, team)
        made = _told(team, planned)
        assert made is not None
        return made, True
    try:
        with claimed(store.root / FOLDER, planned.key, wait=False) as claim:
            existing = get_training(store, planned.key)
            _tell(team, planned, existing)
            if existing is not None:
                return existing, False
            record = trained(planned, checkpoint_of(planned, store), claim.watched(report), team)
            claim.check()
            put_training(store, record)
    except Busy as busy:
        raise RunFailed(f"the training of {planned.spec.genotype} is under way elsewhere: {busy}") from busy
    _tell(team, planned, record)
    return record, True


def _tell(team: Team, planned: PlannedTraining, record: StandaloneRecord | None) -> None:
    team.from_leader({"key": planned.key, "record": None if record is None else record.model_dump_json()})


def _told(team: Team, planned: PlannedTraining) -> StandaloneRecord | None:
    said = team.from_leader(None)
    assert said is not None
    if said["key"] != planned.key:
        raise RunFailed("this machine has other data, or another nasrepro, than that of the leading process")
    return None if said["record"] is None else StandaloneRecord.model_validate_json(said["record"])
