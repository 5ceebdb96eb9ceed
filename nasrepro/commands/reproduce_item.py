"""One table or figure: run at its places, and rendered as a page of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nasrepro import console
from nasrepro.commands.estimate import Experience, announce
from nasrepro.commands.folders import ensure_report_folder, ensure_writable, records_folder
from nasrepro.commands.run import raise_if_failed, table_rows
from nasrepro.commands.trainings import trainings_on
from nasrepro.errors import UserError

if TYPE_CHECKING:
    from nasrepro.experiments.execute import Outcome
    from nasrepro.experiments.executors.means import Means
    from nasrepro.experiments.plan import PlannedRun
    from nasrepro.experiments.reproducing import PlannedPlace, Request
    from nasrepro.papers.drawn import SchematicItem
    from nasrepro.papers.model import PaperItem
    from nasrepro.records.record import RunRecord
    from nasrepro.records.store import RunStore
    from nasrepro.reporting.cells_values import Trainings
    from nasrepro.reporting.ours import OursGroup
    from nasrepro.reporting.rendition import MeasuredItem


def reproduce_item(
    item: PaperItem,
    request: Request,
    runs: Path,
    published: Path | None,
    out: Path | None,
    means: Means,
    *,
    no_run: bool,
    json: bool,
) -> None:
    """Run the item's places and write its page, with the published records beside the fresh ones."""
    from nasrepro.experiments.reproducing import distinct, planned_places
    from nasrepro.papers.drawn import SchematicItem
    from nasrepro.records.store import RunStore
    from nasrepro.reporting.ours import grouped

    if isinstance(item, SchematicItem):
        _show_schematic(item, json=json)
        return
    target = _target(out, item)
    _refuse_own_settings(item, request)
    ensure_writable(runs, "--runs")
    earlier = _published(published, no_run) if item.variants else []
    store = RunStore(runs)
    places = [] if no_run else planned_places([item], request, store)
    _only_data_may_be_missing(item, places, earlier)
    outcome = _carried_out(distinct(places), store, earlier, means, request.threads)
    groups = grouped(item, outcome.records if outcome else [], earlier)
    _show(item, groups, target, trainings_on(item, [group.benchmark for group in groups], runs), json=json)
    if outcome:
        raise_if_failed(outcome, store)


def _show_schematic(item: SchematicItem, *, json: bool) -> None:
    """Why there is nothing to make."""
    if json:
        console.show_json({"item": item.id, "kind": item.kind, "report": None, "why": item.why})
        return
    console.say(f"{item.id} is drawn by hand in the paper; nothing is run or rendered: {item.why}")


def _carried_out(
    planned: Sequence[PlannedRun], store: RunStore, earlier: Sequence[RunRecord], means: Means, threads: int
) -> Outcome | None:
    """The runs with an estimate before them; None where nothing is to be run."""
    from nasrepro.pipeline import carry_out

    if not planned:
        return None
    announce(planned, store, Experience.of([*store.readable(), *earlier]), means, threads)
    return carry_out(planned, store, means)


def _target(out: Path | None, item: PaperItem) -> Path:
    """The folder of the page; raises `UserError` when it cannot be replaced."""
    target = out or Path("reports/reproduce") / item.id.replace("/", "-")
    ensure_report_folder(target)
    return target


def _refuse_own_settings(item: PaperItem, request: Request) -> None:
    """A setting that makes the difference between the item's rows is not for all of them."""
    for block, values in request.overrides.items():
        for name in values:
            if any(name in variant.settings.get(block, {}) for variant in item.variants):
                raise UserError(
                    f"setting '{block}.{name}' cannot be set for all of '{item.id}', which states it itself"
                )


def _only_data_may_be_missing(item: PaperItem, places: Sequence[PlannedPlace], earlier: Sequence[RunRecord]) -> None:
    """Places whose data are missing are left out, and it is said so; there must be something else to show."""
    missing = list(dict.fromkeys(own.problem for own in places if own.problem))
    if missing and not earlier and not any(own.runs for own in places):
        raise UserError(f"{missing[0]}; to show records measured before, give their folder with --published")
    for problem in missing:
        console.note(f"not run here: {problem}")


def _published(folder: Path | None, no_run: bool) -> list[RunRecord]:
    from nasrepro.records.store import read_folder

    if folder is None:
        if no_run:
            raise UserError("--no-run shows published records, so it needs their folder: --published FOLDER")
        return []
    records = read_folder(records_folder(folder))
    if not records:
        raise UserError(f"there are no records in '{folder}'")
    return records


def _show(
    item: MeasuredItem, groups: Sequence[OursGroup], target: Path, trainings: Mapping[str, Trainings], *, json: bool
) -> None:
    from nasrepro.reporting.reproduction import render_reproduction, terminal_reproduction

    page = render_reproduction(item, groups, target, trainings)
    if json:
        answer = {"item": item.id, "kind": item.kind, "report": str(page)}
        tables = {"rows": page.parent / "table.csv", "claims": page.parent / "claims.csv"}
        console.show_json(answer | {name: table_rows(path) for name, path in tables.items() if path.exists()})
        return
    console.output().print(terminal_reproduction(item, groups, trainings))
    console.say(f"report: {page}")
