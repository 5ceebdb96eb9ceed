"""`reproduce`: a paper's table or figure with ours beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.commands.estimate import announce
from nasrepro.commands.folders import ensure_report_folder, ensure_writable, records_folder
from nasrepro.commands.run import raise_if_failed, table_rows
from nasrepro.commands.trainings import trainings_behind
from nasrepro.errors import UserError

if TYPE_CHECKING:
    from nasrepro.experiments.execute import Outcome
    from nasrepro.experiments.plan import PlannedRun
    from nasrepro.experiments.variants import Overrides
    from nasrepro.papers.model import PaperItem
    from nasrepro.records.record import RunRecord
    from nasrepro.records.store import RunStore
    from nasrepro.records.variant import Variant
    from nasrepro.reporting.cells_values import Trainings
    from nasrepro.reporting.ours import OursGroup


def reproduce(
    item: Annotated[str | None, typer.Argument(help="Such as e2nas/table-1; see --list.")] = None,
    benchmark: Annotated[
        str | None, typer.Option("--benchmark", "-b", help="Where ours is run.", show_default="the item's, see --list")
    ] = None,
    scale: options.Scale = "laptop",
    protocol: options.Protocol = "sound",
    seeds: Annotated[
        str | None,
        typer.Option(help="Search seeds, such as 0,1,2 or 0-9.", show_default="0-4 or 0-9, as the item has it"),
    ] = None,
    published: Annotated[
        Path | None, typer.Option(help="Records measured before, shown as such; also without the benchmark's data.")
    ] = None,
    no_run: Annotated[bool, typer.Option("--no-run", help="Run nothing; show the published records only.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of the page.", show_default="reports/reproduce/ITEM")] = None,
    runs: options.Runs = Path("runs"),
    workers: options.Workers = None,
    threads: options.Threads = 1,
    settings: options.Settings = None,
    allow_unverified: options.AllowUnverified = False,
    list_items: Annotated[bool, typer.Option("--list", help="List what can be reproduced.")] = False,
    json: options.Json = False,
) -> None:
    """Run what a paper's table or figure shows, and render it again with ours beside the paper's."""
    from nasrepro.experiments.plan import parse_seeds, plan
    from nasrepro.records.store import RunStore
    from nasrepro.reporting.ours import grouped

    if list_items:
        _list(json)
        return
    wanted = _item(item)
    where = benchmark or wanted.benchmark
    target = _target(out, wanted)
    ensure_writable(runs, "--runs")
    earlier = _published(published, no_run)
    store = RunStore(runs)
    planned: list[PlannedRun] = []
    overrides = _overrides(settings, wanted)
    try:
        if not no_run and wanted.variants:
            planned = plan(
                _variants(wanted, protocol),
                where,
                parse_seeds(seeds or wanted.run_seeds),
                scale=scale,
                protocol=protocol,
                threads=threads,
                overrides=overrides,
                store=store,
                allow_unverified=allow_unverified,
            )
    except UserError as error:
        _only_data_may_be_missing(error, where, runs, allow_unverified, earlier)
    outcome = _carried_out(planned, store, earlier, workers, threads)
    groups = grouped(wanted, outcome.records if outcome else [], earlier)
    _show(wanted, groups, target, trainings_behind(wanted, groups, runs), json=json)
    if outcome:
        raise_if_failed(outcome, store)


def _carried_out(
    planned: list[PlannedRun], store: RunStore, earlier: Sequence[RunRecord], workers: int | None, threads: int
) -> Outcome | None:
    """The runs with an estimate before them; None where nothing is to be run."""
    from nasrepro.pipeline import carry_out

    announce(planned, store, earlier, workers, threads)
    return carry_out(planned, store, workers=workers, threads=threads) if planned else None


def _target(out: Path | None, wanted: PaperItem) -> Path:
    """The folder of the page; raises `UserError` when it cannot be replaced."""
    target = out or Path("reports/reproduce") / wanted.id.replace("/", "-")
    ensure_report_folder(target)
    return target


def _item(name: str | None) -> PaperItem:
    from nasrepro.papers.catalog import item

    if name is None:
        raise UserError("say which item, such as e2nas/table-1; 'nasrepro reproduce --list' names them all")
    return item(name)


def _overrides(settings: list[str] | None, wanted: PaperItem) -> Overrides:
    """What --set asks for; a setting that makes the difference between the item's rows is not for all of them."""
    from nasrepro.experiments.variants import parse_overrides

    overrides = parse_overrides(settings or [])
    for block, values in overrides.items():
        for name in values:
            if any(name in variant.settings.get(block, {}) for variant in wanted.variants):
                raise UserError(
                    f"setting '{block}.{name}' cannot be set for all of '{wanted.id}', which states it itself"
                )
    return overrides


