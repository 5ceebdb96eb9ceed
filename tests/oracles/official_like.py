"""Small files in the two official formats, with numbers that tell where each of them belongs."""

from __future__ import annotations

import bz2
import pickle
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from nasrepro.spaces import nb201

SETS = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("x-valid", "x-test", "ori-test"),
    "ImageNet16-120": ("x-valid", "x-test", "ori-test"),
}
SEEDS = {12: {"cifar10-valid": (777, 111)}, 200: dict.fromkeys(SETS, (999, 777))}


@cache
def order() -> list[str]:
    return [str(genotype) for genotype in nb201.NB201Space()]


def accuracy(index: int, training_set: str, seed: int, epochs: int, evaluation: str, epoch: int) -> float:
    """Different in every argument, within 0 to 100, exact in float32."""
    place = list(SETS).index(training_set) * 3 + ("x-valid", "x-test", "ori-test").index(evaluation)
    return (epoch + 1) / 256 + place + 13 * (epochs == 200) + 26 * (seed == 777) + index % 8 / 4


def record(index: int, training_set: str, seed: int, epochs: int, weights: object = None) -> dict[str, Any]:
    """One trial as the official package saves it; 200-epoch trials have the halves for the last epoch only."""
    accuracies = {}
    for evaluation in SETS[training_set]:
        first = epochs - 1 if epochs == 200 and evaluation != "ori-test" else 0
        for epoch in range(first, epochs):
            value = accuracy(index, training_set, seed, epochs, evaluation, epoch)
            accuracies[f"{evaluation}@{epoch}"] = value
    return {
        "name": training_set,
        "net_state_dict": weights,
        "train_acc1es": dict.fromkeys(range(epochs), 50.0),
        "train_acc5es": None,
        "train_losses": dict.fromkeys(range(epochs), 1.0),
        "train_times": OrderedDict((epoch, 0.5) for epoch in range(epochs)),
        "arch_config": {"channel": 16, "num_cells": 5, "arch_str": order()[index], "class_num": 10},
        "params": np.float64(0.5),
        "flop": 11.5,
        "seed": seed,
        "epochs": epochs,
        "latency": [np.float64(0.01)],
        "eval_names": list(SETS[training_set]),
        "eval_acc1es": accuracies,
        "eval_losses": {key: value / 100 for key, value in accuracies.items()},
        "eval_times": dict.fromkeys(accuracies, 0.1),
    }


def run(index: int, epochs: int, make_record: Callable[..., Any] = record) -> dict[str, Any]:
    """All trials of one length of an architecture."""
    seeds = SEEDS[epochs]
    return {
        "arch_index": index,
        "arch_str": order()[index],
        "all_results": {(name, s): make_record(index, name, s, epochs) for name in seeds for s in seeds[name]},
        "dataset_seed": {name: sorted(seeds[name]) for name in seeds},
        "clear_net_done": True,
    }


def pth_content(*indices: int) -> dict[str, Any]:
    return {
        "meta_archs": order(),
        "arch2infos": {i: {"less": run(i, 12), "full": run(i, 200)} for i in indices},
        "evaluated_indexes": set(indices),
    }


def write_nats(folder: Path, *indices: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    meta = {"meta_archs": order(), "total_archs": len(order()), "arch2infos": None, "evaluated_indexes": set()}
    (folder / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(meta, 4)))
    for index in indices:
        content = OrderedDict((("12", run(index, 12)), ("200", run(index, 200))))
        (folder / f"{index:06d}.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(content, 4)))
    return folder


class Bomb:
    """Runs a command when it is unpickled by a reader that allows it."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, (self.command,)
