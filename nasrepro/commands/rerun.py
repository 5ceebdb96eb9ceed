"""`rerun`: one run again, from its record, and whether it gives the same record."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.errors import RunFailed, UserError

if TYPE_CHECKING:
    from nasrepro.experiments.executors.means import Means
    from nasrepro.experiments.rerun import Repetition
    from nasrepro.records.comparing import Comparison
    from nasrepro.records.record import RunRecord

_SHOWN = 8
"""Fields that differ, of which more are only counted."""


def rerun(
    record: Annotated[
        str, typer.Argument(metavar="RECORD", help="File of a record, or the first digits of the key of a run.")
    ],
    runs: Annotated[Path, typer.Option(help="Run store that is searched for the key.")] = Path("runs"),
    published: Annotated[
        Path, typer.Option(help="Folder whose reports are searched for the key as well, however deep they lie.")
    ] = Path("reports/published"),
    workers: options.Workers = None,
    device: Annotated[
        str,
        typer.Option(metavar="cpu|cuda[:I]", help="What the run computes on.", show_default="as it did before"),
    ] = "auto",
    json: options.Json = False,
) -> None:
    """Make one run again, from its record alone, and compare what comes out; the run store is left as it is."""
    from nasrepro.experiments.executors.means import Means
    from nasrepro.records.finding import find_record
    from nasrepro.records.standalone import FOLDER
    from nasrepro.records.store import RunStore, read_record

    path = find_record(record, RunStore(runs), [published])
    if path.parent.name == FOLDER:
        raise UserError(f"'{path}' tells of a training, which 'nasrepro retrain' makes; allowed: records of runs")
    repetition, again = _made_again(read_record(path), Means(workers), device)
    comparison = repetition.compare(again)
    facts = _facts(path, repetition, again, comparison)
    if json:
        console.show_json(facts)
    else:
        _show(facts)
    if comparison.deviations:
        count = len(comparison.deviations)
        raise RunFailed(f"run {repetition.before.key} gave another record: {count} value{'s' * (count > 1)} differ")


def _made_again(before: RunRecord, means: Means, device: str) -> tuple[Repetition, RunRecord]:
    """In a run store of its own, which is only kept where the run fails, for the traceback in it. Raises `UserError`
    for another kind of device than the run was made on, which rounds otherwise."""
    from nasrepro.commands.run import raise_if_failed
    from nasrepro.experiments.devices import placed
    from nasrepro.experiments.jobs import Interrupted
    from nasrepro.experiments.rerun import repetition
    from nasrepro.pipeline import carry_out
    from nasrepro.records.store import RunStore

    made_on = before.spec.device
    kind, means = placed(made_on if device == "auto" else device, means)
    if kind != made_on:
        raise UserError(f"record '{before.key}' was made on device '{made_on}', so that '{device}' cannot repeat it")
    store = RunStore(Path(tempfile.mkdtemp(prefix="nasrepro-rerun-")))
    try:
        asked = repetition(before, store)
        outcome = carry_out([asked.planned], store, means)
    except BaseException as error:
        shutil.rmtree(store.root, ignore_errors=True)
        if isinstance(error, Interrupted):
            raise Interrupted("interrupted; the same command starts the run from its beginning") from None
        raise
    raise_if_failed(outcome, store)
    shutil.rmtree(store.root, ignore_errors=True)
    return asked, outcome.records[0]


def _facts(path: Path, repetition: Repetition, again: RunRecord, comparison: Comparison) -> dict[str, Any]:
    before = repetition.before
    return {
        "record": str(path),
        "key": before.key,
        **{name: getattr(before.spec, name) for name in ("method", "benchmark", "scale", "protocol", "seed")},
        "equal": not comparison.deviations,
        "differences": [
            {"field": one.where, "before": one.before, "again": one.again} for one in comparison.deviations
        ],
        "not_in_the_record": list(comparison.lacking),
        "newer_settings": repetition.filled,
        "machine_before": _machine(before),
        "machine_again": _machine(again),
        "seconds_before": round(before.cost.wall_clock, 1),
        "seconds_again": round(again.cost.wall_clock, 1),
    }


def _machine(record: RunRecord) -> str:
    """What equal runs may still compute differently on."""
    made = record.provenance
    packages = ", ".join(f"{name} {version}" for name, version in made.packages.items())
    return f"{made.hardware}; Python {made.python}; {packages}"


def _show(facts: dict[str, Any]) -> None:
    about = "{method} on {benchmark}, {scale} scale, {protocol}, seed {seed}".format_map(facts)
    console.say(f"{facts['record']}: {about}")
    for name, value in facts["newer_settings"].items():
        console.say(f"setting {name} is newer than the record: taken as {value}")
    for name in facts["not_in_the_record"]:
        console.say(f"field {name} is newer than the record: not compared")
    differences = facts["differences"]
    if differences:
        rows = [(one["field"], _text(one["before"]), _text(one["again"])) for one in differences[:_SHOWN]]
        console.show_table(("field", "in the record", "this time"), rows)
        if len(differences) > _SHOWN:
            console.say(f"and {len(differences) - _SHOWN} more")
        if facts["machine_before"] != facts["machine_again"]:
            console.say(f"made on: {facts['machine_before']}")
            console.say(f"here is: {facts['machine_again']}")
    took = f"{facts['seconds_before']} seconds then, {facts['seconds_again']} now"
    console.say(f"{'different' if differences else 'equal'} ({took})")


def _text(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else text[:59] + "…"
