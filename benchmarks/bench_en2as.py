"""What EN²AS adds to a training step: moving a cell of the archive, and rewarding its perturbations.

    python benchmarks/bench_en2as.py [--threads 1] [--rounds 7] [--channels 8]

The training step is that of scale laptop on digits: one path, batch 64. All are timed in turns, so that a change of the
machine's speed hits them alike.
"""

from __future__ import annotations

import argparse
import statistics

import torch
import torch.nn.functional as F
from bench_e2nas import in_turns
from rich.console import Console
from rich.table import Table

from nasrepro.methods.en2as import NoveltySampler, RewardedNoveltySampler, RewardedSettings
from nasrepro.methods.en2as_archive import ArchiveSettings
from nasrepro.methods.uniform import UniformSampler, UniformSettings
from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.training.sampler import Lessons

WANTED = 0.02  # of a training step
_STEPS_PER_EPOCH = 17
_SPACE = NB201Space()


class Step:
    """A supernet, and samplers whose archives are full."""

    def __init__(self, channels: int) -> None:
        self.network = NB201Network(
            Skeleton(channels, 1, 2, 8, 10, in_channels=1), channels_last=True, rng=torch_rng(0, "weights")
        )
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.025, momentum=0.9, nesterov=True, foreach=True)
        rng = torch.Generator().manual_seed(0)
        self.batch = (torch.randn(64, 1, 8, 8, generator=rng), torch.randint(10, (64,), generator=rng))
        self.lessons = Lessons(self.network, self.optimizer, lambda: self.batch, lambda genotype: None)
        self.uniform = UniformSampler(_SPACE, UniformSettings(), 0)
        self.novelty = self.filled(NoveltySampler(_SPACE, ArchiveSettings(), 0))
        self.released = self.filled(NoveltySampler(_SPACE, ArchiveSettings(archive=1000), 0))
        self.rewarded = self.filled(RewardedNoveltySampler(_SPACE, RewardedSettings(), 0))

    def filled(self, sampler: NoveltySampler) -> NoveltySampler:
        while not sampler.archive.full:
            sampler.learn(self.lessons, self.batch)
        return sampler

    def train(self) -> None:
        """A weight step of RandomNAS."""
        x, y = self.batch
        self.optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(self.network(x, self.uniform.sample()), y).backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()

    def move(self, sampler: NoveltySampler) -> None:
        sampler.learn(self.lessons, self.batch)
        sampler.sample()

    def measure(self, sampler: NoveltySampler) -> None:
        """What an epoch's end adds."""
        sampler.learn(self.lessons, self.batch)
        sampler.end_epoch(self.lessons, 0, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--channels", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    step = Step(options.channels)
    seconds = in_turns(
        {
            "training step": (step.train, 20),
            "a cell moves": (lambda: step.move(step.novelty), 200),
            "a cell of 1,000 moves": (lambda: step.move(step.released), 100),
            "it moves, and the archive is measured": (lambda: step.measure(step.novelty), 50),
            "a cell moves with rewards": (lambda: step.move(step.rewarded), 5),
        },
        options.rounds,
    )
    middle = {name: statistics.median(own) for name, own in seconds.items()}
    table = Table("work", "milliseconds", "of a training step", title=f"EN²AS, {options.threads} threads")
    for name, own in middle.items():
        table.add_row(name, f"{1e3 * own:.3f}", f"{100 * own / middle['training step']:.1f} %")
    Console().print(table)
    measuring = middle["it moves, and the archive is measured"] - middle["a cell moves"]
    share = (middle["a cell moves"] + measuring / _STEPS_PER_EPOCH) / middle["training step"]
    verdict = "yes" if share <= WANTED else "NO"
    Console().print(f"the archive takes {share:.1%} of a training step; within {WANTED:.0%}: {verdict}")


if __name__ == "__main__":
    main()
