"""A weight step on M + 1 paths: all together against one by one, as a regularizer with M constraints takes it.

    python benchmarks/bench_many_paths.py [--skeletons digits,laptop] [--constraints 2,4,8] [--threads 1] [--rounds 15]

A step is forward and backward of the mean cross-entropy of all paths on one batch of 64, without the optimizer. Both
ways see the same cells, drawn anew each round from those that depend on their input, one right after the other; the
order changes from round to round. Ratios are medians over rounds of processor time, which what else the machine does
disturbs less than the clock on the wall.
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
from torch import Tensor

from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Path, Skeleton
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.supernets.nb201 import NB201Network

BATCH = 64
SKELETONS = {
    "digits": (Skeleton(8, 1, 2, 8, 10, in_channels=1), "fp32"),
    "laptop": (Skeleton(16, 1, 3, 8, 10), "bf16"),
    "published": (Skeleton(16, 5, 3, 32, 10), "fp32"),
}


class Steps:
    """Weight steps of one supernet on one batch."""

    def __init__(self, name: str) -> None:
        skeleton, precision = SKELETONS[name]
        rng = torch_rng(0, "weights")
        self.network = NB201Network(skeleton, channels_last=True, precision=precision, rng=rng).train()
        shape = (BATCH, skeleton.in_channels, skeleton.image_size, skeleton.image_size)
        self.x = torch.randn(shape, generator=rng).contiguous(memory_format=torch.channels_last)
        self.y = torch.randint(skeleton.classes, (BATCH,), generator=rng)

    def together(self, paths: list[Path]) -> None:
        self._descend(self.network.many(self.x, paths))

    def one_by_one(self, paths: list[Path]) -> None:
        self._descend(torch.stack([self.network(self.x, path) for path in paths]))

    def _descend(self, logits: Tensor) -> None:
        self.network.zero_grad(set_to_none=True)
        F.cross_entropy(logits.flatten(0, 1), self.y.repeat(len(logits))).backward()


def drawn(rng: np.random.Generator, count: int) -> list[Path]:
    """Different cells whose output depends on the input."""
    cells = iter(lambda: NB201Space().sample(rng), None)
    found: dict[Path, None] = {}
    while len(found) < count:
        cell = next(cells)
        if cell.reaches_output:
            found[cell.ops] = None
    return list(found)


def measure(steps: Steps, paths: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of processor time by way and round; a first round warms up."""
    ways: dict[str, Callable[[list[Path]], None]] = {"one by one": steps.one_by_one, "together": steps.together}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    rng = np.random.default_rng(0)
    for round_ in range(rounds + 1):
        given = drawn(rng, paths)
        for name, step in list(ways.items())[:: 1 if round_ % 2 else -1]:
            began = time.process_time()
            step(given)
            if round_:
                taken[name].append(time.process_time() - began)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skeletons", default=",".join(SKELETONS), help=f"of {', '.join(SKELETONS)}")
    parser.add_argument("--constraints", default="2,4,8", help="M, one or more")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15, help="at the published size a tenth of them, three at least")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    table = Table(
        "skeleton", "M", "paths", "ms one by one", "ms together", "times faster", title=f"{options.threads} threads"
    )
    for name in options.skeletons.split(","):
        steps = Steps(name)
        rounds = options.rounds if name != "published" else max(3, options.rounds // 10)
        for constraints in map(int, options.constraints.split(",")):
            seconds = measure(steps, constraints + 1, rounds)
            loop, many = (1e3 * statistics.median(taken) for taken in seconds.values())
            ratio = statistics.median(a / b for a, b in zip(*seconds.values(), strict=True))
            shown = (f"{value:.1f}" for value in (loop, many))
            table.add_row(name, str(constraints), str(constraints + 1), *shown, f"{ratio:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
