"""`compare` and `report`: from methods and seeds to records, and from records to a report."""

from __future__ import annotations

import csv
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.commands.folders import ensure_report_folder, ensure_writable, records_folder
from nasrepro.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nasrepro.experiments.execute import Outcome
    from nasrepro.experiments.jobs import JobOutcome
    from nasrepro.records.record import RunRecord
    from nasrepro.records.store import RunStore


def compare(
    methods: Annotated[
        str,
        typer.Option(
            "--methods",
            "-m",
            help="Names separated by commas; see 'nasrepro list methods'. A method may be given several times with "
            "other settings, joined by semicolons, each a row: 'gdas, gdas\\[training.epochs=20]'.",
        ),
    ],
    benchmark: options.Benchmark = "nb201-digits",
    scale: options.Scale = "laptop",
    protocols: options.Protocols = "sound",
    seeds: options.Seeds = "0-4",
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("reports/compare"),
    runs: options.Runs = Path("runs"),
    workers: options.Workers = None,
    cluster: options.Cluster = None,
    run_timeout: options.RunTimeout = None,
    retry_failed: options.RetryFailed = False,
    threads: options.Threads = 1,
    device: options.Device = "auto",
    settings: options.Settings = None,
    selector: options.Selector = None,
    contrasts: options.Contrasts = None,
    allow_unverified: options.AllowUnverified = False,
    json: options.Json = False,
) -> None:
    """Run several methods, judge what they find by the truth, and write a report."""
    from nasrepro import pipeline
    from nasrepro.experiments.devices import placed
    from nasrepro.experiments.plan import parse_protocols, parse_seeds
    from nasrepro.experiments.variants import parse_overrides, parse_variants
    from nasrepro.records.store import RunStore

    ensure_report_folder(out)
    ensure_writable(runs, "--runs")
    kind, means = placed(device, options.means(workers, cluster, run_timeout, retry_failed))
    words = request_words(benchmark, scale, protocols, seeds, threads, kind, settings, selector)
    words += [word for text in contrasts or [] for word in ("--contrast", text)]
    outcome, page = pipeline.compare(
        parse_variants(methods, selector),
        benchmark,
        parse_seeds(seeds),
        out=out,
        runs=runs,
        scale=scale,
        protocol=parse_protocols(protocols),
        means=means,
        threads=threads,
        device=kind,
        overrides=parse_overrides(settings or []),
        allow_unverified=allow_unverified,
        contrasts=contrasts or [],
        command=shlex.join(["nasrepro", "compare", "--methods", methods, *words]),
    )
    if page is not None:
        _show_comparison(outcome, page, json=json)
    raise_if_failed(outcome, RunStore(runs))


