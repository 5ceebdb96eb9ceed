"""The page of a benchmark: what is searched, and where the worth of what was found comes from."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasrepro.errors import UserError

if TYPE_CHECKING:
    from nasrepro.benchmarks import Benchmark
    from nasrepro.oracles.base import Fidelity


def benchmark_facts(benchmark: Benchmark, runs: Path) -> dict[str, Any]:
    """Everything that is known of a benchmark, as plain values; `runs` is the run store's root."""
    from nasrepro.benchmarks import SCALES
    from nasrepro.splits import Split

    truth, held = _truth(benchmark, runs)
    own = [fidelity for fidelity in held if fidelity.dataset == benchmark.search.dataset]
    return {
        "name": benchmark.name,
        "kind": "benchmark",
        "summary": benchmark.summary,
        "space": benchmark.space.name,
        "genotypes": len(benchmark.space),
        "data": benchmark.data,
        "splits": [split.value for split in Split if any(fidelity.split == split for fidelity in own)],
        "epochs": sorted({fidelity.epochs for fidelity in own}),
        **truth,
        "search": str(benchmark.search) if benchmark.retraining is None or benchmark.search in held else None,
        "scorings": [
            {
                "name": scoring.name,
                "dataset": scoring.fidelity.dataset,
                "split": scoring.fidelity.split.value,
                "epochs": scoring.fidelity.epochs,
                "higher_is_better": scoring.higher_is_better,
            }
            for scoring in benchmark.scorings
        ],
        "fidelities": [
            {"dataset": fidelity.dataset, "split": fidelity.split.value, "epochs": fidelity.epochs} for fidelity in held
        ],
        "standalone": dataclasses.asdict(benchmark.standalone),
        "retraining": {scale: _trained(benchmark, scale) for scale in SCALES} if benchmark.retraining else {},
        "skeletons": {scale: benchmark.skeleton(scale) for scale in SCALES} if benchmark.data else {},
    }


def _truth(benchmark: Benchmark, runs: Path) -> tuple[dict[str, Any], list[Fidelity]]:
    """Where it comes from, whether it is there, and what it holds or, where it is not there, should hold."""
    asked = sorted({benchmark.search, *(scoring.fidelity for scoring in benchmark.scorings)})
    if benchmark.retraining is not None:
        from nasrepro.experiments.retraining import recipe_for

        how = "every cell is trained from scratch when it is asked for (nasrepro retrain), and kept"
        facts = {"source": how, "truth": "trained on demand", "problem": None, "covers_space": False}
        validates = recipe_for(benchmark, "paper").validates
        return facts, [fidelity for fidelity in asked if validates or fidelity != benchmark.search]
    try:
        oracle = benchmark.open_oracle(runs)
        facts = {
            "source": oracle.source,
            "truth": "present",
            "problem": None,
            "covers_space": oracle.covers_space,
        }
        return facts, oracle.fidelities()
    except UserError as error:
        return {"source": None, "truth": "missing", "problem": str(error), "covers_space": None}, asked


def _trained(benchmark: Benchmark, scale: str) -> dict[str, Any]:
    """How cells are trained from scratch at a scale: the network, the most important settings, how often."""
    from nasrepro.experiments.retraining import recipe_for

    assert benchmark.retraining is not None
    recipe = recipe_for(benchmark, scale)
    network, settings = {
        "images": (("channels", "cells", "image_size", "auxiliary"), ("epochs", "batch_size", "lr", "train_images")),
        "text": (("hidden", "vocabulary"), ("epochs", "batch_size", "lr", "train_tokens")),
    }[recipe.settings.task]
    return {
        recipe.settings.task: recipe.dataset,
        **{name: getattr(recipe.skeleton, name) for name in network},
        **{name: getattr(recipe.settings, name) for name in settings},
        "trials": benchmark.retraining.trials_at(scale),
    }
