"""Seconds to score all 15,625 cells under the weights of one supernet, against the plain loop over them.

    python benchmarks/bench_rank.py [--cells 300] [--threads 2] [--skip cifar|digits]

The plain loop runs a module-per-edge network cell by cell. It is measured on a random sample of cells and
extrapolated, and so is the loop over this package's own network. Both take their turns during the run that they are
compared with, so that a change of the machine's speed hits all alike. `cifar` is C=16, N=1, 16×16 with 1,000 images
in two evaluation batches; `digits` is the laptop scale of nb201-digits with a supernet trained for 20 epochs, whose
rankings in both precisions are compared.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from bench_precision import train
from plain_nb201 import PlainSupernet
from rich.console import Console
from rich.table import Table

from nasrepro import benchmarks
from nasrepro.datasets.images import ImageData, ImageSet
from nasrepro.methods import catalog
from nasrepro.methods.resolving import resolve
from nasrepro.metrics.ranking import kendall_tau
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import SIZE, from_index
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.training.evaluate import Evaluator
from nasrepro.training.settings import SupernetSettings
from nasrepro.training.whole_space import SpaceScores, score_space

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass
class Loop:
    """A loop over single cells, of which a sample is measured."""

    score: Callable[[tuple[int, ...]], object]
    seconds: list[float] = field(default_factory=list)

    def step(self, path: tuple[int, ...]) -> None:
        began = time.perf_counter()
        self.score(path)
        self.seconds.append(time.perf_counter() - began)

    @property
    def whole(self) -> float:
        """Extrapolated to all cells."""
        return float(np.mean(self.seconds)) * SIZE


def race(network: NB201Network, judge: Evaluator, loops: list[Loop], cells: int) -> tuple[SpaceScores, float]:
    """Scores of all cells and the seconds they took, with `cells` turns of every loop spread over the run."""
    sample = [from_index(int(i)).ops for i in np.random.default_rng(0).choice(SIZE, cells, replace=False)]
    others = 0.0

    def turn(done: int, total: int) -> None:
        nonlocal others
        began = time.perf_counter()
        for path in sample[(done - 1) * cells // total : done * cells // total]:
            for loop in loops:
                loop.step(path)
        others += time.perf_counter() - began

    began = time.perf_counter()
    scores = score_space(network, judge, turn)
    return scores, time.perf_counter() - began - others


def compare(
    network: NB201Network, skeleton: Skeleton, judge: Evaluator, title: str, options: argparse.Namespace
) -> dict[str, SpaceScores]:
    """Print the table of one network in both precisions."""
    plain = PlainSupernet(
        skeleton.channels,
        skeleton.cells,
        skeleton.classes,
        stages=skeleton.stages,
        in_channels=skeleton.in_channels,
    )
    table = Table(
        *("precision", "plain loop, s", "own loop, s", "whole space, s", "faster than plain", "than own"),
        title=f"All 15,625 cells, {title}, channels_last, threads: {options.threads}",
        caption=f"loops: {options.cells} random cells extrapolated; plain: module per edge, fp32",
    )
    found = {}
    for precision, dtype in PRECISIONS.items():
        network.dtype = dtype
        loops = [
            Loop(lambda path: judge.score(plain, partial(plain, path=path))),
            Loop(lambda path: judge.score(network, partial(network, choice=path))),
        ]
        for loop in loops:
            loop.score((3, 2, 3, 4, 2, 3))  # the first call is slower
        found[precision], seconds = race(network, judge, loops, options.cells)
        row = (*(loop.whole for loop in loops), seconds)
        ratios = (f"{loop.whole / seconds:.1f}" for loop in loops)
        table.add_row(precision, *(f"{item:.0f}" for item in row), *ratios)
    console = Console()
    console.print(table)
    console.print(f"peak memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")
    return found


def cifar_sized(options: argparse.Namespace) -> None:
    rng = np.random.default_rng(0)
    images = ImageSet(
        torch.from_numpy(rng.integers(256, size=(1000, 3, 16, 16), dtype=np.uint8)),
        torch.from_numpy(rng.integers(10, size=1000)),
    )
    data = ImageData("noise", 10, images, images, images, (128.0,) * 3, (74.0,) * 3, False, 0, {}, True)
    skeleton = Skeleton(16, 1, 3, 16, 10)
    network = NB201Network(skeleton, channels_last=True, rng=torch.Generator().manual_seed(0))
    compare(network, skeleton, Evaluator(images, data, 500), "C=16, N=1, 16×16, 1,000 images", options)


def digits(options: argparse.Namespace) -> None:
    benchmark = benchmarks.get("nb201-digits")
    resolved = resolve(catalog.get("randomnas"), benchmark, "laptop", {"training": {"epochs": 20}})
    skeleton, settings = Skeleton(**resolved["skeleton"]), SupernetSettings.model_validate(resolved["training"])
    data = benchmark.load_data().limited(settings.train_images, settings.valid_images)
    network = train(benchmark, settings, skeleton, data, seed=0)
    judge = Evaluator(data.valid.limited(settings.score_images), data, settings.eval_batch)
    title = f"digits, C={skeleton.channels}, N={skeleton.cells}, 8×8, {judge.images} images"
    found = compare(network, skeleton, judge, title, options)
    taus = [kendall_tau(getattr(found["fp32"], name), getattr(found["bf16"], name)) for name in ("accuracy", "loss")]
    Console().print(f"τ between the two precisions: {taus[0]:.3f} by accuracy, {taus[1]:.3f} by loss")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=300)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--skip", choices=("cifar", "digits"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.skip != "digits":
        digits(options)
    if options.skip != "cifar":
        cifar_sized(options)


if __name__ == "__main__":
    main()
