"""`query` and `cost`: what a genotype is worth, and what it costs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.commands.cell_page import with_auxiliary
from nasrepro.commands.options import whole_number
from nasrepro.errors import UserError

if TYPE_CHECKING:
    from nasrepro.benchmarks import Benchmark
    from nasrepro.oracles.base import Oracle

Genotypes = Annotated[
    list[str],
    typer.Argument(
        metavar="GENOTYPE|NAME|INDEX...",
        help="As printed in papers, ids such as nb201:6111, indices, or names such as DARTS_V2.",
    ),
]


def query(
    genotypes: Genotypes,
    benchmark: options.Benchmark = "nb201-digits",
    split: Annotated[str | None, typer.Option(help="train, valid or test; there is no default.")] = None,
    epochs: Annotated[
        int | None, typer.Option(parser=whole_number(1), metavar="N", help="Length of training; there is no default.")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Data set.", show_default="the benchmark's own")] = None,
    seed: Annotated[
        int | None,
        typer.Option(parser=whole_number(0), metavar="N", help="One trial.", show_default="the mean over trials"),
    ] = None,
    runs: options.Runs = Path("runs"),
    json: options.Json = False,
) -> None:
    """Look up what genotypes are worth alone: accuracy, or perplexity of language models."""
    from nasrepro import benchmarks
    from nasrepro.spaces.catalog import cell_of
    from nasrepro.splits import Split

    target = benchmarks.get(benchmark)
    wanted = None if split is None else Split.parse(split)
    parsed = [cell_of(target.space, text) for text in genotypes]
    oracle = target.open_oracle(runs)
    if wanted is None or epochs is None:
        missing = " and ".join(name for name, value in (("--split", split), ("--epochs", epochs)) if value is None)
        raise UserError(f"say which number you mean with {missing}; '{benchmark}' has: {_held(oracle)}")
    rows: list[dict[str, Any]] = []
    for genotype in parsed:
        answer = oracle.query(
            genotype, dataset=dataset or target.search.dataset, split=wanted, epochs=epochs, seed=seed
        )
        rows.append(
            {
                "genotype": str(genotype),
                "index": genotype.index,
                "value": None if math.isnan(answer.value) else round(answer.value, 3),
                "n_trials": answer.n_trials,
                "dataset": answer.fidelity.dataset,
                "split": answer.fidelity.split.value,
                "epochs": answer.fidelity.epochs,
                "seed": seed,
                "source": answer.source,
            }
        )
    if json:
        console.show_json(rows)
        return
    columns = ("index", "genotype", "value", "n_trials")
    quantity = "perplexity" if target.language else "accuracy in %"
    what = f"{quantity} on {rows[0]['dataset']} {wanted.value} after {epochs} epochs"
    console.show_table(columns, [[row[name] for name in columns] for row in rows], title=what)
    console.say(f"source: {rows[0]['source']}")


def cost(genotypes: Genotypes, benchmark: options.Benchmark = "nb201-digits", json: options.Json = False) -> None:
    """Parameters and multiply-accumulates of the stand-alone network of genotypes."""
    from nasrepro import benchmarks

    target = benchmarks.get(benchmark)
    rows = [_cost(target, text) for text in genotypes]
    if json:
        console.show_json(rows)
        return
    columns = ["id", "genotype", "params", "params_with_auxiliary", "macs"]
    if not any(row["params_with_auxiliary"] for row in rows):
        columns.remove("params_with_auxiliary")
    console.show_table(columns, [[row[name] for name in columns] for row in rows], title=f"{benchmark}, stand-alone")
    for row in rows:
        for note in row["notes"]:
            console.say(f"note: {row['id']}: {note}")


def _cost(benchmark: Benchmark, text: str) -> dict[str, Any]:
    from nasrepro.spaces.catalog import cell_of
    from nasrepro.spaces.darts_costs import notes

    genotype = cell_of(benchmark.space, text)
    counted = benchmark.space.cost(genotype, benchmark.standalone)
    return {
        "genotype": str(genotype),
        "id": genotype.id,
        "index": genotype.index,
        "benchmark": benchmark.name,
        "params": counted.params,
        "params_with_auxiliary": with_auxiliary(genotype, benchmark.standalone),
        "macs": counted.macs,
        "notes": notes(counted.macs, benchmark.standalone),
    }


def _held(oracle: Oracle) -> str:
    epochs: dict[tuple[str, str], list[int]] = {}
    for held in oracle.fidelities():
        epochs.setdefault((held.dataset, held.split.value), []).append(held.epochs)
    return "; ".join(
        f"{dataset} {split} after {', '.join(map(str, lengths))} epochs" for (dataset, split), lengths in epochs.items()
    )
