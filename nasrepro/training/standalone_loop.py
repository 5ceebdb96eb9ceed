"""The one loop that trains a network standing alone, whatever its space."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from pathlib import Path as FilePath
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import torch
from torch import Tensor, nn

from nasrepro.splits import Split
from nasrepro.training import checkpoint
from nasrepro.training.evaluate import CellScore
from nasrepro.training.supernet import Diverged
from nasrepro.training.team import ALONE, Team

X = TypeVar("X")
"""What a network reads: images (B, C, H, W), or a segment of text."""
X_co = TypeVar("X_co", covariant=True)
X_contra = TypeVar("X_contra", contravariant=True)


class Recipe(Protocol):
    """What the loop asks of the settings of a training. Epochs to train count from 0, finished ones from 1."""

    @property
    def epochs(self) -> int: ...

    def learning_rate(self, epoch: int) -> float: ...

    def scores_after(self, epoch: int) -> bool: ...


class Batches(Protocol[X_co]):
    """Training data, batch by batch, from a place that can be kept."""

    @property
    def rate(self) -> float:
        """Share of the learning rate that the last batch is trained with."""

    def steps_in(self, epoch: int) -> int: ...

    def next(self) -> tuple[X_co, Tensor]: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None: ...


class Judge(Protocol[X_co]):
    """Scores a network on a fixed set of images or a fixed text."""

    def score(self, network: nn.Module, forward: Callable[[X_co], Tensor]) -> CellScore: ...


class Gradients(Protocol[X_contra]):
    """How the gradient of a batch's mean loss is made."""

    def __call__(self, x: X_contra, y: Tensor) -> Tensor:
        """Leaves it on the weights, and gives what this process contributes to the loss."""

    def settle(self) -> None:
        """After an epoch: makes the network the same in all processes."""


class AtOnce(Generic[X]):
    """The whole batch in one pass."""

    def __init__(self, loss: Callable[[X, Tensor], Tensor]) -> None:
        self._loss = loss

    def __call__(self, x: X, y: Tensor) -> Tensor:
        loss = self._loss(x, y)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def settle(self) -> None:
        """Nothing: there is one process."""


@dataclass(frozen=True)
class EpochScores:
    """Scores of the network after `epoch` epochs, in evaluation mode with running statistics."""

    epoch: int
    scores: dict[Split, CellScore]


@dataclass
class StandaloneProgress:
    """What has happened so far; part of every checkpoint."""

    judged: ClassVar[type[CellScore]] = CellScore
    """What judges give."""

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
    def of(cls, state: Mapping[str, Any]) -> Self:
        """Reads what `state_dict` wrote."""
        curve = [
            EpochScores(epoch, {Split(split): cls.judged(*score) for split, score in scores.items()})
            for epoch, scores in state["curve"]
        ]
        return cls(**{**state, "curve": curve})


class StandaloneTraining(Generic[X]):
    """Trains `network` on `batches` and scores it; resumes from its checkpoint to the identical end.

    `loss` gives what the weights descend on a batch, `logits` what is scored; `begin_epoch` is told the epoch before
    it starts. `generators` are random streams of the network that a checkpoint must keep. `warming` gives the share of
    the learning rate after so many epochs and parts of one. Every process of `team` runs the same training, on its own
    pieces of batches where `gradients` say so; the leading one alone reads and writes the checkpoint.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        batches: Batches[X],
        judges: Mapping[Split, Judge[X]],
        recipe: Recipe,
        loss: Callable[[X, Tensor], Tensor],
        logits: Callable[[X], Tensor],
        *,
        clip: float | None = None,
        begin_epoch: Callable[[int], None] = lambda epoch: None,
        generators: Mapping[str, torch.Generator] | None = None,
        warming: Callable[[float], float] = lambda epochs: 1.0,
        gradients: Gradients[X] | None = None,
        team: Team = ALONE,
    ) -> None:
        self.network, self.optimizer, self.batches, self.judges = network, optimizer, batches, judges
        self.recipe, self.clip = recipe, clip
        self.generators = generators or {}
        self.progress = StandaloneProgress()
        self.team = team
        self._loss, self._logits, self._begin_epoch, self._warming = loss, logits, begin_epoch, warming
        self._gradients: Gradients[X] = gradients or AtOnce(loss)
        self._weights = list(network.parameters())

    def run(self, file: FilePath | None, report: Callable[[int, int], None]) -> StandaloneProgress:
        """Train to the end, or on to it from the checkpoint in `file`; `report(done, total)` counts steps.

        Raises `Diverged` at the end of the epoch in which the loss stopped being a number.
        """
        file = file if self.team.leads else None
        saved = self.team.from_leader(None if file is None else checkpoint.load(file))
        if saved is not None:
            self.load_state_dict(saved)
        while self.progress.epoch < self.recipe.epochs:
            began = time.perf_counter()
            self._epoch(report)
            self._judge()
            self.progress.seconds += time.perf_counter() - began
            if file is not None:
                checkpoint.save(file, self.state_dict())
        return self.progress

    @cached_property
    def _ends(self) -> list[int]:
        """Steps that are done after each epoch."""
        return list(accumulate(self.batches.steps_in(epoch) for epoch in range(self.recipe.epochs)))

    def _epoch(self, report: Callable[[int, int], None]) -> None:
        epoch, steps = self.progress.epoch, self.batches.steps_in(self.progress.epoch)
        learning_rate = self.recipe.learning_rate(epoch)
        self._begin_epoch(epoch)
        self.network.train()
        total = torch.zeros((), dtype=torch.float64, device=self.team.device)
        for step in range(1, steps + 1):
            x, y = self.batches.next()
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate * self.batches.rate * self._warming(epoch + (step - 1) / steps)
            total += self._descend(x, y)
            report(self._ends[epoch] - steps + step, self._ends[-1])
        self._gradients.settle()
        mean = float(self.team.summed(total)) / steps
        if not mean < float("inf"):
            raise Diverged(f"training loss became {mean} in epoch {epoch + 1} of {self.recipe.epochs}")
        self.progress.loss.append(mean)
        self.progress.epoch += 1

    def _descend(self, x: X, y: Tensor) -> Tensor:
        """One step along the gradient; the loss before it, or what this process contributes to it."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._gradients(x, y)
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self._weights, self.clip)
        self.optimizer.step()
        return loss

    def _judge(self) -> None:
        """What is looked at between two epochs."""
        if self.recipe.scores_after(self.progress.epoch):
            scores = {split: judge.score(self.network, self._logits) for split, judge in self.judges.items()}
            self.progress.curve.append(EpochScores(self.progress.epoch, scores))

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
        self.progress = self.progress.of(state["progress"])
