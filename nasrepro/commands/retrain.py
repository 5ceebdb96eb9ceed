"""`retrain`: what a cell is worth, measured by training it from scratch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.commands.folders import ensure_writable
from nasrepro.commands.run import raise_failures
from nasrepro.errors import RunFailed, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nasrepro.benchmarks import Benchmark
    from nasrepro.experiments.executors.means import Means
    from nasrepro.experiments.retraining import PlannedTraining
    from nasrepro.records.standalone import StandaloneRecord
    from nasrepro.records.store import RunStore
    from nasrepro.spaces.base import Genotype

_KEY = re.compile(r"[0-9a-f]{20}")


def retrain(
    genotypes: Annotated[
        list[str],
        typer.Argument(
            metavar="GENOTYPE|NAME|RECORD...",
            help="Cells: printed Genotype(…) text, ids, names such as DARTS_V2, or records of runs that found them, as "
            "files or by their keys in the run store.",
        ),
    ],
    benchmark: options.Benchmark = "darts-digits",
    scale: options.Scale = "laptop",
    seeds: Annotated[
        str, typer.Option("--seeds", "--seed", help="A training per seed: a list such as 0,1,2 or a range such as 0-9.")
    ] = "0",
    runs: options.Runs = Path("runs"),
    workers: options.Workers = None,
    cluster: options.Cluster = None,
    run_timeout: options.RunTimeout = None,
    retry_failed: options.RetryFailed = False,
    threads: options.Threads = 1,
    settings: options.Settings = None,
    allow_unverified: options.AllowUnverified = False,
    json: options.Json = False,
) -> None:
    """Train cells from scratch and print what they are worth: of images their error, after the last and after the best
    epoch; of a text their perplexity on validation and test words."""
    from nasrepro import benchmarks
    from nasrepro.commands.retrained import facts, show
    from nasrepro.experiments.plan import parse_seeds
    from nasrepro.experiments.retraining import recipe_for
    from nasrepro.experiments.variants import parse_overrides
    from nasrepro.records.store import RunStore

    target, store = benchmarks.get(benchmark), RunStore(runs)
    recipe = recipe_for(
        target,
        scale,
        overrides=parse_overrides(settings or []),
        threads=threads,
        allow_unverified=allow_unverified,
    )
    cells = list(dict.fromkeys(_genotype(text, target, store) for text in genotypes))
    numbers = parse_seeds(seeds)
    ensure_writable(runs, "--runs")
    planned = [recipe.planned(cell, seed) for cell in cells for seed in numbers]
    records = _carry_out(planned, store, options.means(workers, cluster, run_timeout, retry_failed))
    if json:
        console.show_json([facts(record, target, store) for record in records])
    else:
        for cell in cells:
            show([record for record in records if record.spec.genotype == cell.id], target, store)
    lost = [f"{record.spec.genotype} seed {record.spec.seed}: {record.problem}" for record in records if record.problem]
    if lost:
        raise RunFailed(f"{len(lost)} of {len(records)} trainings diverged: {'; '.join(lost)}")


def _genotype(text: str, benchmark: Benchmark, store: RunStore) -> Genotype:
    """What the user names: a cell of the benchmark's space, or a record of a search in it. Raises `UserError`."""
    from nasrepro.records.store import PACKED, PLAIN, read_record
    from nasrepro.spaces.catalog import cell_of, find

    if text.endswith((PLAIN, PACKED)):
        if not Path(text).is_file():
            raise UserError(f"there is no file '{text}'; allowed: cells, and records of runs that found them")
        record = read_record(Path(text))
    elif _KEY.fullmatch(text):
        stored = store.get(text)
        if stored is None:
            raise UserError(f"there is no record of a run '{text}' in '{store.root}'")
        record = stored
    else:
        cell: Genotype = cell_of(benchmark.space, text)
        return cell
    if record.found is None:
        raise UserError(f"the run of record '{text}' {record.status} and found no genotype")
    space = find(record.found.genotype)
    if space is None or space.name != benchmark.space.name:
        raise UserError(
            f"record '{text}' found '{record.found.genotype}', which is no cell of the space of '{benchmark.name}'; "
            f"allowed: {benchmark.space.name}"
        )
    found: Genotype = benchmark.space.parse(record.found.genotype)
    return found


def _carry_out(planned: Sequence[PlannedTraining], store: RunStore, means: Means) -> list[StandaloneRecord]:
    """Do what is not done; the records in the order of the plan. Raises `RunFailed` when a training failed."""
    from nasrepro.experiments.execute import execute_jobs
    from nasrepro.experiments.standalone_oracle import jobs_of
    from nasrepro.records.standalone import get_training

    jobs = jobs_of(planned, store)
    outcomes = execute_jobs(
        jobs,
        means,
        work_root=store.root / "work",
        title="trainings",
        console=console.messages(),
    )
    failures = [outcome for outcome in outcomes if outcome.error is not None]
    done, found = len(jobs) - len(failures), len(planned) - len(jobs)
    console.note(f"trainings: {done} new, {found} found in '{store.root}', {len(failures)} failed")
    raise_failures(failures, len(planned), store, "trainings")
    return [record for one in planned if (record := get_training(store, one.key)) is not None]
