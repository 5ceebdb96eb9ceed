"""What the supernet loop can be told. Defaults are the published NAS-Bench-201 settings (batch 64, 250 epochs)."""

from __future__ import annotations

import inspect
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from nasrepro.training.schedule import cosine


class Settings(BaseModel):
    """Frozen, and strict about names: a misspelt setting is an error, not a default."""

    published: ClassVar[str] = ""
    """Where the defaults that a class declares were published."""
    ours: ClassVar[tuple[str, ...]] = ()
    """Those of its settings that were published nowhere: choices of this project."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def source(model: type[BaseModel], name: str) -> str:
    """Where the default of a setting was published, in the words of the class that declares it."""
    owner = next(kind for kind in model.__mro__ if name in inspect.get_annotations(kind))
    if name in vars(owner).get("ours", ()):
        return "this project's choice"
    return str(getattr(owner, "published", "")) or "not stated"


class ObservedSettings(Settings):
    """What is looked at while shared weights are trained, whatever they are weights of."""

    ours: ClassVar[tuple[str, ...]] = ("probe_cells", "probe_points", "watched_cells", "watch_points")

    probe_cells: int = Field(
        200, ge=0, le=200, description="fixed cells whose one-shot scores are recorded during training"
    )
    probe_points: int = Field(5, ge=1, description="how often, evenly spread, the last time at the end")
    watched_cells: int = Field(
        0, ge=0, le=200, description="the first of the probe cells, scored right before and after single weight updates"
    )
    watch_points: int = Field(100, ge=1, description="updates that watched cells are scored around, evenly spread")


class SupernetSettings(ObservedSettings):
    """The shared-weight training of Dong & Yang (2020), used by RandomNAS, GDAS and SETN alike."""

    published: ClassVar[str] = "Dong & Yang (ICLR 2020), weight-sharing baselines"
    ours: ClassVar[tuple[str, ...]] = (
        "bn",
        "execution",
        "calibration_images",
        "precision",
        "channels_last",
        "train_images",
        "valid_images",
        "score_images",
        "eval_batch",
    )

    epochs: int = Field(250, ge=1, description="passes over the training half of the data")
    batch_size: int = Field(64, ge=2, description="images per weight step")
    lr: float = Field(0.025, gt=0, description="initial learning rate of SGD")
    lr_min: float = Field(0.001, ge=0, description="end of the cosine, which is stepped once per epoch")
    momentum: float = Field(0.9, ge=0, lt=1, description="of SGD")
    nesterov: bool = Field(True, description="Nesterov's momentum, where it is not 0")
    weight_decay: float = Field(5e-4, ge=0, description="of weights on the path")
    clip: float | None = Field(5.0, description="gradient norm of the weights; null switches clipping off")
    bn: Literal["batch", "running", "recalibrated"] = Field(
        "batch",
        description="statistics at evaluation: the batch's own, running averages, or averages made anew per cell",
    )
    execution: Literal["path", "one-hot", "softmax"] = Field(
        "path",
        description="what a pass runs for a path: its operations; or, as released for the DARTS space, all operations "
        "with the path's weights 1 and 0, or with the softmax of these",
    )
    calibration_images: int = Field(640, ge=2, description="training images that `recalibrated` averages over")
    precision: Literal["fp32", "bf16"] = Field("fp32", description="of maps; weights and logits stay float32")
    channels_last: bool = Field(True, description="memory layout; the result is the same up to rounding")
    train_images: int | None = Field(None, ge=1, description="class-balanced subset of the training split; null is all")
    valid_images: int | None = Field(
        None, ge=1, description="class-balanced subset of the validation split; null is all"
    )
    score_images: int | None = Field(
        None, ge=1, description="class-balanced subset of the validation images that give one-shot scores; null is all"
    )
    eval_batch: int = Field(500, ge=2, description="images normalised together at evaluation")

    def learning_rate(self, epoch: int) -> float:
        """Of the weights in epoch `epoch`, counted from 0: one cosine over the whole training."""
        return cosine(self.lr, self.lr_min, epoch, self.epochs)
