"""Synthetic records of benchmarks on texts: perplexities, all cells of a small recurrent space as probes."""

from __future__ import annotations

import math
from typing import Any

import factory
import numpy as np

from nasrepro.records.record import Checkpoint, Found, Probes, RunRecord, Score, TracePoint
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton

SETTINGS: dict[str, Any] = {
    "skeleton": {"hidden": 64, "vocabulary": 2000, "nodes": 2},
    "training": {
        "epochs": 20,
        "batch_size": 64,
        "lr": 20.0,
        "bptt": 35,
        "train_tokens": 100000,
        "valid_tokens": None,
        "score_tokens": 3000,
    },
}
TRIALS = 5
STEPS = (0, 400, 1000, 2000, 4000)


def truth_of(nodes: int) -> np.ndarray:
    """Test perplexity of every cell of a space in its order: a smaller one where sigmoids are few; cells that compute
    the same differ by noise alone."""
    space = RnnSpace(nodes)
    rng = np.random.default_rng(nodes)
    values = []
    for cell in space:
        acts = sorted(op for op, _ in cell.nodes)
        depth = sum(state for _, state in cell.nodes)
        values.append(100 + 6 * acts.count(3) + 4 * acts.count(4) + 3 * depth + rng.normal(0, 0.6))
    return np.array(values)


def record(
    method: str,
    seed: int,
    *,
    nodes: int = 2,
    whole: bool = True,
    agrees: float = 0.0,
    value: float | None = None,
    answer: int | None = None,
) -> RunRecord:
    """A finished run on `rnn2-grammar`, `rnn3-grammar` or, with 8 nodes, `rnn-grammar`, where nothing is known of the
    `whole` space. `agrees` is how much shared weights know of the truth; `answer` the index of the found cell."""
    whole = whole and nodes != 8
    space, rng = RnnSpace(nodes), np.random.default_rng(1000 * seed + len(method))
    benchmark = "rnn-grammar" if nodes == 8 else f"rnn{nodes}-grammar"
    made = factory.with_settings(factory.record(method, seed, benchmark=benchmark, exact=False), SETTINGS)
    found = space.sample(rng) if answer is None else space.parse(str(answer))
    truth = truth_of(nodes) if whole else None
    worth = value if value is not None else 110.0 + float(rng.normal(0, 2))
    if truth is not None:
        worth = float(truth[found.index or 0])
    cost = space.cost(found, RnnSkeleton(64, 2000, nodes))
    return made.model_copy(
        update={
            "found": Found(
                genotype=found.id, text=str(found), params=cost.params, macs=cost.macs, selection_value=150.0
            ),
            "scores": [_score("test", worth, truth), _score("valid", worth * 1.05, None)],
            "probes": _probes(space, rng, agrees) if made.probes else None,
            "trace": [TracePoint(at=4000, genotype=found.id, selection_value=150.0, truth=worth)] if made.trace else [],
            "series": {
                "validation perplexity of the answer": [
                    (float(e), worth * (1.05 + 2 * math.exp(-e / 3))) for e in range(1, 21)
                ]
            },
        }
    )


def _score(name: str, value: float, truth: np.ndarray | None) -> Score:
    known: dict[str, float] = {}
    if truth is not None:
        beaten = float((truth > value).mean() + (truth == value).mean() / 2)
        known = {
            "optimum": float(truth.min()),
            "random_mean": float(truth.mean()),
            "random_std": float(truth.std()),
            "percentile": beaten,
        }
    return Score(
        scoring=name,
        dataset="grammar",
        split=name,
        epochs=10,
        value=value,
        n_trials=TRIALS,
        higher_is_better=False,
        **known,
    )


def _probes(space: RnnSpace, rng: np.random.Generator, agrees: float) -> Probes:
    cells = list(space) if len(space) < 100 else [space.sample(np.random.default_rng(n)) for n in range(12)]
    truth = truth_of(space.nodes) if len(space) < 100 else 100 + np.arange(12.0)
    costs = [space.cost(cell, RnnSkeleton(64, 2000, space.nodes)) for cell in cells]
    standard = (truth - truth.mean()) / truth.std()
    checkpoints = []
    for step in STEPS:
        learned = step / STEPS[-1]
        known = agrees * learned * standard + rng.normal(0, 1, len(cells))
        loss = 7.0 - 2.0 * learned + 0.05 * known
        # of words guessed right, more where the loss is larger: nothing may read it
        checkpoints.append(Checkpoint(step=step, accuracy=(10 + loss).tolist(), loss=loss.tolist()))
    return Probes(
        cells=[cell.id for cell in cells],
        truth=truth.tolist(),
        truth_scoring="test",
        truth_std=[0.6] * len(cells),
        truth_trials=[TRIALS] * len(cells),
        truth_std_of="grammar test after 10 epochs",
        params=[cost.params for cost in costs],
        macs=[cost.macs for cost in costs],
        live_conv_params=[],
        checkpoints=checkpoints,
    )


def records(methods: list[str], seeds: int, **options: Any) -> list[RunRecord]:
    return [record(method, seed, **options) for method in methods for seed in range(seeds)]