def report(
    folder: Annotated[
        Path | None, typer.Argument(help="A report, or any folder of records.", show_default="the run store")
    ] = None,
    runs: options.Runs = Path("runs"),
    out: Annotated[
        Path | None, typer.Option(help="Folder of the report.", show_default="FOLDER, or reports/report")
    ] = None,
    benchmark: Annotated[str | None, typer.Option("--benchmark", "-b", help="Only records of this benchmark.")] = None,
    scale: Annotated[str | None, typer.Option(help="Only records of this scale.")] = None,
    protocol: Annotated[str | None, typer.Option(help="Only records of this protocol, or of a list of them.")] = None,
    methods: Annotated[
        str | None, typer.Option("--methods", "-m", help="Only records of these methods or variants.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Render a report again from records; nothing is run."""
    from nasrepro.commands.rank import render_again
    from nasrepro.experiments.execute import Outcome
    from nasrepro.records.contrast import read_contrasts
    from nasrepro.reporting.comparison import render_comparison
    from nasrepro.reporting.space_sources import is_rank_report

    if folder is not None and is_rank_report(folder):
        if any((benchmark, scale, protocol, methods)):
            raise UserError(
                f"'{folder}' is the report of a ranking, which is rendered as a whole; leave the choice out"
            )
        ensure_report_folder(out or folder)
        render_again(folder, out or folder, runs, json=json)
        return
    source = records_folder(folder or runs)
    target = out or (folder if folder and source != folder and not _is_store(folder) else Path("reports/report"))
    records = _chosen(source, benchmark, scale, protocol, methods)
    ensure_report_folder(target)
    asked = read_contrasts(folder or runs)
    if any((benchmark, scale, protocol, methods)):
        chosen = {record.key for record in records}
        asked = [contrast for contrast in asked if contrast.shown_by(chosen)]
    spec = records[0].spec
    page = render_comparison(
        records,
        target,
        title=f"Comparison on {spec.benchmark}, {spec.scale} scale",
        command=shlex.join(["nasrepro", "report", str(folder or runs)]),
        contrasts=asked,
    )
    _show_comparison(Outcome(records, [], len(records)), page, json=json)


def _chosen(
    source: Path, benchmark: str | None, scale: str | None, protocol: str | None, methods: str | None
) -> list[RunRecord]:
    """The records of a folder that were asked for; raises `UserError` when there are none."""
    from nasrepro.experiments.plan import parse_protocols
    from nasrepro.experiments.variants import parse_variants
    from nasrepro.records.store import read_folder

    wanted = {"benchmark": benchmark, "scale": scale}
    variants = parse_variants(methods) if methods else None
    protocols = parse_protocols(protocol) if protocol else None
    records = [
        record
        for record in read_folder(source)
        if all(value in (None, getattr(record.spec, field)) for field, value in wanted.items())
        and (variants is None or any(variant.fits(record.spec) for variant in variants))
        and (protocols is None or record.spec.protocol in protocols)
    ]
    if not records:
        raise UserError(f"there are no such records in '{source}'")
    return records


def raise_if_failed(outcome: Outcome, store: RunStore) -> None:
    """Raise `RunFailed` that names every failed run and where its traceback is."""
    raise_failures(outcome.failures, len(outcome.records) + len(outcome.failures), store, "runs")


def raise_failures(failures: Sequence[JobOutcome], total: int, store: RunStore, what: str) -> None:
    """The same for jobs of any kind, `what` in the plural."""
    from nasrepro.experiments.jobs import failed_jobs

    if failures:
        raise failed_jobs(failures, total, store.root / "work", what)


def table_rows(path: Path) -> list[dict[str, Any]]:
    """A CSV table as JSON-ready rows: numbers as numbers, empty cells as None."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: _value(text) for name, text in row.items()} for row in csv.DictReader(file)]


def _value(text: str) -> str | int | float | None:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text or None


def _show_comparison(outcome: Outcome, page: Path, *, json: bool) -> None:
    from nasrepro.records.contrast import read_contrasts
    from nasrepro.reporting.analysis import analyze
    from nasrepro.reporting.comparison import CONTRASTS_TABLE, comparison_tables
    from nasrepro.reporting.contrasts import answers
    from nasrepro.reporting.describe import short_caption
    from nasrepro.reporting.writers import to_rich

    asked = read_contrasts(page.parent)
    if json:
        console.show_json(
            {
                "report": str(page),
                "rows": table_rows(page.parent / "table.csv"),
                "contrasts": table_rows(page.parent / CONTRASTS_TABLE) if asked else [],
                **_more_tables(page.parent),
                "runs": [record.key for record in outcome.records],
                "reused": outcome.reused,
                "failed": [{"run": failure.job.label, "error": failure.error} for failure in outcome.failures],
            }
        )
        return
    analysis = analyze(outcome.records, several_protocols=True)
    for table in comparison_tables(analysis, answers(analysis, asked), ""):
        console.output().print(to_rich(table))
    console.say(short_caption(analysis.records))
    console.say(f"report: {page}")


def _more_tables(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What a report tells of papers' numbers and of watched cells, by the name of its table; only tables it has."""
    from nasrepro.reporting.forgetting_tables import FILES
    from nasrepro.reporting.printed import FILE

    files = [folder / name for name in (FILE, *FILES)]
    return {file.stem: table_rows(file) for file in files if file.is_file()}


def _is_store(folder: Path) -> bool:
    """A run store has records too, but it is no report: rendering into it would mix the two."""
    return not (folder / "index.html").exists()


def request_words(
    benchmark: str,
    scale: str,
    protocol: str,
    seeds: str,
    threads: int,
    device: str,
    settings: list[str] | None,
    selector: str | None = None,
) -> list[str]:
    """What a reader types to get the same records; where they are kept and how many run at a time does not matter.
    Of the device it is the kind."""
    words = ["--benchmark", benchmark, "--scale", scale, "--protocol", protocol, "--seeds", seeds]
    words += ["--threads", str(threads)] if threads != 1 else []
    words += ["--device", device] if device != "cpu" else []
    words += ["--selector", selector] if selector is not None else []
    for assignment in settings or []:
        words += ["--set", assignment]
    return words
