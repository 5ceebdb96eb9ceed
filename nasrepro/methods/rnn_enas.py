"""ENAS in spaces of recurrent cells: in the corrected form its authors released, and as run in the smallest space."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic import Field

from nasrepro.methods.controller import Drawing
from nasrepro.methods.enas import ControllerSampler, EnasSettings
from nasrepro.methods.rnn_controller import RnnController
from nasrepro.spaces.base import Path, Space


class RnnEnasSettings(EnasSettings):
    """Released: after each epoch 25 updates by 10 cells each."""

    published: ClassVar[str] = "released corrected code of Pham et al. (ICML 2018), Penn Treebank"
    ours: ClassVar[tuple[str, ...]] = ("controller_clip",)

    width: int = Field(64, ge=1, description="of the controller's LSTM and embeddings")
    layers: int = Field(1, ge=1, le=1, description="of the LSTM")
    squash: float = Field(2.25, gt=0, description="logits stay within this distance of 0")
    updates: int = Field(25, ge=1, description="controller steps after each epoch")
    samples: int = Field(10, ge=1, description="cells behind a controller step, each rewarded on its own batch")
    entropy_weight: float = Field(1e-5, ge=0, description="of a cell's entropy in nats, added to its reward")
    baseline_decay: float = Field(0.999, ge=0, lt=1, description="of past rewards in the baseline")
    controller_lr: float = Field(5e-5, gt=0, description="of the controller's Adam")
    controller_beta1: float = Field(0.9, ge=0, lt=1, description="decay of the mean gradient")
    controller_eps: float = Field(1e-8, gt=0, description="added to the root of the mean square")
    controller_clip: float = Field(5.0, gt=0, description="norm of the controller's gradient")
    batches_per_cell: int = Field(
        1, ge=1, description="weight steps that a drawn cell is trained for, one after another"
    )
    cells_per_epoch: int | None = Field(
        None, ge=1, description="cells drawn for an epoch, trained in turn when it is longer; null draws all along"
    )


class RnnControllerSampler(ControllerSampler):
    """The same search with the recurrent cells' controller; cells are rewarded by 80 divided by their perplexity."""

    Settings = RnnEnasSettings
    settings: RnnEnasSettings

    def __init__(self, space: Space[Any], settings: RnnEnasSettings, seed: int) -> None:
        super().__init__(space, settings, seed)
        self._drawn: list[Path] = []
        self._steps = 0

    def begin_epoch(self, epoch: int, epochs: int) -> None:
        self._drawn, self._steps = [], 0

    def sample(self) -> Path:
        number = self._steps // self.settings.batches_per_cell
        if self.settings.cells_per_epoch is not None:
            number %= self.settings.cells_per_epoch
        if number == len(self._drawn):
            self._drawn.append(super().sample())
        self._steps += 1
        return self._drawn[number]

    def _controller(self, rng: torch.Generator) -> Drawing:
        settings = self.settings
        return RnnController(self.space, settings.width, settings.temperature, settings.squash, rng)
