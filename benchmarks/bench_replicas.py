"""Seconds per step of a training from scratch: one process, two replicas in turn, two processes with a replica each.

    python benchmarks/bench_replicas.py [--channels 16] [--cells 5] [--batch 64] [--steps 8]

On random images of CIFAR's size, one thread per process; medians, the first two steps do not count. By the clock, what
two processes gain depends on two free cores; the processor time of one of them says what it would be on those.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import torch
from rich.console import Console

from nasrepro.datasets.images import ImageData, ImageSet
from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_skeleton import DartsSkeleton
from nasrepro.training.darts_standalone import darts_training
from nasrepro.training.repeatable import prepare_torch
from nasrepro.training.retraining import Replication, RetrainSettings
from nasrepro.training.team import ALONE, process_group

WARM = 2


def images(count: int) -> ImageData:
    pixels = torch.randint(256, (count, 3, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    part, none = ImageSet(pixels, torch.arange(count) % 10), ImageSet(pixels[:0], torch.arange(0))
    return ImageData("random", 10, part, none, part, (120.0,) * 3, (60.0,) * 3, True, 4, {}, True)


def step_seconds(asked: argparse.Namespace, replicas: int) -> tuple[float, float]:
    """By the clock and of processor time, of this process."""
    prepare_torch(1)
    skeleton = DartsSkeleton(asked.channels, asked.cells, 32, 10)
    alone = asked.number is None
    meeting = None if alone else torch.distributed.FileStore(asked.store, 2)
    with nullcontext(ALONE) if alone else process_group(meeting, torch.device("cpu"), asked.number, 2) as team:
        made = darts_training(
            DartsSpace().parse("DARTS_V2"),
            images(2 * asked.batch),
            skeleton,
            RetrainSettings(batch_size=asked.batch),
            0,
            replication=Replication(replicas),
            team=team,
        )
        made.network.train()
        made._begin_epoch(300)
        clock, processor = [], []
        for _ in range(WARM + asked.steps):
            began, worked = time.perf_counter(), time.process_time()
            made._descend(*made.batches.next())
            clock.append(time.perf_counter() - began)
            processor.append(time.process_time() - worked)
    return statistics.median(clock[WARM:]), statistics.median(processor[WARM:])


def in_two_processes(words: list[str]) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / "store")
        started = [
            subprocess.Popen(
                [sys.executable, __file__, *words, "--number", str(number), "--store", store],
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(2)
        ]
        clock, processor = zip(*(map(float, process.communicate()[0].split()) for process in started), strict=True)
        return max(clock), max(processor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--cells", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--number", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--store", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.number is not None:
        print(*step_seconds(asked, 2))
        return
    console = Console()
    console.print(f"{asked.cells} cells, C = {asked.channels}, batch {asked.batch}; load {os.getloadavg()[0]:.1f}")
    one = step_seconds(asked, 1)
    for what, (clock, processor) in (
        ("one process, one replica", one),
        ("one process, two replicas in turn", step_seconds(asked, 2)),
        ("two processes (gloo)", in_two_processes(sys.argv[1:])),
    ):
        told = [
            f"{seconds:6.3f} s {kind} ({first / seconds:.2f} times as fast)"
            for seconds, first, kind in ((clock, one[0], "by the clock"), (processor, one[1], "of a processor"))
        ]
        console.print(f"{what:34} {', '.join(told)}", soft_wrap=True)


if __name__ == "__main__":
    main()
