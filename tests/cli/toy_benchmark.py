"""A benchmark whose truth is invented and covers the space, on supernets that train in a tenth of a second.

Workers are fresh interpreters: they import this file and install the benchmark before they run or score.
"""

import os
from pathlib import Path

import numpy as np

from nasrepro import benchmarks
from nasrepro.experiments.execute import DoneRun, run_planned
from nasrepro.experiments.plan import PlannedRun
from nasrepro.experiments.space_scores import score_planned
from nasrepro.oracles.base import Fidelity
from nasrepro.oracles.table import TableOracle, write_table
from nasrepro.records.store import RunStore
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Space, op_table
from nasrepro.splits import Split
from nasrepro.training import whole_space

NAME = "nb201-toy"
TEST, VALID = (Fidelity("toy", split, 9) for split in (Split.TEST, Split.VALID))


def table_path():
    return Path(os.environ["NASREPRO_DATA"]) / "toy.npz"


def write_toy_table(path):
    """Three trials a cell; convolutions help."""
    rng = np.random.default_rng(3)
    worth = 50 + 5.0 * (op_table() == 3).sum(axis=1) + 3.0 * (op_table() == 2).sum(axis=1) + rng.normal(0, 2, 15625)
    trials = {
        f"acc/toy/{split}/9": (worth[:, None] + rng.normal(0, 1, (15625, 3))).astype(np.float32)
        for split in ("test", "valid")
    }
    trials["acc/toy/test/9"][11] = np.nan
    write_table(path, trials, {"space": "nb201", "source": "invented for tests"})


def install():
    training = {"epochs": 6, "train_images": 100, "valid_images": 30, "eval_batch": 30, "batch_size": 20, "lr": 0.1}
    benchmarks._BENCHMARKS[NAME] = benchmarks.Benchmark(
        name=NAME,
        summary="invented",
        space=NB201Space(),
        data="digits",
        search=VALID,
        scorings=(benchmarks.Scoring("test", TEST), benchmarks.Scoring("toy.valid", VALID)),
        standalone=Skeleton(4, 1, 1, 8, 10, in_channels=1),
        scales={
            scale: {
                "training": {**training, "probe_cells": 12, "probe_points": 2},
                "selector": {"candidates": 2},
            }
            for scale in benchmarks.SCALES
        },
        open_oracle=lambda root: TableOracle.load(table_path(), name="toy"),
    )


def run_toy(planned: PlannedRun, store: RunStore, *, report) -> DoneRun:
    install()
    return run_planned(planned, store, report=report)


def score_toy(planned: PlannedRun, store: RunStore, *, report) -> None:
    install()
    score_planned(planned, store, report=report)


def score_quickly(planned: PlannedRun, store: RunStore, *, report) -> None:
    """Invented scores that depend on the weights only; fails for a seed that the store names, as a crash would."""
    install()
    if (store.root / f"crash-{planned.spec.seed}").exists():
        raise RuntimeError("out of luck")
    before, whole_space.score_space = whole_space.score_space, _invented
    try:
        score_planned(planned, store, report=report)
    finally:
        whole_space.score_space = before


def _invented(network, judge, report):
    rng = np.random.default_rng(abs(hash(float(network.head.weight.detach().double().sum()))))
    convolutions = ((op_table() == 2) | (op_table() == 3)).sum(axis=1)
    accuracy = 30 + 3 * convolutions + rng.normal(0, 4, 15625)
    return whole_space.SpaceScores(accuracy.astype(np.float32), (3 - accuracy / 20).astype(np.float32))
