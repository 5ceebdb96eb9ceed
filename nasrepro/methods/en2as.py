"""EN²AS (Zhang et al., Algorithm 1): the supernet is trained on the cells of an archive that novelty keeps moving.

Until the archive is full, a uniform cell joins it and is trained. From then on every step moves one cell of the archive
up an estimated gradient, of novelty alone or of novelty and inherited accuracy, and trains what it rounds to. What is
searched for is a supernet; which cell is answered is the selector's affair.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from nasrepro.methods.en2as_archive import Archive, ArchiveSettings
from nasrepro.methods.rewards import rewards
from nasrepro.seeds import numpy_rng
from nasrepro.spaces.base import Path, Space
from nasrepro.training.sampler import Batch, Lessons, Sampler


class NoveltySampler(Sampler):
    """Trains the cell that has just moved; a perturbation scores by its novelty (Eq. 8)."""

    Settings = ArchiveSettings
    learns_first = True

    def __init__(self, space: Space[Any], settings: ArchiveSettings, seed: int) -> None:
        self.space, self.settings = space, settings
        self.archive = Archive(space, settings)
        self._uniform = numpy_rng(seed, "path")  # RandomNAS's stream: the first cells are those that it trains
        self._rng = numpy_rng(seed, "novelty")
        self._trained: Path = ()
        self._moved = self._changed = self._scored = 0
        self._curves: dict[str, list[tuple[float, float]]] = {}

    def learn(self, lessons: Lessons, train_batch: Batch) -> int:
        """Let a uniform cell join the archive, or one of its cells move. Nothing runs backward."""
        if self.archive.full:
            member = int(self._rng.integers(len(self.archive.codes)))
            noise, codes = self.archive.perturbed(member, self._rng)
            self._changed += self.archive.move(member, noise, self._scores(codes, lessons))
            self._moved += 1
        else:
            member = len(self.archive.codes)
            self.archive.join(self.space.genes(self.space.sample(self._uniform)))
        self._trained = self._path(self.archive.codes[member])
        return 0

    def sample(self) -> Path:
        """The cell that `learn` moved or let join."""
        return self._trained

    def _scores(self, codes: np.ndarray, lessons: Lessons) -> np.ndarray:
        """What each perturbation (n, G) is worth (n,)."""
        return self.archive.novelty(codes)

    def _path(self, codes: np.ndarray) -> Path:
        path: Path = self.space.from_genes(codes.tolist()).path
        return path

    def end_epoch(self, lessons: Lessons, epoch: int, epochs: int) -> int:
        """Measure the archive, once its cells move; returns the batches that this epoch's scores took."""
        if self._moved:
            measured = {
                "share of steps that change the cell": self._changed / self._moved,
                "distinct cells in the archive": float(self.archive.distinct()),
                **self.archive.spread(),
            }
            for name, value in measured.items():
                self._curves.setdefault(name, []).append((float(epoch + 1), value))
        scored, self._moved, self._changed, self._scored = self._scored, 0, 0, 0
        return scored

    def curves(self) -> dict[str, list[tuple[float, float]]]:
        """By epoch, once cells move: the share of the epoch's steps that changed the rounded cell, how many cells of
        the archive differ, and `Archive.spread`."""
        return self._curves

    def state_dict(self) -> dict[str, Any]:
        """Taken between epochs, when no count is open."""
        return {
            "archive": self.archive.state_dict(),
            "uniform": self._uniform.bit_generator.state,
            "rng": self._rng.bit_generator.state,
            "curves": {name: list(points) for name, points in self._curves.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.archive.load_state_dict(state["archive"])
        self._uniform.bit_generator.state = state["uniform"]
        self._rng.bit_generator.state = state["rng"]
        self._curves = {name: list(points) for name, points in state["curves"].items()}


class RewardedSettings(ArchiveSettings):
    """Novelty's settings, and the reward beside it."""

    published: ClassVar[str] = "Zhang et al., EN²AS"
    ours: ClassVar[tuple[str, ...]] = ("reward",)

    reward_weight: float = Field(0.5, ge=0, le=1, description="w of the reward; novelty has 1 − w")
    reward: Literal["accuracy", "error"] = Field(
        "accuracy",
        description="share of right or, as released, of wrong answers with inherited weights: the latter leads away "
        "from good cells",
    )


class RewardedNoveltySampler(NoveltySampler):
    """EN²AS-PR: a perturbation scores by its accuracy with inherited weights and by its novelty (Eq. 9).

    All perturbations of a step are scored on one fresh validation batch, which Eq. 9 leaves open.
    """

    Settings = RewardedSettings
    settings: RewardedSettings

    def _scores(self, codes: np.ndarray, lessons: Lessons) -> np.ndarray:
        gained = np.array(rewards(lessons, [self._path(row) for row in codes]))
        self._scored += len(gained)
        if self.settings.reward == "error":
            gained = 1 - gained
        weight = self.settings.reward_weight
        found: np.ndarray = weight * gained + (1 - weight) * super()._scores(codes, lessons)
        return found
