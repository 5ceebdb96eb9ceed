"""Seconds per search step against a plain module-per-edge supernet, measured in turns in the same process.

    python benchmarks/bench_supernet.py [--methods darts-v1,setn] [--side 32] [--cells 5] [--threads 2] [--rounds 3]

A step is everything a search does for one weight update on a batch of 64, see `benchmarks/search_steps.py`. Both
networks see the same paths; a row is the mean over all of them.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import torch
from plain_nb201 import PlainSupernet
from rich.console import Console
from rich.table import Table
from search_steps import STEPS, Paths, Step

from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.supernets.nb201 import NB201Network

BATCH = 64
PLAIN = "module per edge, fp32"


def measure(steps: dict[str, Step], paths: list[Paths], rounds: int) -> dict[str, list[float]]:
    """Seconds of every step, path by path in turns, so that a change of the machine's speed hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(rounds + 1):
        for given in paths:
            for name, step in steps.items():
                began = time.perf_counter()
                step(given)
                if round_:  # the first round warms up
                    taken[name].append(time.perf_counter() - began)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", default=",".join(STEPS), help=f"of {', '.join(STEPS)}")
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--cells", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--paths", type=int, default=12)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    batch = torch.randn(BATCH, 3, options.side, options.side), torch.randint(10, (BATCH,))
    rng, space = np.random.default_rng(0), NB201Space()
    paths = [tuple(space.sample(rng).ops for _ in range(7)) for _ in range(options.paths)]
    skeleton = Skeleton(16, options.cells, 3, options.side, 10)

    def ours(**choices: object) -> NB201Network:
        return NB201Network(skeleton, rng=torch.Generator().manual_seed(0), **choices)  # type: ignore[arg-type]

    for method in options.methods.split(","):
        plain, own = STEPS[method]
        networks = {
            "nasrepro, fp32": ours(),
            "nasrepro, fp32, channels_last": ours(channels_last=True),
            "nasrepro, bf16, channels_last": ours(channels_last=True, precision="bf16"),
        }
        steps = {PLAIN: plain(PlainSupernet(16, options.cells, 10), *batch)}
        steps |= {name: own(network, *batch) for name, network in networks.items()}
        taken = measure(steps, paths, options.rounds)
        shape = f"C=16, N={options.cells}, {options.side}×{options.side}, batch {BATCH}, {options.threads} threads"
        table = Table("implementation", "ms per step", "times faster", title=f"{method}, one step, {shape}")
        for name, seconds in taken.items():
            ratio = sum(taken[PLAIN]) / sum(seconds)
            table.add_row(name, f"{1e3 * statistics.mean(seconds):.1f}", f"{ratio:.2f}")
        Console().print(table)


if __name__ == "__main__":
    main()
