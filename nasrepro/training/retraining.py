"""How cells are trained from scratch: the published recipes for images, and what a scale replaces of any recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from nasrepro.training.schedule import cosine, falling_line, warming
from nasrepro.training.settings import Settings

if TYPE_CHECKING:
    from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton
    from nasrepro.spaces.darts_skeleton import DartsSkeleton
    from nasrepro.training.language import LanguageSettings


class RetrainSettings(Settings):
    """The final training of Liu et al. (2019) on CIFAR-10; CIFAR-100 is trained alike.

    A learning rate belongs to its epoch: epoch 0 trains with `lr` and the last one of a cosine with nearly nothing, as
    the released scripts did under the library of their time. Under a later one they run one epoch ahead.
    """

    task: ClassVar[str] = "images"
    published: ClassVar[str] = "Liu et al. (ICLR 2019), architecture evaluation on CIFAR-10"
    ours: ClassVar[tuple[str, ...]] = ("eval_batch", "train_images", "precision", "channels_last")

    epochs: int = Field(600, ge=1, description="passes over the training images")
    batch_size: int = Field(96, ge=2, description="images per step; the last batch of an epoch may be smaller")
    lr: float = Field(0.025, gt=0, description="learning rate of SGD in the first epoch")
    schedule: Literal["cosine", "exponential", "linear"] = Field(
        "cosine",
        description="of the learning rate, set once per epoch: a cosine to 0; times `lr_decay`; or a line to 0 that is "
        "stretched over five more, ever smaller epochs",
    )
    lr_decay: float = Field(0.97, gt=0, le=1, description="what an epoch leaves of an exponential learning rate")
    momentum: float = Field(0.9, ge=0, lt=1, description="of SGD, not Nesterov's")
    weight_decay: float = Field(3e-4, ge=0, description="of all weights")
    clip: float | None = Field(5.0, gt=0, description="gradient norm of the weights; null switches clipping off")
    cutout: int = Field(16, ge=0, multiple_of=2, description="side of the square set to zero, in pixels; 0 is none")
    drop_path: float = Field(
        0.2, ge=0, lt=1, description="chance that a sample loses an operation's map; rises from 0 in a line over epochs"
    )
    auxiliary_weight: float = Field(0.4, ge=0, description="of the auxiliary head's loss, where there is such a head")
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="share of the label spread evenly over all classes")
    eval_batch: int = Field(500, ge=1, description="images scored at a time; averages normalize, so it changes nothing")
    eval_every: int = Field(1, ge=1, description="epochs from one scoring to the next; the last epoch is always scored")
    train_images: int | None = Field(
        None, ge=1, description="class-balanced subset of the training images; null is all"
    )
    precision: Literal["fp32", "bf16"] = Field("fp32", description="of maps; weights and logits stay float32")
    channels_last: bool = Field(True, description="memory layout; the result is the same up to rounding")

    def learning_rate(self, epoch: int) -> float:
        """Of epoch `epoch`, counted from 0."""
        if self.schedule == "exponential":
            return float(self.lr * self.lr_decay**epoch)
        if self.schedule == "linear":
            return falling_line(self.lr, epoch, self.epochs)
        return cosine(self.lr, 0.0, epoch, self.epochs)

    def drop_path_at(self, epoch: int) -> float:
        """Chance that a map is dropped in epoch `epoch`, counted from 0; the last one stays just below `drop_path`."""
        return self.drop_path * epoch / self.epochs

    def scores_after(self, epoch: int) -> bool:
        """Whether the network is scored after `epoch` finished epochs."""
        return epoch % self.eval_every == 0 or epoch == self.epochs


class ImageNetRetrainSettings(RetrainSettings):
    """The final training of Liu et al. (2019) on ImageNet."""

    published: ClassVar[str] = "Liu et al. (ICLR 2019), architecture evaluation on ImageNet"

    epochs: int = Field(250, ge=1, description="passes over the training images")
    batch_size: int = Field(128, ge=2, description="images per step; the last batch of an epoch may be smaller")
    lr: float = Field(0.1, gt=0, description="learning rate of SGD in the first epoch")
    schedule: Literal["cosine", "exponential", "linear"] = Field(
        "exponential", description="of the learning rate, set once per epoch; see the training on CIFAR-10"
    )
    weight_decay: float = Field(3e-5, ge=0, description="of all weights")
    cutout: int = Field(0, ge=0, multiple_of=2, description="side of the square set to zero, in pixels; 0 is none")
    drop_path: float = Field(0.0, ge=0, lt=1, description="chance that a sample loses an operation's map, at the end")
    label_smoothing: float = Field(0.1, ge=0, lt=1, description="share of the label spread evenly over all classes")


Scaling = Literal["fixed", "linear"]
"""`fixed`: batch and learning rate are those of a step, whatever number of replicas share it. `linear`: they are those
of a replica (Goyal et al., arXiv 1706.02677): n of them take n batches at n times the learning rate, towards which it
grows in a line, step by step, over the first five epochs, from the rate of one."""
WARMING_EPOCHS = 5


@dataclass(frozen=True)
class Replication:
    """Over how many replicas of the network the images of a step are spread, each normalising its own."""

    replicas: int = 1
    scaling: Scaling = "fixed"

    def of_step(self, settings: RetrainSettings) -> RetrainSettings:
        """The settings with batch size and learning rate of a whole step."""
        if self.scaling == "fixed" or self.replicas == 1:
            return settings
        larger = {"batch_size": settings.batch_size * self.replicas, "lr": settings.lr * self.replicas}
        return settings.model_copy(update=larger)

    def warming(self, epochs: float) -> float:
        """Share of the learning rate after so many epochs."""
        return 1.0 if self.scaling == "fixed" else warming(1 / self.replicas, WARMING_EPOCHS, epochs)


UNCUT = Replication()


@dataclass(frozen=True)
class Retraining:
    """What the cells of a benchmark are worth is measured by training them: on which data, in which network, how."""

    dataset: str
    """Of images the training and validation part are trained on together, and the test images judge; of a text the
    training part alone is trained on."""
    skeleton: DartsSkeleton | RnnSkeleton
    """As published."""
    published: RetrainSettings | LanguageSettings = field(default_factory=RetrainSettings)
    """Their class says whether it is images or a text that cells are trained on."""
    scales: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    """Per scale, what replaces the published values: blocks `skeleton` and `training`."""
    trials: Mapping[str, int] = field(default_factory=dict)
    """Trainings per cell at a scale, with seeds 0, 1, …; its worth is their mean. 1 where nothing is said."""

    def trials_at(self, scale: str) -> int:
        """Trainings per cell at a scale."""
        return self.trials.get(scale, 1)

    def epochs(self, scale: str) -> int:
        """Length of a training at a scale."""
        return int(self.scales.get(scale, {}).get("training", {}).get("epochs", self.published.epochs))
