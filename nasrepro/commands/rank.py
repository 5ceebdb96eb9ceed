"""`rank`: how well scores of every cell of the space order the cells by their truth."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.commands.folders import ensure_report_folder, ensure_writable
from nasrepro.commands.run import raise_if_failed, request_words
from nasrepro.commands.truth import read_truth
from nasrepro.errors import RunFailed, UserError

if TYPE_CHECKING:
    from nasrepro.benchmarks import Benchmark
    from nasrepro.experiments.execute import Outcome
    from nasrepro.experiments.executors.means import Means
    from nasrepro.experiments.plan import PlannedRun
    from nasrepro.records.record import RunRecord
    from nasrepro.records.store import RunStore
    from nasrepro.records.variant import Variant
    from nasrepro.reporting.space_sources import RankSources
    from nasrepro.reporting.truth_data import TruthTable


def rank(
    methods: Annotated[
        str | None,
        typer.Argument(metavar="METHOD[,METHOD…]", help="Methods that train a supernet; with settings as in compare."),
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Rank these scores instead: columns cell and score, higher is better."),
    ] = None,
    benchmark: options.Benchmark = "nb201-digits",
    scale: options.Scale = "laptop",
    protocol: options.Protocol = "sound",
    seeds: options.Seeds = "0-4",
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("reports/rank"),
    runs: options.Runs = Path("runs"),
    workers: options.Workers = None,
    cluster: options.Cluster = None,
    run_timeout: options.RunTimeout = None,
    retry_failed: options.RetryFailed = False,
    threads: options.Threads = 1,
    device: options.Device = "auto",
    settings: options.Settings = None,
    selector: options.Selector = None,
    allow_unverified: options.AllowUnverified = False,
    json: options.Json = False,
) -> None:
    """Score every cell of the space under inherited weights, and say how well that ranks them."""
    from nasrepro import benchmarks
    from nasrepro.experiments.devices import placed
    from nasrepro.experiments.plan import parse_seeds, plan
    from nasrepro.experiments.variants import parse_overrides
    from nasrepro.records.store import RunStore

    if (methods is None) == (scores is None):
        raise UserError("say what is to be ranked: methods, as in 'nasrepro rank randomnas', or a file with --scores")
    ensure_report_folder(out)
    if scores is not None:
        _rank_file(scores, benchmark, out, runs, json=json)
        return
    variants = _variants(methods or "", selector)
    ensure_writable(runs, "--runs")
    kind, means = placed(device, options.means(workers, cluster, run_timeout, retry_failed))
    target, store = benchmarks.get(benchmark), RunStore(runs)
    table = read_truth(target, runs)
    planned = plan(
        variants,
        benchmark,
        parse_seeds(seeds),
        scale=scale,
        protocol=protocol,
        threads=threads,
        device=kind,
        overrides=parse_overrides(settings or []),
        store=store,
        allow_unverified=allow_unverified,
    )
    words = ["nasrepro", "rank", ",".join(variant.text for variant in variants)]
    words += request_words(benchmark, scale, protocol, seeds, threads, kind, settings)
    _rank_runs(planned, target, table, store, means, out, shlex.join(words), json=json)


def _rank_runs(
    planned: Sequence[PlannedRun],
    target: Benchmark,
    table: TruthTable,
    store: RunStore,
    means: Means,
    out: Path,
    command: str,
    *,
    json: bool,
) -> None:
    """Train and score what is not trained and scored, and write the report."""
    outcome = _carry_out(planned, store, means)
    sources = _sources(table, target, outcome.records, store)
    if sources.scores:
        title = f"Ranking of all cells on {target.name}, {planned[0].spec.scale} scale"
        keep = target.open_oracle(store.root).may_be_copied
        _show(sources, out, title, command, keep_truth=keep, json=json)
    raise_if_failed(outcome, store)
    _raise_if_nothing_is_ranked(sources, outcome)


def _variants(methods: str, selector: str | None) -> list[Variant]:
    """Those of methods that train a supernet; raises `UserError` for others."""
    from nasrepro.experiments.space_scores import check_one_shot
    from nasrepro.experiments.variants import parse_variants

    variants = parse_variants(methods, selector)
    check_one_shot([variant.method for variant in variants])
    return variants


def _raise_if_nothing_is_ranked(sources: RankSources, outcome: Outcome) -> None:
    """Raise `RunFailed` that says how the runs ended, and why."""
    if not sources.scores:
        ends = "; ".join(f"{r.spec.method} seed {r.spec.seed} {r.status}: {r.error}" for r in outcome.records)
        raise RunFailed(f"there is nothing to rank, because no training ended well: {ends}")


def render_again(folder: Path, out: Path, runs: Path, *, json: bool) -> None:
    """Render the report of a ranking again from what it holds."""
    from nasrepro import benchmarks
    from nasrepro.reporting.space_sources import TRUTH, read_sources

    sources, about = read_sources(folder, lambda name: read_truth(benchmarks.get(name), runs))
    keep = (folder / TRUTH).exists()
    _show(sources, out, about["title"], about["command"], keep_truth=keep, json=json)


def _rank_file(path: Path, benchmark: str, out: Path, runs: Path, *, json: bool) -> None:
    from nasrepro import benchmarks
    from nasrepro.reporting.score_file import read_score_file
    from nasrepro.reporting.space_sources import RankSources

    target = benchmarks.get(benchmark)
    table = read_truth(target, runs)
    file = read_score_file(path, target.space)
    sources = RankSources(table, file=file)
    command = shlex.join(["nasrepro", "rank", "--scores", str(path), "--benchmark", benchmark])
    keep = target.open_oracle(runs).may_be_copied
    _show(sources, out, f"Ranking by {file.name} on {benchmark}", command, keep_truth=keep, json=json)


def _carry_out(planned: Sequence[PlannedRun], store: RunStore, means: Means) -> Outcome:
    """Train what is not trained, then score what is not scored; a run that cannot be scored counts as failed."""
    from nasrepro.experiments.execute import Outcome, execute_jobs
    from nasrepro.experiments.space_scores import PREFIX, score_jobs
    from nasrepro.pipeline import carry_out

    outcome = carry_out(planned, store, means)
    jobs = score_jobs(planned, store)
    if jobs:
        console.note(f"scoring all cells under the final weights of {len(jobs)} run{'s' if len(jobs) > 1 else ''}")
    scored = execute_jobs(
        jobs,
        means,
        work_root=store.root / "work",
        title="scores",
        console=console.messages(),
    )
    failures = [job for job in scored if job.error is not None]
    lost = {job.job.key.removeprefix(PREFIX) for job in failures}
    records = [record for record in outcome.records if record.key not in lost]
    return Outcome(records, [*outcome.failures, *failures], outcome.reused)


def _sources(table: TruthTable, target: Benchmark, records: Sequence[RunRecord], store: RunStore) -> RankSources:
    from nasrepro.experiments.space_scores import stored_scores
    from nasrepro.reporting.space_sources import RankSources

    found = {record.key: stored_scores(record.key, target.name, store) for record in records}
    return RankSources(
        table,
        tuple(records),
        {key: scores for key, scores in found.items() if scores is not None},
        tuple(cell.index for cell in target.probes()),  # type: ignore[attr-defined]
    )


def _show(sources: RankSources, out: Path, title: str, command: str, *, keep_truth: bool, json: bool) -> None:
    from nasrepro.reporting.space_report import RankReport

    report = RankReport.of(sources)
    page = report.write(out, title=title, command=command, keep_truth=keep_truth)
    if json:
        console.show_json({"report": str(page), **report.numbers})
        return
    console.output().print(report.for_terminal())
    console.say(f"report: {page}")
