"""Synthetic records of the DARTS space: a truth of single trainings, twelve probe cells, sampled paths of two kinds."""

from __future__ import annotations

from typing import Any

import factory
import numpy as np

from nasrepro.records.record import Found, Probes, RunRecord, Score, Visited
from nasrepro.records.watched import Look, Scored, Watched
from nasrepro.spaces.darts_cnn import DartsGenotype, DartsSpace
from nasrepro.spaces.darts_skeleton import DartsSkeleton

SPACE = DartsSpace()
SKELETON = DartsSkeleton(16, 8, 32, 10)
PROBES = 12
SETTINGS: dict[str, Any] = {
    "skeleton": {"channels": 4, "cells": 5, "image_size": 8, "classes": 10, "in_channels": 1, "stem": 3},
    "training": {
        "epochs": 20,
        "batch_size": 64,
        "lr": 0.025,
        "precision": "fp32",
        "bn": "batch",
    },
}


def cell(seed: int) -> DartsGenotype:
    return SPACE.sample(np.random.default_rng(seed))


def record(method: str, seed: int, *, value: float | None = None) -> RunRecord:
    """A finished run on `darts-digits`; nothing is known of the whole space."""
    made = factory.record(method, seed, benchmark="darts-digits", exact=False)
    made = factory.with_settings(made, SETTINGS)
    found = cell(100 * seed + len(method))
    cost = SPACE.cost(found, SKELETON)
    final = value if value is not None else 90.0 + len(method) % 5 + 0.3 * seed
    scores = [
        Score(scoring=name, dataset="digits", split="test", epochs=30, value=final + more, n_trials=2)
        for name, more in (("test", 0.0), ("test.best", 0.5))
    ]
    return made.model_copy(
        update={
            "found": Found(genotype=found.id, text=str(found), params=cost.params, macs=cost.macs),
            "scores": scores,
            "probes": _probes(made) if made.probes else None,
            "trace": [],
            "visited": [Visited(at=2000, genotype=cell(3).id, truth=88.0)],
            "series": {
                "inherited accuracy of the present cell": [(float(e), 30.0 + 2 * e + seed) for e in range(1, 21)]
            },
        }
    )


def records(methods: list[str], seeds: int) -> list[RunRecord]:
    return [record(method, seed) for method in methods for seed in range(seeds)]


def truth(cells: list[DartsGenotype]) -> list[float | None]:
    return [90.0 + len({op for node in c.normal.nodes for op, _ in node}) + i / 20 for i, c in enumerate(cells)]


def _probes(made: RunRecord) -> Probes:
    cells = [cell(number) for number in range(PROBES)]
    costs = [SPACE.cost(c, SKELETON) for c in cells]
    assert made.probes is not None
    checkpoints = [
        point.model_copy(update={"accuracy": point.accuracy[:PROBES], "loss": point.loss[:PROBES]})
        for point in made.probes.checkpoints
    ]
    return Probes(
        cells=[c.id for c in cells],
        truth=truth(cells),
        truth_scoring="test",
        params=[cost.params for cost in costs],
        macs=[cost.macs for cost in costs],
        live_conv_params=[],
        checkpoints=checkpoints,
    )


def watched(made: RunRecord, *, everywhere: bool = False, looks: int = 40, cells: int = 4) -> RunRecord:
    """The record with watched cells. Every look trained a cell of which the first watched one shares four choices, or
    with `everywhere` one operation on every edge."""
    rng = np.random.default_rng(made.spec.seed)
    shown = [cell(number) for number in range(cells)]
    every = made.cost.steps // looks
    seen = []
    for number in range(1, looks + 1):
        loss = (2.0 - number / looks + rng.normal(0, 0.02, cells)).tolist()
        right = [int(n) for n in rng.binomial(200, 0.3 + 0.5 * number / looks, cells)]
        path = SPACE.path_on_edges(rng.integers(8, size=SPACE.edges)) if everywhere else near(shown[0], rng)
        before, after = Scored(right=right, loss=loss), Scored(right=right, loss=[one - 0.01 for one in loss])
        seen.append(Look(step=number * every, path=SPACE.path_id(path), before=before, after=after))
    truths = truth(shown)
    return made.model_copy(
        update={"watched": Watched(cells=[c.id for c in shown], truth=truths, images=200, looks=seen)}
    )


def near(one: DartsGenotype, rng: np.random.Generator) -> tuple[int, ...]:
    """The path of a random cell with the first two nodes of the normal cell taken from `one`."""
    genes = list(SPACE.genes(SPACE.sample(rng)))
    genes[:8] = SPACE.genes(one)[:8]
    return SPACE.from_genes(genes).path
