"""How much there is to run, and how long it will take as far as earlier runs tell."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nasrepro import console
from nasrepro.errors import UserError

if TYPE_CHECKING:
    from nasrepro.experiments.plan import PlannedRun
    from nasrepro.records.record import RunRecord
    from nasrepro.records.store import RunStore


def announce(
    planned: Sequence[PlannedRun], store: RunStore, earlier: Sequence[RunRecord], workers: int | None, threads: int
) -> None:
    """Say how much there is to do and, as far as earlier runs tell, how long it will take."""
    from nasrepro.experiments.execute import default_workers
    from nasrepro.experiments.progress import duration

    todo = [run for run in planned if not store.record_path(run.key).exists()]
    if not todo:
        return
    seconds: dict[tuple[str, str, str], list[float]] = {}
    for record in [*_stored(store), *earlier]:
        spec = record.spec
        seconds.setdefault((spec.benchmark, spec.scale, spec.method), []).append(record.cost.wall_clock)
    known = [seconds.get((run.spec.benchmark, run.spec.scale, run.spec.method)) for run in todo]
    text = f"{len(planned)} runs, {len(planned) - len(todo)} of them done before"
    if all(known):
        at_once = min(workers or default_workers(threads), len(todo))
        total = sum(sum(values) / len(values) for values in known if values)
        text += f"; about {duration(total / at_once)}, judged by earlier runs"
    else:
        text += "; how long they take shows when the first ones are done"
    console.note(text)


def _stored(store: RunStore) -> list[RunRecord]:
    """Readable records of the store; a damaged one is no reason to give no estimate."""
    from nasrepro.records.store import read_record, record_files

    records = []
    for path in record_files(store.root / "records"):
        with contextlib.suppress(UserError):
            records.append(read_record(path))
    return records
