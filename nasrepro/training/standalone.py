"""Training one NAS-Bench-201 cell from scratch: what an architecture is really worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field

from nasrepro.datasets.images import ImageData
from nasrepro.datasets.streams import BatchStream
from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Path, Skeleton
from nasrepro.splits import Split
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.training.evaluate import Evaluator
from nasrepro.training.schedule import cosine
from nasrepro.training.settings import Settings
from nasrepro.training.standalone_loop import EpochScores, StandaloneTraining


class StandaloneSettings(Settings):
    """Defaults are the recipe of NAS-Bench-201 (200 epochs of SGD, cosine per epoch, running statistics)."""

    published: ClassVar[str] = "Dong & Yang (ICLR 2020), the training of every cell"
    ours: ClassVar[tuple[str, ...]] = ("eval_batch", "report_epochs")

    epochs: int = Field(200, ge=1)
    batch_size: int = Field(256, ge=2)
    optimizer: Literal["sgd", "adamw"] = "sgd"
    lr: float = Field(0.1, gt=0)
    momentum: float = Field(0.9, ge=0, lt=1, description="of SGD, with Nesterov")
    weight_decay: float = Field(5e-4, ge=0)
    eval_batch: int = Field(500, ge=2)
    report_epochs: tuple[int, ...] = Field((200,), description="epochs after which both splits are scored")

    def learning_rate(self, epoch: int) -> float:
        """Of epoch `epoch`, counted from 0."""
        return cosine(self.lr, 0.0, epoch, self.epochs)

    def scores_after(self, epoch: int) -> bool:
        """Whether both splits are scored after `epoch` finished epochs."""
        return epoch in self.report_epochs


def train_standalone(
    genotype: Path,
    data: ImageData,
    skeleton: Skeleton,
    settings: StandaloneSettings,
    seed: int,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[EpochScores]:
    """Train on the training split; score validation and test after each of `settings.report_epochs`.

    Raises `Diverged` when the loss stops being a number.
    """
    network = NB201Network(
        skeleton, genotype=genotype, channels_last=True, rng=torch_rng(seed, "standalone", "weights")
    )
    stream = BatchStream(
        data.train,
        data,
        settings.batch_size,
        torch_rng(seed, "standalone", "train"),
        augment=True,
        replacement=False,
        channels_last=True,
    )
    training = StandaloneTraining(
        network,
        _optimizer(network, settings),
        stream,
        {split: Evaluator(data.split(split), data, settings.eval_batch) for split in (Split.VALID, Split.TEST)},
        settings,
        loss=lambda x, y: F.cross_entropy(network(x), y),
        logits=network,
    )
    return training.run(None, report).curve


def _optimizer(network: torch.nn.Module, settings: StandaloneSettings) -> torch.optim.Optimizer:
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(network.parameters(), lr=settings.lr, weight_decay=settings.weight_decay)
    return torch.optim.SGD(
        network.parameters(),
        lr=settings.lr,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        nesterov=settings.momentum > 0,
    )
