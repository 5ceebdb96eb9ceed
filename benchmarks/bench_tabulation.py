"""Training small stand-alone networks: the compiled kernels against PyTorch, in turns in the same process.

    python benchmarks/bench_tabulation.py [--cells 8] [--rounds 3]

One unit of work is an epoch of the `nb201-digits` recipe (33 batches of 32) for one network on one thread. PyTorch
trains networks one after another, or all seeds of a cell at once with `torch.func.vmap` over stacked parameters; every
way does forward, backward and AdamW on the same batches.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table

from nasrepro.kernels import parameters
from nasrepro.kernels.network import NetworkMaps
from nasrepro.kernels.training import train_epoch
from nasrepro.seeds import torch_rng
from nasrepro.spaces.nb201 import NB201Genotype, from_index
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.supernets.norm import BatchNormMode
from nasrepro.tabulation.catalog import get
from nasrepro.tabulation.images import SIDE, TrainingImages
from nasrepro.tabulation.measuring import live_path
from nasrepro.tabulation.recipe import Recipe

Epoch = Callable[[], None]


def compiled(genotype: NB201Genotype, recipe: Recipe, images: np.ndarray, labels: np.ndarray) -> Epoch:
    skeleton = recipe.skeleton
    vector, gradient = np.zeros((2, parameters.size(skeleton)), np.float32)
    weights, gradients = parameters.views(vector, skeleton), parameters.views(gradient, skeleton)
    parameters.initialize(weights, np.random.default_rng(0))
    moments = np.zeros((2, vector.size), np.float32)
    maps, running = NetworkMaps.empty(skeleton, recipe.batch_size), parameters.statistics(skeleton)
    path = live_path(genotype)
    return lambda: train_epoch(
        images, labels, path, vector, weights, gradient, gradients, moments, maps, running, 0, 0.02, 0.01
    )


def one_by_one(genotype: NB201Genotype, recipe: Recipe, x: torch.Tensor, y: torch.Tensor) -> Epoch:
    network = NB201Network(recipe.skeleton, genotype=genotype.ops, channels_last=True, rng=torch_rng(0, "weights"))
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.02, weight_decay=0.01)

    def epoch() -> None:
        for images, labels in zip(x, y, strict=True):
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(network(images), labels).backward()
            optimizer.step()

    return epoch


def stacked(genotype: NB201Genotype, recipe: Recipe, x: torch.Tensor, y: torch.Tensor) -> Epoch:
    """All trials of the cell in one call; normalized by batch statistics, which is all that training needs."""
    networks = [
        NB201Network(recipe.skeleton, genotype=genotype.ops, mode=BatchNormMode.BATCH, rng=torch_rng(seed, "weights"))
        for seed in range(recipe.trials)
    ]
    stack, _ = torch.func.stack_module_state(networks)
    optimizer = torch.optim.AdamW(list(stack.values()), lr=0.02, weight_decay=0.01)
    several = torch.func.vmap(
        lambda weights, images: torch.func.functional_call(networks[0], weights, (images,)), in_dims=(0, None)
    )

    def epoch() -> None:
        for images, labels in zip(x, y, strict=True):
            optimizer.zero_grad(set_to_none=True)
            logits = several(stack, images)
            F.cross_entropy(logits.flatten(0, 1), labels.repeat(recipe.trials), reduction="sum").backward()
            optimizer.step()

    return epoch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    recipe = get("nb201-digits").recipe
    images, labels = TrainingImages(recipe).epoch(np.random.default_rng(0))
    maps = images.reshape(len(images), SIDE + 2, SIDE + 2, recipe.batch_size)[:, 1:-1, 1:-1]
    x = torch.from_numpy(np.ascontiguousarray(maps.transpose(0, 3, 1, 2)[:, :, None]))
    y = torch.from_numpy(labels)
    cells = [from_index(int(index)) for index in np.random.default_rng(1).choice(15625, arguments.cells, replace=False)]
    ways = {
        "PyTorch, one network after another": ([one_by_one(cell, recipe, x, y) for cell in cells], 1),
        f"PyTorch, {recipe.trials} seeds stacked with vmap": (
            [stacked(cell, recipe, x, y) for cell in cells],
            recipe.trials,
        ),
        "compiled kernels": ([compiled(cell, recipe, images, labels) for cell in cells], 1),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for epochs, _ in ways.values():
        epochs[0]()  # compile, allocate
    for _ in range(arguments.rounds):
        for name, (epochs, networks) in ways.items():
            began = time.perf_counter()
            for epoch in epochs:
                epoch()
            seconds[name].append((time.perf_counter() - began) / len(epochs) / networks)
    best = {name: min(values) for name, values in seconds.items()}
    base = best["PyTorch, one network after another"]
    table = Table(
        title=f"one epoch of one network, mean of {len(cells)} cells, best of {arguments.rounds} rounds, 1 thread"
    )
    for heading in ("", "ms", "median ms", "times faster"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, value in best.items():
        table.add_row(
            name, f"{1e3 * value:.1f}", f"{1e3 * statistics.median(seconds[name]):.1f}", f"{base / value:.1f}"
        )
    Console().print(table)


if __name__ == "__main__":
    main()
