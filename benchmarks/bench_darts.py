"""DARTS networks: seconds and memory per step, against a plain module-per-edge supernet and against one cell alone.

    python benchmarks/bench_darts.py [speed] [mixture] [memory] [published] [--batch 64] [--paths 6] [--rounds 2]

`speed` compares single-path steps (forward, backward, SGD) of the published supernet (C=16, 8 cells, 32×32), path by
path in turns, with two plain references: one that runs all operations with weights 0 and 1, as released code does, and
one that runs only what was sampled. `mixture` compares weight steps of first-order DARTS. `memory` compares peaks of
fresh processes. `published` takes real steps at the sizes of the papers and says how long their trainings would take.
One thread throughout; medians of CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from plain_darts import PlainDarts
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_genotype import DartsGenotype
from nasrepro.spaces.darts_skeleton import DartsSkeleton
from nasrepro.supernets.darts import DartsNetwork
from nasrepro.supernets.darts_alone import DartsStandalone

SPACE = DartsSpace()
SEARCH = DartsSkeleton(16, 8, 32, 10, auxiliary=False)
CIFAR = DartsSkeleton(36, 20, 32, 10)
IMAGENET = DartsSkeleton(48, 14, 224, 1000, family="imagenet")
DARTS_V2 = "darts:0414041403140326-0111112301231123"
Step = Callable[[Any], None]


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def stepper(network: nn.Module, skeleton: DartsSkeleton, batch: int, run: Callable[[Tensor, Any], Tensor]) -> Step:
    """A step of SGD on the cross-entropy of the logits `run(images, choice)`."""
    x = torch.randn(batch, 3, skeleton.image_size, skeleton.image_size, generator=generator())
    y = torch.randint(skeleton.classes, (batch,), generator=generator())
    sgd = torch.optim.SGD(network.parameters(), 0.025, momentum=0.9, weight_decay=3e-4, foreach=True)

    def step(choice: Any) -> None:
        sgd.zero_grad(set_to_none=True)
        F.cross_entropy(run(x, choice), y).backward()  # type: ignore[no-untyped-call]
        sgd.step()

    return step


def everything(genotype: DartsGenotype) -> Tensor:
    """Weights (28, 8): 1 on the genotype's path, 0 beside it."""
    return torch.from_numpy(SPACE.weights(genotype.path))


def supernet_step(kind: str, batch: int) -> Step:
    """A step of one implementation on a genotype or a mixture."""
    if kind.startswith("plain"):
        plain = PlainDarts(16, 8, 10)
        layout = torch.channels_last if "channels_last" in kind else torch.contiguous_format
        plain.to(memory_format=layout)  # type: ignore[call-overload]
        pick = everything if kind == "plain, all operations" else lambda genotype: genotype.path

        def run(x: Tensor, choice: Any) -> Tensor:
            logits: Tensor = plain(
                x.contiguous(memory_format=layout), choice if isinstance(choice, Tensor) else pick(choice)
            )
            return logits

        return stepper(plain, SEARCH, batch, run)
    precision = "bf16" if "bf16" in kind else "fp32"
    ours = DartsNetwork(SEARCH, precision=precision, channels_last="channels_last" in kind, rng=generator())
    return stepper(ours, SEARCH, batch, lambda x, c: ours(x, c if isinstance(c, Tensor) else c.path))


def seconds(step: Step, choice: Any) -> float:
    began = time.process_time()
    step(choice)
    return time.process_time() - began


def compare(kinds: dict[str, int], choices: list[Any], batch: int, rounds: int, title: str) -> None:
    """One table: every kind on so many of the choices; ratios are between the same choices."""
    steps = {kind: supernet_step(kind, batch) for kind in kinds}
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number, choice in enumerate(choices):
        for kind, step in steps.items():
            if number < kinds[kind]:
                step(choice)  # warms up
                taken[kind].append(statistics.median(seconds(step, choice) for _ in range(rounds)))
    own = list(kinds)[-2]
    table = Table("implementation", "ms per step", "paths", f"of {own}", title=title)
    for kind, found in taken.items():
        ratio = sum(found) / sum(taken[own][: len(found)])
        table.add_row(kind, f"{1e3 * statistics.mean(found):.0f}", str(len(found)), f"{ratio:.2f}")
    Console(width=120).print(table)


def speed(batch: int, paths: int, rounds: int) -> None:
    rng = np.random.default_rng(0)
    kinds = {
        "plain, all operations": 1,
        "plain, sampled operations": paths,
        "plain, sampled operations, channels_last": paths,
        "nasrepro, fp32": paths,
        "nasrepro, fp32, channels_last": paths,
        "nasrepro, bf16, channels_last": paths,
    }
    choices = [SPACE.sample(rng) for _ in range(paths)]
    compare(kinds, choices, batch, rounds, f"single-path step, C=16, 8 cells, 32×32, batch {batch}, CPU time")


