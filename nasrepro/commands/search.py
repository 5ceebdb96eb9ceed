"""`search`: one method, one seed, one genotype."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.commands.folders import ensure_writable
from nasrepro.commands.run import raise_if_failed
from nasrepro.errors import RunFailed, UserError

if TYPE_CHECKING:
    from nasrepro.records.record import RunRecord
    from nasrepro.records.store import RunStore


def search(
    method: Annotated[str, typer.Argument(help="See 'nasrepro list methods'.")],
    benchmark: options.Benchmark = "nb201-digits",
    scale: options.Scale = "laptop",
    protocol: options.Protocol = "sound",
    seed: Annotated[str, typer.Option(help="One search seed.")] = "0",
    runs: options.Runs = Path("runs"),
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
    """Run one method once and print the genotype it finds and what that is worth."""
    from nasrepro.experiments.devices import placed
    from nasrepro.experiments.plan import parse_seeds, plan
    from nasrepro.experiments.variants import parse_overrides, parse_variants
    from nasrepro.pipeline import carry_out
    from nasrepro.records.store import RunStore

    seeds = parse_seeds(seed)
    if len(seeds) != 1:
        raise UserError(f"'search' makes one run, so --seed takes one number, not '{seed}'; use 'compare' for several")
    variants = parse_variants(method, selector)
    if len(variants) != 1:
        raise UserError(f"'search' makes one run, so it takes one method, not '{method}'; use 'compare' for several")
    ensure_writable(runs, "--runs")
    store = RunStore(runs)
    kind, means = placed(device, options.means(None, cluster, run_timeout, retry_failed))
    planned = plan(
        variants,
        benchmark,
        seeds,
        scale=scale,
        protocol=protocol,
        threads=threads,
        device=kind,
        overrides=parse_overrides(settings or []),
        store=store,
        allow_unverified=allow_unverified,
    )
    outcome = carry_out(planned, store, means)
    raise_if_failed(outcome, store)
    (record,) = outcome.records
    if json:
        console.show_json(record.model_dump(mode="json"))
    else:
        _show_record(record, store)
    if record.found is None:
        raise RunFailed(f"{method} seed {seed} {record.status}: {record.error}; there is no genotype")


def _show_record(record: RunRecord, store: RunStore) -> None:
    if record.found is not None:
        found = record.found
        console.say(f"found {found.text}")
        console.say(f"      {found.genotype}, {found.params:,} parameters, {found.macs:,} MACs")
        columns = ("scoring", "data set", "split", "epochs", "value", "optimum", "one random cell")
        rows = [
            (s.scoring, s.dataset, s.split, s.epochs, _rounded(s.value), _rounded(s.optimum), _rounded(s.random_mean))
            for s in record.scores
        ]
        console.show_table(columns, rows)
    if record.cost.memory_bytes is not None:
        console.say(f"peak memory on {record.spec.device}: {record.cost.memory_bytes / 2**20:,.0f} MiB")
    console.say(f"truth: {record.truth.source}")
    for text in record.notes:
        console.say(f"note: {text}")
    console.say(f"record: {store.record_path(record.key)}")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
