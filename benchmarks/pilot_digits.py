"""Which recipe gives a truth that repeats? Candidates for `nb201-digits`, measured on cells drawn before any result.

    python benchmarks/pilot_digits.py [--cells 200] [--seeds 4] [--fresh] [--against nb201-cifar10]

The cells are classes whose output depends on the input, in one random order: the first 200 are the pilot, the next 200
(`--fresh`) judge the recipe that was chosen. Takes minutes per candidate.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from nasrepro import benchmarks
from nasrepro.metrics.noise import reliability
from nasrepro.metrics.ranking import kendall_tau
from nasrepro.spaces.nb201 import from_index
from nasrepro.spaces.nb201_columns import params, reaches_output
from nasrepro.tabulation.catalog import get
from nasrepro.tabulation.classes import representatives
from nasrepro.tabulation.measuring import Bench, Measurement
from nasrepro.tabulation.recipe import Recipe

PILOT, PILOT_SEED = 200, 201
CHOSEN = get("nb201-digits").recipe
CANDIDATES: dict[str, dict[str, Any]] = {
    "chosen": {},
    "noise 0": {"noise": 0.0},
    "noise 0.1": {"noise": 0.1},
    "noise 0.5": {"noise": 0.5},
    "lr 0.01": {"lr": 0.01},
    "batch 64": {"batch_size": 64},
    "40 epochs": {"epochs": 40},
    "512 images, 50 epochs": {"train_images": 512, "epochs": 50},
}


def cells(count: int, *, fresh: bool) -> np.ndarray:
    """Indices of pilot cells, or of cells that were never in the pilot."""
    known = representatives()[reaches_output()[representatives()]]
    order = np.random.default_rng(PILOT_SEED).permutation(known)
    return order[PILOT : PILOT + count] if fresh else order[:count]


@cache
def _bench(recipe: Recipe) -> Bench:
    return Bench(recipe)


def _measure(recipe: Recipe, cell: int, seed: int) -> Measurement:
    return _bench(recipe).measure(from_index(cell), seed)


def row(name: str, recipe: Recipe, chosen: np.ndarray, seeds: int, real: np.ndarray | None, pool: Any) -> list[str]:
    """What a candidate's measurements say."""
    jobs = [(recipe, int(cell), seed) for cell in chosen for seed in range(seeds)]
    found = list(pool.map(_measure, *zip(*jobs, strict=True), chunksize=4))
    scores = np.stack([item.scores[-1] for item in found]).reshape(len(chosen), seeds, 2, 2)
    valid, test, loss = scores[:, :, 0, 0], scores[:, :, 1, 0], scores[:, :, 1, 1]
    mean = test.mean(axis=1)
    spread = np.sqrt(test.var(axis=1, ddof=1).mean())
    share = {key: _at(reliability(values), seeds, recipe.trials) for key, values in (("acc", test), ("loss", loss))}
    size = params(recipe.skeleton)[chosen]
    return [
        name,
        f"{mean.min():.0f} / {np.median(mean):.0f} / {mean.max():.0f}",
        f"{np.sqrt(max(0.0, mean.var(ddof=1) - spread**2 / seeds)):.2f} / {spread:.2f}",
        f"{share['acc']:.3f} / {share['loss']:.3f}",
        f"{kendall_tau(valid.mean(axis=1), mean):.2f}",
        f"{kendall_tau(size, mean):.2f}",
        "–" if real is None else f"{kendall_tau(mean, real):.2f} ({kendall_tau(size, real):.2f})",
        f"{np.mean([item.seconds for item in found]):.2f}",
    ]


def _at(share: float, seeds: int, wanted: int) -> float:
    """Reliability with another number of seeds (Spearman 1910, Brown 1910)."""
    factor = wanted / seeds
    return factor * share / (1 + (factor - 1) * share)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=PILOT)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--against")
    parser.add_argument("--only", choices=list(CANDIDATES))
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    chosen = cells(arguments.cells, fresh=arguments.fresh)
    real = None
    if arguments.against:
        target = benchmarks.get(arguments.against)
        asked = target.primary.fidelity
        oracle = target.open_oracle(Path("runs"))
        real = oracle.query_all(dataset=asked.dataset, split=asked.split, epochs=asked.epochs)[chosen]
    table = Table(title=f"{len(chosen)} {'fresh' if arguments.fresh else 'pilot'} cells, {arguments.seeds} seeds")
    for heading in (
        "recipe",
        "accuracy min / median / max",
        "sd cells / seeds",
        f"reliability at {CHOSEN.trials} seeds, accuracy / loss",
        "τ valid, test",
        "τ parameters",
        "τ real (parameters)",
        "CPU s",
    ):
        table.add_column(heading, justify="left" if heading == "recipe" else "right")
    with ProcessPoolExecutor(arguments.workers, mp_context=get_context("spawn")) as pool:
        for name, changes in CANDIDATES.items():
            if arguments.only in (None, name):
                recipe = CHOSEN.model_copy(update=changes)
                recipe = recipe.model_copy(update={"report_epochs": (recipe.epochs,)})
                table.add_row(*row(name, recipe, chosen, arguments.seeds, real, pool))
    Console(width=200).print(table)


if __name__ == "__main__":
    main()
