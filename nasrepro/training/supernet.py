"""The one loop that trains a supernet, whatever the method."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasrepro.datasets.text_streams import Segment
from nasrepro.spaces.base import Genotype
from nasrepro.supernets.choice import Choice, paths_in
from nasrepro.training import checkpoint
from nasrepro.training.evaluate import CellScore
from nasrepro.training.regularizer import Regularizer, WeightStep
from nasrepro.training.repeatable import peak_memory
from nasrepro.training.sampler import Batch, Input, Lessons, Sampler
from nasrepro.training.watching import Watch, look


class Diverged(Exception):
    """The training loss is no longer a number."""


class Settings(Protocol):
    """What the loop asks of the settings of a training; epochs count from 0."""

    @property
    def epochs(self) -> int: ...

    @property
    def lr(self) -> float: ...

    @property
    def momentum(self) -> float: ...

    @property
    def nesterov(self) -> bool: ...

    @property
    def weight_decay(self) -> float: ...

    @property
    def clip(self) -> float | None: ...

    def learning_rate(self, epoch: int) -> float: ...


class Stream(Protocol):
    """Batches of images or segments of text, from a place that can be kept."""

    @property
    def rate(self) -> float:
        """Share of the learning rate that the last batch is trained with."""

    def steps_in(self, epoch: int) -> int: ...

    def next(self) -> Batch: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


@dataclass
class Progress:
    """What has happened so far; part of every checkpoint."""

    epoch: int = 0
    steps: int = 0
    """Batches whose weight step is done, further updates on replayed paths included."""
    path_steps: int = 0
    forward_passes: int = 0
    samples: int = 0
    loss: list[float] = field(default_factory=list)
    """Mean cross-entropy of the sampled paths per epoch, whatever the weights descended."""
    seconds: dict[str, float] = field(default_factory=lambda: {"search": 0.0, "steps": 0.0, "watching": 0.0})
    """By the clock: of training and observing; of training alone; of scoring watched cells, which neither contains."""
    observations: list[dict[str, Any]] = field(default_factory=list)
    """What `observe` returned, in order."""
    visited: list[tuple[int, str]] = field(default_factory=list)
    """(weight updates so far, id of the cell the search would answer with then), wherever that changes."""
    looks: list[dict[str, Any]] = field(default_factory=list)
    """What `watching.look` keeps of single updates, in order."""
    memory: int = 0
    """Bytes that tensors on a GPU took at most, in any attempt; 0 on a CPU."""


class SupernetTraining:
    """Trains `network` path by path; resumes from its checkpoint to the identical end.

    Without a regularizer the weights descend plain cross-entropy; with one `sampler` must give single paths.
    """

    def __init__(
        self,
        network: nn.Module,
        sampler: Sampler,
        train: Stream,
        valid: Stream,
        settings: Settings,
        score: Callable[[Genotype], CellScore],
        batches_per_score: int = 1,
        regularizer: Regularizer | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.network, self.sampler, self.settings = network, sampler, settings
        self.regularizer, self.watch = regularizer, watch
        self.train_stream, self.valid_stream = train, valid
        self.weights = list(network.parameters())
        self.device = self.weights[0].device
        self.optimizer = torch.optim.SGD(
            self.weights,
            lr=settings.lr,
            momentum=settings.momentum,
            weight_decay=settings.weight_decay,
            nesterov=settings.nesterov and settings.momentum > 0,
            foreach=True,  # weights are many and small: one call over all of them instead of one each
        )
        self.lessons = Lessons(network, self.optimizer, valid.next, score, batches_per_score)
        self.progress = Progress()

    def run(
        self,
        file: FilePath,
        *,
        observe_at: Sequence[int],
        observe: Callable[[Progress], dict[str, Any]],
        report: Callable[[int, int], None],
        present: Callable[[], str] | None = None,
    ) -> Progress:
        """Train to the end. `observe` runs after the given numbers of epochs; `report(done, total)` counts steps.

        `present`, where there is such a thing, is the id of the cell the search would answer with; it is asked for
        after every epoch and must cost next to nothing.

        Raises `Diverged` at the end of the epoch in which the loss stopped being a number.
        """
        saved = checkpoint.load(file)
        if saved is not None:
            self.load_state_dict(saved)
        while self.progress.epoch < self.settings.epochs:
            clock, began = self.progress.seconds, time.perf_counter() - self.progress.seconds["watching"]
            self._epoch(report)
            clock["steps"] += time.perf_counter() - clock["watching"] - began
            if present is not None:
                self._visit(present())
            if self.progress.epoch in observe_at:
                self.progress.observations.append(observe(self.progress))
            clock["search"] += time.perf_counter() - clock["watching"] - began
            self.progress.memory = max(self.progress.memory, peak_memory(self.device.type) or 0)
            checkpoint.save(file, self.state_dict())
        return self.progress

    @cached_property
    def steps(self) -> int:
        """Weight updates of the whole training."""
        return sum(self.train_stream.steps_in(epoch) for epoch in range(self.settings.epochs))

    def _visit(self, cell: str) -> None:
        if not self.progress.visited or self.progress.visited[-1][1] != cell:
            self.progress.visited.append((self.progress.steps, cell))

    def _epoch(self, report: Callable[[int, int], None]) -> None:
        settings, progress = self.settings, self.progress
        learning_rate = settings.learning_rate(progress.epoch)
        self.sampler.begin_epoch(progress.epoch, settings.epochs)
        if self.regularizer is not None:
            self.regularizer.begin_epoch(progress.epoch, settings.epochs)
        self.network.train()
        per_epoch = self.train_stream.steps_in(progress.epoch)
        total, descended = torch.zeros(2, device=self.device).unbind()
        for _ in range(per_epoch):
            batch = self.train_stream.next()
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate * self.train_stream.rate
            if self.sampler.learns_first:
                progress.path_steps += self.sampler.learn(self.lessons, batch)
            own, followed = self._weight_step(*batch)
            total += own
            descended += followed
            if not self.sampler.learns_first:
                progress.path_steps += self.sampler.learn(self.lessons, batch)
            progress.steps += 1
            progress.samples += len(batch[1])
            report(progress.steps, self.steps)
        mean = float(total) / per_epoch
        for name, value in (("training loss", mean), ("regularized training loss", float(descended) / per_epoch)):
            if not value < float("inf"):
                raise Diverged(f"{name} became {value} in epoch {progress.epoch + 1} of {settings.epochs}")
        progress.forward_passes += self.sampler.end_epoch(self.lessons, progress.epoch, settings.epochs)
        progress.loss.append(mean)
        progress.epoch += 1

    def _weight_step(self, x: Input, y: Tensor) -> tuple[Tensor, Tensor]:
        """One weight step, with a look at the watched cells on either side of it where that is wanted."""
        choice, number = self.sampler.sample(), self.progress.steps + 1
        if isinstance(x, Segment):
            x.begin()  # what a sampler has read of it is not what the next segment goes on from
        if self.watch is None or not self.watch.wants(number):
            return self._train(choice, x, y)
        before = self._watched(self.watch)
        losses = self._train(choice, x, y)
        self.progress.looks.append(look(number, choice, before, self._watched(self.watch)))
        return losses

    def _watched(self, watch: Watch) -> dict[str, list[Any]]:
        """The watched cells' present scores, by the clock of watching."""
        began = time.perf_counter()
        found = watch.scores()
        self.progress.seconds["watching"] += time.perf_counter() - began
        return found

    def _train(self, choice: Choice, x: Input, y: Tensor) -> tuple[Tensor, Tensor]:
        """One step on the sampled path; its cross-entropy and the loss that was descended, the same thing without
        a regularizer. Weights off the paths that ran get no gradient, so neither decay nor momentum moves them; the
        norm that is clipped contains weights only, never architecture parameters."""
        self.optimizer.zero_grad(set_to_none=True)
        if self.regularizer is not None:
            return self._regularized_step(self.regularizer, choice, (x, y))
        self.progress.path_steps += paths_in(choice)
        loss = F.cross_entropy(self.network(x, choice), y)
        self._descend(loss, x)
        return loss.detach(), loss.detach()

    def _regularized_step(self, regularizer: Regularizer, choice: Choice, batch: Batch) -> tuple[Tensor, Tensor]:
        if isinstance(choice, Tensor):
            raise TypeError("a regularizer needs single paths; the sampler gave a mixture")
        step = WeightStep(self.network, choice, batch)
        loss = regularizer.loss(step)
        own = step.cross_entropy(choice).detach()
        self._descend(loss, batch[0])
        step.weights_moved()
        for path in regularizer.replayed(step):
            self.optimizer.zero_grad(set_to_none=True)
            self._descend(step.cross_entropy(path), None)
            step.weights_moved()
        regularizer.after_step(step)
        self.progress.path_steps += step.paths_run
        return own, loss.detach()

    def _descend(self, loss: Tensor, x: Input | None) -> None:
        """One step along the gradient; a text adds what its first path pays for restless outputs."""
        if isinstance(x, Segment) and x.penalty is not None:
            loss = loss + x.penalty
        loss.backward()  # type: ignore[no-untyped-call]
        if self.settings.clip is not None:
            nn.utils.clip_grad_norm_(self.weights, self.settings.clip)
        self.optimizer.step()

    def state_dict(self) -> dict[str, Any]:
        """All state, nothing left to chance: weights, optimizer, sampler, regularizer, data positions, progress."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "sampler": self.sampler.state_dict(),
            "regularizer": self.regularizer.state_dict() if self.regularizer is not None else None,
            "train": self.train_stream.state_dict(),
            "valid": self.valid_stream.state_dict(),
            "progress": dict(vars(self.progress)),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.sampler.load_state_dict(state["sampler"])
        if self.regularizer is not None:
            self.regularizer.load_state_dict(checkpoint.placed(state["regularizer"], self.device))
        self.train_stream.load_state_dict(state["train"])
        self.valid_stream.load_state_dict(state["valid"])
        self.progress = Progress(**state["progress"])
