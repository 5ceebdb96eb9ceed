"""The one loop that trains a network standing alone, whatever its space."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from nasrepro.splits import Split
from nasrepro.training import checkpoint
from nasrepro.training.evaluate import CellScore
from nasrepro.training.sampler import Batch
from nasrepro.training.supernet import Diverged


class Recipe(Protocol):
    """What the loop asks of the settings of a training. Epochs to train count from 0, finished ones from 1."""

    @property
    def epochs(self) -> int: ...

    def learning_rate(self, epoch: int) -> float: ...

    def scores_after(self, epoch: int) -> bool: ...


class Batches(Protocol):
    """Training images, batch by batch, from a place that can be kept."""

    @property
    def steps_per_epoch(self) -> int: ...

    def next(self) -> Batch: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None: ...


class Judge(Protocol):
    """Scores a network on a fixed set of images."""

    def score(self, network: nn.Module, forward: Callable[[Tensor], Tensor]) -> CellScore: ...


@dataclass(frozen=True)
class EpochScores:
    """Scores of the network after `epoch` epochs, in evaluation mode with running statistics."""

    epoch: int
    scores: dict[Split, CellScore]


@dataclass
class StandaloneProgress:
    """What has happened so far; part of every checkpoint."""

    epoch: int = 0
    loss: list[float] = field(default_factory=list)
    """Mean per epoch of the loss that the weights descended, over batches."""
    curve: list[EpochScores] = field(default_factory=list)
    seconds: float = 0.0
    """By the clock, of all epochs and scorings."""

    def state_dict(self) -> dict[str, Any]:
        """In plain containers."""
        curve = [
            (point.epoch, {split.value: (score.accuracy, score.loss) for split, score in point.scores.items()})
            for point in self.curve
        ]
        return {**vars(self), "loss": list(self.loss), "curve": curve}

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> StandaloneProgress:
        """Reads what `state_dict` wrote."""
        curve = [
            EpochScores(epoch, {Split(split): CellScore(*score) for split, score in scores.items()})
            for epoch, scores in state["curve"]
        ]
        return cls(**{**state, "curve": curve})


class StandaloneTraining:
    """Trains `network` on `batches` and scores it; resumes from its checkpoint to the identical end.

    `loss` gives what the weights descend on a batch, `logits` what is scored; `begin_epoch` is told the epoch before
    it starts. `generators` are random streams of the network that a checkpoint must keep.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        batches: Batches,
        judges: Mapping[Split, Judge],
        recipe: Recipe,
        loss: Callable[[Tensor, Tensor], Tensor],
        logits: Callable[[Tensor], Tensor],
        *,
        clip: float | None = None,
        begin_epoch: Callable[[int], None] = lambda epoch: None,
        generators: Mapping[str, torch.Generator] | None = None,
    ) -> None:
        self.network, self.optimizer, self.batches, self.judges = network, optimizer, batches, judges
        self.recipe, self.clip = recipe, clip
        self.generators = generators or {}
        self.progress = StandaloneProgress()
        self._loss, self._logits, self._begin_epoch = loss, logits, begin_epoch
        self._weights = list(network.parameters())

    def run(self, file: FilePath | None, report: Callable[[int, int], None]) -> StandaloneProgress:
        """Train to the end, or on to it from the checkpoint in `file`; `report(done, total)` counts steps.

        Raises `Diverged` at the end of the epoch in which the loss stopped being a number.
        """
        saved = None if file is None else checkpoint.load(file)
        if saved is not None:
            self.load_state_dict(saved)
        while self.progress.epoch < self.recipe.epochs:
            began = time.perf_counter()
            self._epoch(report)
            if self.recipe.scores_after(self.progress.epoch):
                scores = {split: judge.score(self.network, self._logits) for split, judge in self.judges.items()}
                self.progress.curve.append(EpochScores(self.progress.epoch, scores))
            self.progress.seconds += time.perf_counter() - began
            if file is not None:
                checkpoint.save(file, self.state_dict())
        return self.progress

    def _epoch(self, report: Callable[[int, int], None]) -> None:
        epoch, per_epoch = self.progress.epoch, self.batches.steps_per_epoch
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate(epoch)
        self._begin_epoch(epoch)
        self.network.train()
        total = torch.zeros((), dtype=torch.float64)
        for step in range(1, per_epoch + 1):
            self.optimizer.zero_grad(set_to_none=True)
            loss = self._loss(*self.batches.next())
            loss.backward()  # type: ignore[no-untyped-call]
            if self.clip is not None:
                nn.utils.clip_grad_norm_(self._weights, self.clip)
            self.optimizer.step()
            total += loss.detach()
            report(epoch * per_epoch + step, per_epoch * self.recipe.epochs)
        mean = float(total) / per_epoch
        if not mean < float("inf"):
            raise Diverged(f"training loss became {mean} in epoch {epoch + 1} of {self.recipe.epochs}")
        self.progress.loss.append(mean)
        self.progress.epoch += 1

    def state_dict(self) -> dict[str, Any]:
        """All state, nothing left to chance: weights, statistics, optimizer, data position, progress."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "batches": self.batches.state_dict(),
            "generators": {name: generator.get_state() for name, generator in self.generators.items()},
            "progress": self.progress.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.batches.load_state_dict(state["batches"])
        for name, generator in self.generators.items():
            generator.set_state(state["generators"][name])
        self.progress = StandaloneProgress.of(state["progress"])
