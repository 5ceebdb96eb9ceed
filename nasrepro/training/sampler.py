"""What decides which path is trained next, and what it may learn from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nasrepro.datasets.text_streams import Segment
from nasrepro.spaces.base import Genotype
from nasrepro.supernets.choice import Choice
from nasrepro.training.evaluate import CellScore

Input = Tensor | Segment
"""Images (B, C, H, W), or a segment of text of T words in B streams."""
Batch = tuple[Input, Tensor]
"""Inputs and their labels: (B,) of images, the next words (T·B,) of a text."""


@dataclass(frozen=True)
class Lessons:
    """Everything a sampler may learn from. Nothing in it comes from test data."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    """Of the weights, with their momentum and present learning rate."""
    valid_batch: Callable[[], Batch]
    """A fresh batch of augmented validation images, drawn with replacement; of a text the next segment."""
    score: Callable[[Genotype], CellScore]
    """One-shot score of a genotype on the fixed evaluation images."""
    batches_per_score: int = 1
    """How many batches those images are."""


class Sampler(ABC):
    """Answers which path is trained next, and learns if it wants to."""

    learns_first = False
    """True when `learn` comes before the weight step on the same batch, not after it."""
    mixes = False
    """True when `sample` gives mixtures; a method with a regularizer needs paths."""

    def begin_epoch(self, epoch: int, epochs: int) -> None:  # noqa: B027 - most samplers have nothing to do
        """Called before each epoch, counted from 0."""

    @abstractmethod
    def sample(self) -> Choice:
        """The path, or mixture, whose weights are trained in this step."""

    def learn(self, lessons: Lessons, train_batch: Batch) -> int:
        """Update the sampler beside the weight step on `train_batch`.

        Returns how many paths were run forward and backward for it; a mixture counts as many as it mixes.
        """
        return 0

    def end_epoch(self, lessons: Lessons, epoch: int, epochs: int) -> int:
        """Update the sampler after each epoch; returns how many single batches were scored for it, forward only."""
        return 0

    def curves(self) -> dict[str, list[tuple[float, float]]]:
        """What the sampler measured of itself, by name, as (epoch, value) points; kept in the record."""
        return {}

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue, random generators included."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None: ...
