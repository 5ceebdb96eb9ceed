"""`retrain`: what a cell is worth, measured by training it from scratch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.errors import RunFailed, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nasrepro.benchmarks import Benchmark
    from nasrepro.records.standalone import StandaloneRecord
    from nasrepro.records.store import RunStore
    from nasrepro.spaces.base import Genotype

_KEY = re.compile(r"[0-9a-f]{20}")
_Replicas = Annotated[
    int | None,
    typer.Option(
        parser=options.whole_number(1),
        metavar="N",
        help="Cut every batch into N parts that are normalised apart: by N processes of torchrun, or in turn.",
        show_default="processes of torchrun",
    ),
]
_Scaling = Annotated[
    str, typer.Option(help="What batch size and learning rate are of: a step (fixed) or one replica (linear).")
]


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
    device: options.Device = "auto",
    replicas: _Replicas = None,
    scaling: _Scaling = "fixed",
    settings: options.Settings = None,
    allow_unverified: options.AllowUnverified = False,
    json: options.Json = False,
) -> None:
    """Train cells from scratch and print what they are worth: of images their error, after the last and after the best
    epoch; of a text their perplexity on validation and test words."""
    from nasrepro import benchmarks
    from nasrepro.commands.trained_by import replication, trainers
    from nasrepro.experiments.plan import parse_seeds
    from nasrepro.experiments.retraining import recipe_for
    from nasrepro.experiments.variants import parse_overrides
    from nasrepro.records.store import RunStore

    with trainers(options.means(workers, cluster, run_timeout, retry_failed), device) as hands:
        target, store = benchmarks.get(benchmark), RunStore(runs)
        recipe = recipe_for(
            target,
            scale,
            overrides=parse_overrides(settings or []),
            threads=threads,
            device=hands.device,
            replication=replication(replicas, scaling, hands.processes),
            allow_unverified=allow_unverified,
        )
        cells = list(dict.fromkeys(_genotype(text, target, store) for text in genotypes))
        planned = [recipe.planned(cell, seed) for cell in cells for seed in parse_seeds(seeds)]
        _answer(hands.carry_out(planned, store), target, store, json=json)


def _answer(records: Sequence[StandaloneRecord], target: Benchmark, store: RunStore, *, json: bool) -> None:
    """Print what the trainings say of their cells. Raises `RunFailed` where one diverged."""
    from nasrepro.commands.retrained import facts, show

    if json:
        console.show_json([facts(record, target, store) for record in records])
    else:
        for cell in dict.fromkeys(record.spec.genotype for record in records):
            show([record for record in records if record.spec.genotype == cell], target, store)
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