def _variants(wanted: PaperItem, protocol: str) -> list[Variant]:
    """What the item runs, of methods that exist and know the protocol; what stands in the paper for the others is only
    quoted."""
    from nasrepro.methods import catalog

    known = {name: catalog.get(name) for name in wanted.methods if catalog.knows(name)}
    if not known:
        raise UserError(f"no method of '{wanted.id}' can be run here; it needs {', '.join(wanted.methods)}")
    able = [name for name, method in known.items() if protocol in method.protocols]
    if others := [name for name in known if name not in able]:
        console.note(f"not run, because they have no protocol '{protocol}': {', '.join(others)}")
    able = able or list(known)  # all of them, for the refusal that names what is allowed
    return [variant for variant in wanted.variants if variant.method in able]


def _only_data_may_be_missing(
    error: UserError, benchmark: str, runs: Path, allow_unverified: bool, earlier: Sequence[RunRecord]
) -> None:
    """Published records stand in for missing data, and it is said so; they hide no mistake in the request."""
    if str(error) != _missing_data(benchmark, runs, allow_unverified):
        raise error
    if not earlier:
        raise UserError(f"{error}; to show records measured before, give their folder with --published") from error
    console.note(f"not run here: {error}")


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


def _missing_data(name: str, runs: Path, allow_unverified: bool) -> str | None:
    """Why the benchmark cannot be used on this machine; None when it can, or does not exist."""
    from nasrepro import benchmarks

    if name not in benchmarks.names():
        return None
    try:
        benchmark = benchmarks.get(name)
        benchmark.open_oracle(runs)
        benchmark.load_data(allow_unverified=allow_unverified)
    except UserError as error:
        return str(error)
    return None


def _show(
    wanted: PaperItem, groups: Sequence[OursGroup], target: Path, trainings: Mapping[str, Trainings], *, json: bool
) -> None:
    from nasrepro.reporting.reproduction import render_reproduction, terminal_reproduction

    page = render_reproduction(wanted, groups, target, trainings)
    if json:
        answer = {"item": wanted.id, "kind": wanted.kind, "report": str(page)}
        tables = {"rows": page.parent / "table.csv", "claims": page.parent / "claims.csv"}
        console.show_json(answer | {name: table_rows(path) for name, path in tables.items() if path.exists()})
        return
    console.output().print(terminal_reproduction(wanted, groups, trainings))
    console.say(f"report: {page}")


def _list(json: bool) -> None:
    from nasrepro.methods.catalog import knows
    from nasrepro.papers.catalog import items

    rows: list[dict[str, Any]] = [
        {
            "name": entry.name,
            "kind": entry.kind,
            "paper": entry.paper,
            "title": entry.title,
            "benchmark": entry.benchmark,
            "methods": [name for name in entry.methods if knows(name)],
        }
        for entry in items()
    ]
    if json:
        console.show_json(rows)
        return
    columns = ("name", "kind", "paper", "title", "benchmark", "methods")
    shown = [row | {"methods": ", ".join(row["methods"])} for row in rows]
    console.show_table(columns, [[row[column] for column in columns] for row in shown])
