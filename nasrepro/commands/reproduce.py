"""`reproduce`: a paper's table with our rows beside the printed ones."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.commands.folders import ensure_report_folder, ensure_writable, records_folder
from nasrepro.commands.run import raise_if_failed, table_rows
from nasrepro.errors import UserError

if TYPE_CHECKING:
    from nasrepro.experiments.plan import PlannedRun
    from nasrepro.papers.table import TableItem
    from nasrepro.records.record import RunRecord
    from nasrepro.records.store import RunStore
    from nasrepro.reporting.reproduction import OursGroup


def reproduce(
    item: Annotated[str | None, typer.Argument(help="Such as e2nas/table-1; see --list.")] = None,
    benchmark: Annotated[
        str | None, typer.Option("--benchmark", "-b", help="Where ours is run.", show_default="the paper's")
    ] = None,
    scale: options.Scale = "laptop",
    protocol: options.Protocol = "sound",
    seeds: options.Seeds = "0-4",
    published: Annotated[
        Path | None, typer.Option(help="Records measured before, shown as such; also without the benchmark's data.")
    ] = None,
    no_run: Annotated[bool, typer.Option("--no-run", help="Run nothing; show the published records only.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the table.", show_default="reports/reproduce/ITEM")
    ] = None,
    runs: options.Runs = Path("runs"),
    workers: options.Workers = None,
    threads: options.Threads = 1,
    settings: options.Settings = None,
    allow_unverified: options.AllowUnverified = False,
    list_items: Annotated[bool, typer.Option("--list", help="List what can be reproduced.")] = False,
    json: options.Json = False,
) -> None:
    """Run what a paper's table compares, and print the table again with our numbers beside its own."""
    from nasrepro.experiments.plan import parse_overrides, parse_seeds, plan
    from nasrepro.pipeline import carry_out
    from nasrepro.records.store import RunStore

    if list_items:
        _list(json)
        return
    table = _table(item)
    where = benchmark or table.benchmark
    target = out or Path("reports/reproduce") / table.id.replace("/", "-")
    ensure_report_folder(target)
    ensure_writable(runs, "--runs")
    earlier = _published(published, no_run)
    store = RunStore(runs)
    planned: list[PlannedRun] = []
    try:
        if not no_run:
            planned = plan(
                _methods(table),
                where,
                parse_seeds(seeds),
                scale=scale,
                protocol=protocol,
                threads=threads,
                overrides=parse_overrides(settings or []),
                store=store,
                allow_unverified=allow_unverified,
            )
    except UserError as error:
        _only_data_may_be_missing(error, where, runs, allow_unverified, earlier)
    _announce(planned, store, earlier, workers, threads)
    outcome = carry_out(planned, store, workers=workers, threads=threads) if planned else None
    groups = _groups(table, outcome.records if outcome else [], earlier)
    _show(table, groups, target, json=json)
    if outcome:
        raise_if_failed(outcome, store)


def _table(item: str | None) -> TableItem:
    from nasrepro.papers.catalog import item as find
    from nasrepro.papers.table import TableItem

    if item is None:
        raise UserError("say which table, such as e2nas/table-1; 'nasrepro reproduce --list' names them all")
    found = find(item)
    if not isinstance(found, TableItem):
        raise UserError(f"'{item}' is a figure; only tables can be reproduced")
    return found


def _only_data_may_be_missing(
    error: UserError, benchmark: str, runs: Path, allow_unverified: bool, earlier: Sequence[RunRecord]
) -> None:
    """Published records stand in for missing data, and it is said so; they hide no mistake in the request."""
    if str(error) != _missing_data(benchmark, runs, allow_unverified):
        raise error
    if not earlier:
        raise UserError(f"{error}; to show records measured before, give their folder with --published") from error
    console.note(f"not run here: {error}")


def _methods(table: TableItem) -> list[str]:
    """Our methods that stand in the table and exist; the other rows are only quoted."""
    from nasrepro.methods import catalog

    known = catalog.names()
    return list(dict.fromkeys(row.method for row in table.rows if row.how == "run" and row.method in known))


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
        benchmark.load_images(allow_unverified=allow_unverified)
    except UserError as error:
        return str(error)
    return None


def _announce(
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
        seconds.setdefault((spec.benchmark, spec.scale, spec.method), []).append(sum(record.cost.seconds.values()))
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
    from nasrepro.records.store import read_record

    records = []
    for path in sorted((store.root / "records").glob("*.json")):
        with contextlib.suppress(UserError):
            records.append(read_record(path))
    return records


def _groups(table: TableItem, fresh: Sequence[RunRecord], earlier: Sequence[RunRecord]) -> list[OursGroup]:
    """The runs made now, then published ones by benchmark, scale and protocol, unless they are the same runs."""
    from nasrepro.reporting.reproduction import OursGroup

    groups = [OursGroup(_label(table, fresh[0], "ours"), fresh, fresh=True)] if fresh else []
    shown = {record.key for record in fresh}
    wanted = {row.method for row in table.rows}
    by_kind: dict[tuple[str, str, str], list[RunRecord]] = {}
    for record in earlier:
        if record.spec.method in wanted:
            kind = (record.spec.benchmark, record.spec.scale, record.spec.protocol)
            by_kind.setdefault(kind, []).append(record)
    for records in by_kind.values():
        if not {record.key for record in records} <= shown:
            groups.append(OursGroup(_label(table, records[0], "ours, published"), records, fresh=False))
    return groups


def _label(table: TableItem, record: RunRecord, whose: str) -> str:
    spec = record.spec
    parts = [whose, *([spec.benchmark] if spec.benchmark != table.benchmark else []), spec.scale]
    return ", ".join(parts + ([spec.protocol] if spec.protocol != "sound" else []))


def _show(table: TableItem, groups: Sequence[OursGroup], target: Path, *, json: bool) -> None:
    from nasrepro.reporting.reproduction import render_reproduction, terminal_reproduction

    page = render_reproduction(table, groups, target)
    if json:
        console.show_json({"item": table.id, "report": str(page), "rows": table_rows(page.parent / "table.csv")})
        return
    console.output().print(terminal_reproduction(table, groups))
    console.say(f"report: {page}")


def _list(json: bool) -> None:
    from nasrepro.methods.catalog import names
    from nasrepro.papers.catalog import items

    known = names()
    rows = [
        {
            "name": entry.name,
            "paper": entry.paper,
            "title": entry.title,
            "benchmark": entry.benchmark,
            "methods": [name for name in entry.methods if name in known],
        }
        for entry in items()
    ]
    if json:
        console.show_json(rows)
        return
    columns = ("name", "paper", "title", "benchmark")
    console.show_table(columns, [[row[column] for column in columns] for row in rows])
