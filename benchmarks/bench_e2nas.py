"""What E²NAS adds to a training step: the novelty of a latent point with its gradient, and decoding.

    python benchmarks/bench_e2nas.py [--threads 2] [--rounds 5]

The training step is the published one, 16 channels, five cells a stage, 32×32 images, batch 64: weights on one path,
then the latent point on another batch, without novelty. The reference takes the decoder's Jacobian row by row. All are
timed in turns, so that a change of the machine's speed hits them alike.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import Tensor

from nasrepro.latent.nb201_latents import one_hot
from nasrepro.methods.e2nas import E2NASSettings, LatentSampler
from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.training.sampler import Lessons

WANTED = 0.10  # of a training step
_REPEATS = 20


class Step:
    """A supernet with a latent sampler whose archive is full."""

    def __init__(self, image_size: int, cells: int) -> None:
        self.network = NB201Network(
            Skeleton(16, cells, 3, image_size, 10), channels_last=True, rng=torch_rng(0, "weights")
        )
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.025, momentum=0.9, nesterov=True)
        rng = torch.Generator().manual_seed(0)
        self.x = torch.randn(64, 3, image_size, image_size, generator=rng)
        self.y = torch.randint(10, (64,), generator=rng)
        self.sampler = LatentSampler(NB201Space(), E2NASSettings(gamma=0.0), 0)
        self.lessons = Lessons(self.network, self.optimizer, lambda: (self.x, self.y), lambda genotype: None)
        self.archive = self.sampler._archive
        z = self.sampler.alpha.detach()
        for _ in range(E2NASSettings().archive):
            at = z + 0.3 * torch.randn(len(z), generator=rng, dtype=z.dtype)
            self.archive.visit(at, self.archive.measure(at, self.chosen(at)))

    def chosen(self, z: Tensor) -> Tensor:
        return one_hot(tuple(self.sampler.latents.decode(z.unsqueeze(0))[0].tolist()))

    def train(self) -> None:
        """A weight step, then a step of the latent point along the validation loss alone."""
        self.optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(self.network(self.x, self.sampler.sample()), self.y).backward()
        self.optimizer.step()
        self.sampler.learn(self.lessons, (self.x, self.y))

    def novelty(self) -> None:
        """N and its gradient in the latent point."""
        z = self.sampler.alpha
        torch.autograd.grad(self.archive.measure(z, self.chosen(z.detach())).value, [z])

    def row_by_row(self) -> None:
        """The Jacobian alone, one output after the other, ready to be differentiated again."""
        z = self.sampler.alpha
        found = self.sampler._along(z, self.chosen(z.detach()))
        torch.stack([torch.autograd.grad(entry, z, create_graph=True)[0] for entry in found])

    def decoding(self) -> None:
        """Which cell the latent point stands for."""
        self.sampler.argmax()


def in_turns(works: dict[str, tuple[Callable[[], None], int]], rounds: int) -> dict[str, list[float]]:
    """Seconds per call, by name and round; the first round warms up. Each work comes with its calls per round."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for round_ in range(rounds + 1):
        for name, (work, calls) in works.items():
            began = time.perf_counter()
            for _ in range(calls):
                work()
            if round_:
                seconds[name].append((time.perf_counter() - began) / calls)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--image-size", type=int, default=32)
    parser.add_argument("--cells", type=int, default=5, help="per stage")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    step = Step(options.image_size, options.cells)
    seconds = in_turns(
        {
            "training step": (step.train, 2),
            "novelty with gradient": (step.novelty, _REPEATS),
            "Jacobian row by row": (step.row_by_row, _REPEATS),
            "decoding": (step.decoding, _REPEATS),
        },
        options.rounds,
    )
    table = Table("work", "milliseconds", "of a training step", title=f"E²NAS, {options.threads} threads")
    for name, own in seconds.items():
        share = statistics.median(a / b for a, b in zip(own, seconds["training step"], strict=True))
        table.add_row(name, f"{1e3 * statistics.median(own):.2f}", f"{100 * share:.1f} %")
    Console().print(table)
    share = statistics.median(seconds["novelty with gradient"]) / statistics.median(seconds["training step"])
    Console().print(f"novelty within {WANTED:.0%} of a training step: {'yes' if share <= WANTED else 'NO'}")


if __name__ == "__main__":
    main()