def mixture(batch: int, rounds: int) -> None:
    kinds = {"plain": 1, "nasrepro, fp32, channels_last": 1, "nasrepro, bf16, channels_last": 1}
    title = f"step on a mixture, C=16, 8 cells, 32×32, batch {batch}, CPU time"
    compare(kinds, [torch.full((28, 8), 0.125)], batch, rounds, title)


def measured(what: str, batch: int, genotypes: list[str]) -> dict[str, float]:
    """Peak megabytes above those of a process that has done a step of a small network, and median CPU seconds."""
    call = [sys.executable, __file__, "one", "--what", what, "--batch", str(batch), "--genotypes", ",".join(genotypes)]
    found = subprocess.run(call, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(found.stdout)
    return result


def alone_step(skeleton: DartsSkeleton, batch: int, genotype: DartsGenotype) -> Step:
    alone = DartsStandalone(skeleton, genotype, channels_last=True, rng=generator())
    alone.drop_path = 0.2 if skeleton is CIFAR else 0.0

    def run(x: Tensor, _: Any) -> Tensor:
        logits, auxiliary = alone(x)
        both: Tensor = logits if auxiliary is None else logits + 0.4 * auxiliary  # costs what weighted losses do
        return both

    return stepper(alone, skeleton, batch, run)


def one(what: str, batch: int, genotypes: list[DartsGenotype]) -> dict[str, float]:
    """Three steps on each genotype; runs in a process of its own."""
    alone_step(DartsSkeleton(4, 3, 8, 10, auxiliary=False), 2, genotypes[0])(None)  # loads the library's code
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sizes = {"alone": SEARCH, "cifar": CIFAR, "imagenet": IMAGENET}
    step = alone_step(sizes[what], batch, genotypes[0]) if what in sizes else supernet_step(what, batch)
    taken = [seconds(step, genotype) for genotype in genotypes for _ in range(3)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"megabytes": (peak - before) / 1024, "seconds": statistics.median(taken)}


def memory(batch: int) -> None:
    """The supernet on one path, on several in turn, and the network that has one path's operations alone."""
    rng = np.random.default_rng(1)
    drawn = [SPACE.sample(rng).id for _ in range(3)]
    table = Table("cell", "supernet, MB", "cell alone, MB", "ratio", title=f"peak memory of training, batch {batch}")
    own, alone = "nasrepro, fp32, channels_last", []
    for genotype in drawn:
        alone.append(measured("alone", batch, [genotype])["megabytes"])
        ours = measured(own, batch, [genotype])["megabytes"]
        table.add_row(genotype, f"{ours:.0f}", f"{alone[-1]:.0f}", f"{ours / alone[-1]:.2f}")
    ours = measured(own, batch, drawn)["megabytes"]
    table.add_row("all three in turn", f"{ours:.0f}", f"{max(alone):.0f} (largest)", f"{ours / max(alone):.2f}")
    part = batch // 4
    plain = 4 * measured("plain, all operations", part, drawn[:1])["megabytes"]
    table.add_row(
        f"plain, all operations, 4 × batch {part}", f"{plain:.0f}", f"{alone[0]:.0f}", f"{plain / alone[0]:.2f}"
    )
    Console(width=120).print(table)


def published() -> None:
    """Steps at the sizes of the papers. ImageNet's batch of 128 is measured as 16, times 8."""
    own = "nasrepro, fp32, channels_last"
    rows = [
        ("supernet C=16, 8 cells, batch 64, 50 epochs", own, 64, 1, 50 * math.ceil(25_000 / 64)),
        ("CIFAR C=36, 20 cells, batch 96, 600 epochs", "cifar", 96, 1, 600 * math.ceil(50_000 / 96)),
        ("ImageNet C=48, 14 cells, batch 128, 250 epochs", "imagenet", 16, 8, 250 * (1_281_167 // 128)),
    ]
    table = Table("network, DARTS_V2's cells", "s per step", "MB", "steps", "days on one core", title="published sizes")
    for name, what, batch, times, steps in rows:
        found = measured(what, batch, [DARTS_V2])
        step = times * found["seconds"]
        days = f"{step * steps / 86_400:.2f}"
        table.add_row(name, f"{step:.2f}", f"{times * found['megabytes']:.0f}", f"{steps:,}", days)
    Console(width=120).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = ["speed", "mixture", "memory", "published"]
    parser.add_argument("parts", nargs="*", choices=[*parts, "one"], default=parts)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--paths", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--what", help="of a process that measures one thing")
    parser.add_argument("--genotypes", default=DARTS_V2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    if "one" in options.parts:
        genotypes = [SPACE.parse(text) for text in options.genotypes.split(",")]
        print(json.dumps(one(options.what, options.batch, genotypes)))
    if "speed" in options.parts:
        speed(options.batch, options.paths, options.rounds)
    if "mixture" in options.parts:
        mixture(options.batch, options.rounds)
    if "memory" in options.parts:
        memory(options.batch)
    if "published" in options.parts:
        published()


if __name__ == "__main__":
    main()
