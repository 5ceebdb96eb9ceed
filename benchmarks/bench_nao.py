"""Seconds of a tabular NAO search and of its parts, and of the same training written step by step, in the same process.

    python benchmarks/bench_nao.py [--threads 2] [--epochs 1000] [--rounds 5]

The search is the published one, 600 + 200 + 200 look-ups with K = 200, on the table that comes with the package. The
reference trains epoch by epoch in turns with ours, so that a change of the machine's speed hits both alike.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from plain_autoencoder import PlainAutoencoder, plain_epoch
from rich.console import Console
from rich.table import Table

from nasrepro import benchmarks
from nasrepro.latent.nb201_tokens import NB201
from nasrepro.methods import catalog
from nasrepro.methods.base import SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.methods.resolving import resolve
from nasrepro.spaces.nb201 import op_table
from nasrepro.training.predictor import CellPredictor
from nasrepro.training.predictor_settings import PredictorSettings

WANTED_MINUTES = 3.0
_CELLS = 600


def search(epochs: int) -> tuple[SearchResult, dict[str, float]]:
    """One search with seed 0; seconds of the whole, of training, and of everything else.

    Reports come after every look-up and every epoch; an epoch's seconds are those since the report before it.
    """
    benchmark, method = benchmarks.get("nb201-digits"), catalog.get("nao-tabular")
    settings = resolve(method, benchmark, "paper", {"search": {"predictor_epochs": epochs}})
    asked = {"now": 0}
    spent = {"training": 0.0, "everything else": 0.0}

    with tempfile.TemporaryDirectory() as folder:
        context = SearchContext(
            space=benchmark.space,
            seed=0,
            settings=settings,
            search_fidelity=benchmark.search,
            probe_cells=[],
            work=Path(folder),
            report=lambda done, total: book(),
            _oracle=benchmark.open_oracle(Path(folder)),
        )
        last = [time.perf_counter()]

        def book() -> None:
            now, queries = time.perf_counter(), sum(context.queries.values())
            spent["training" if queries == asked["now"] else "everything else"] += now - last[0]
            asked["now"], last[0] = queries, now

        began = time.perf_counter()
        result = method.build()(context)
        return result, {"whole search": time.perf_counter() - began, **spent}


def epochs_in_turns(rounds: int) -> tuple[list[float], list[float]]:
    """Seconds per epoch over 600 cells: ours, and the reference."""
    ops = op_table()[:_CELLS]
    accuracy = np.random.default_rng(0).random(_CELLS)
    ours = CellPredictor(PredictorSettings(predictor_epochs=5), 0)
    plain = PlainAutoencoder(PredictorSettings().hidden)
    adam = torch.optim.Adam(plain.parameters(), lr=1e-3, weight_decay=1e-4)
    tokens, targets = NB201.spelled(ops), torch.as_tensor(accuracy, dtype=torch.float32)
    mine: list[float] = []
    theirs: list[float] = []
    for round_ in range(rounds + 1):
        began = time.perf_counter()
        ours.fit(ops, accuracy, 0)
        between = time.perf_counter()
        for _ in range(5):
            plain_epoch(plain, adam, tokens, targets)
        if round_:  # the first round warms up
            mine.append((between - began) / 5)
            theirs.append((time.perf_counter() - between) / 5)
    return mine, theirs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=1000, help="of the predictor, per round")
    parser.add_argument("--rounds", type=int, default=5, help="of five epochs each, in turns with the reference")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    mine, theirs = epochs_in_turns(options.rounds)
    result, spent = search(options.epochs)

    table = Table("measured", "seconds", "", title=f"NAO on a table, {options.threads} threads")
    table.add_row(f"epoch of training on {_CELLS} cells", f"{statistics.median(mine):.4f}", "")
    ratio = statistics.median(b / a for a, b in zip(mine, theirs, strict=True))
    table.add_row("the same, step by step", f"{statistics.median(theirs):.4f}", f"{ratio:.2f} × ours")
    for name, seconds in spent.items():
        table.add_row(name, f"{seconds:.1f}", "")
    verdict = "yes" if spent["whole search"] <= 60 * WANTED_MINUTES else "NO"
    table.add_row(f"within {WANTED_MINUTES:.0f} minutes", "", verdict)
    Console().print(table)
    Console().print(
        f"found {result.answer.genotype.id} at {result.answer.value:.2f} % after {result.trace[-1][0]} look-ups"
    )


if __name__ == "__main__":
    main()
