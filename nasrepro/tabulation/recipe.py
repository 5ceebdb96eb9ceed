"""What a table's networks are and how they are trained: everything a value in the table depends on."""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from nasrepro.records.spec import canonical_json
from nasrepro.spaces.base import Skeleton


class Recipe(BaseModel):
    """AdamW with a cosine per epoch on the training images of digits; scores under running statistics.

    Training shifts each image by up to one pixel in both directions and adds Gaussian noise. Scored are all nine
    shifts of every validation and test image, each with noise that is drawn once and is the same for all networks:
    a score over nine times as many images repeats much better than one over the bare 360.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    """Raised whenever the code would measure something else with the same settings."""
    channels: int = Field(ge=2, multiple_of=2)
    cells: int = Field(ge=1)
    stages: int = Field(ge=1)
    train_images: int = Field(ge=32)
    epochs: int = Field(ge=1)
    report_epochs: tuple[int, ...]
    batch_size: int = Field(ge=8)
    lr: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    noise: float = Field(ge=0, description="standard deviation, in units of the pixels' own")
    trials: int = Field(ge=2)

    @property
    def skeleton(self) -> Skeleton:
        """The network around the cell."""
        return Skeleton(self.channels, self.cells, self.stages, image_size=8, classes=10, in_channels=1, affine=False)

    def describe(self) -> str:
        """One line for captions."""
        noise = f", noise {self.noise:g}" if self.noise else ""
        return (
            f"C={self.channels}, N={self.cells}, {self.stages} stages, {self.train_images:,} training images, "
            f"{self.epochs} epochs of AdamW (lr {self.lr:g}, batch {self.batch_size}), shifts of one pixel{noise}"
        )


def fingerprint(name: str, recipe: Recipe, data: dict[str, str]) -> str:
    """SHA-256 of benchmark, recipe and images: equal exactly for shards that belong together."""
    content: dict[str, Any] = {"benchmark": name, "recipe": recipe.model_dump(mode="json"), "data": data}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()
