"""Seconds per search step against a plain module-per-edge supernet, measured in turns in the same process.

    python benchmarks/bench_supernet.py [--side 32] [--cells 5] [--threads 2] [--rounds 3]

A RandomNAS step is forward, backward and SGD on one sampled path. A GDAS step is that and an update of alpha on
a second batch under hard Gumbel gates. Both networks see the same paths; a row is the mean over all of them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from plain_nb201 import PlainSupernet, hard_gates
from rich.console import Console
from rich.table import Table

from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.supernets.nb201 import NB201Network

Step = Callable[[tuple[int, ...], tuple[int, ...]], None]
BATCH = 64


def weight_step(network: torch.nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor) -> Step:
    def step(path: tuple[int, ...], _: tuple[int, ...]) -> None:
        optimizer.zero_grad()
        F.cross_entropy(network(x, path), y).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()

    return step


def plain_gdas(network: torch.nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor) -> Step:
    """As released: gates in both passes, every gradient computed in both."""
    alpha = torch.zeros(6, 5, requires_grad=True)
    alpha_optimizer = torch.optim.Adam([alpha], lr=3e-4)

    def step(path: tuple[int, ...], second: tuple[int, ...]) -> None:
        optimizer.zero_grad()
        F.cross_entropy(network(x, path, hard_gates(alpha, path)), y).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        alpha_optimizer.zero_grad()
        F.cross_entropy(network(x, second, hard_gates(alpha, second)), y).backward()
        alpha_optimizer.step()

    return step


def our_gdas(network: torch.nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor) -> Step:
    """Gates only where alpha learns, and only alpha's gradient there: the same two updates."""
    alpha = torch.zeros(6, 5, requires_grad=True)
    alpha_optimizer = torch.optim.Adam([alpha], lr=3e-4)
    weights = weight_step(network, optimizer, x, y)

    def step(path: tuple[int, ...], second: tuple[int, ...]) -> None:
        weights(path, second)
        loss = F.cross_entropy(network(x, second, hard_gates(alpha, second)), y)
        (alpha.grad,) = torch.autograd.grad(loss, [alpha])
        alpha_optimizer.step()

    return step


def sgd(network: torch.nn.Module, *, foreach: bool) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        network.parameters(), lr=0.025, momentum=0.9, weight_decay=5e-4, nesterov=True, foreach=foreach
    )


def measure(steps: dict[str, Step], paths: list[tuple[int, ...]], rounds: int) -> dict[str, list[float]]:
    """Seconds of every step, path by path in turns, so that a change of the machine's speed hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(rounds + 1):
        for path, second in zip(paths, reversed(paths), strict=True):
            for name, step in steps.items():
                began = time.perf_counter()
                step(path, second)
                if round_:  # the first round warms up
                    taken[name].append(time.perf_counter() - began)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--cells", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    x, y = torch.randn(BATCH, 3, options.side, options.side), torch.randint(10, (BATCH,))
    rng, space = np.random.default_rng(0), NB201Space()
    paths = [space.sample(rng).ops for _ in range(12)]
    skeleton = Skeleton(16, options.cells, 3, options.side, 10)

    def ours(**choices: object) -> NB201Network:
        return NB201Network(skeleton, rng=torch.Generator().manual_seed(0), **choices)  # type: ignore[arg-type]

    console = Console()
    for kind, plain_step, our_step in (("RandomNAS", weight_step, weight_step), ("GDAS", plain_gdas, our_gdas)):
        plain = PlainSupernet(16, options.cells, 10)
        networks = {
            "fp32": ours(),
            "fp32, channels_last": ours(channels_last=True),
            "bf16, channels_last": ours(channels_last=True, precision="bf16"),
        }
        steps = {"module per edge, fp32": plain_step(plain, sgd(plain, foreach=False), x, y)}
        steps |= {
            f"nasrepro, {name}": our_step(network, sgd(network, foreach=True), x, y)
            for name, network in networks.items()
        }
        taken = measure(steps, paths, options.rounds)
        reference = taken["module per edge, fp32"]
        shape = f"C=16, N={options.cells}, {options.side}×{options.side}, batch {BATCH}, {options.threads} threads"
        table = Table("implementation", "ms per step", "times faster", title=f"{kind} step, {shape}")
        for name, seconds in taken.items():
            ratio = sum(reference) / sum(seconds)
            table.add_row(name, f"{1e3 * statistics.mean(seconds):.1f}", f"{ratio:.2f}")
        console.print(table)


if __name__ == "__main__":
    main()
