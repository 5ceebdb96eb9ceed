"""What a table's networks are and how they are trained: everything a value in the table depends on.

Beside its settings a recipe knows its kind of table: the space and which of its cells are measured, on what data, the
quantities that a cell is given, the first of which it is judged by, and how a network comes to them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nasrepro.records.spec import canonical_json
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Space, from_index
from nasrepro.spaces.nb201_columns import functional_classes
from nasrepro.splits import Split
from nasrepro.tabulation.classes import representatives

SPLITS = (Split.VALID, Split.TEST)


@dataclass(frozen=True)
class Measurement:
    """Scores of one network, float32 (report epochs, splits, quantities), NaN where nothing is measured, and CPU
    seconds of training."""

    scores: np.ndarray
    seconds: float


Measure = Callable[[int, int], Measurement]
"""Trains the network of a cell, given by its index, with a seed."""


class TableRecipe(Protocol):
    """What building and verifying a table ask of its recipe."""

    space: ClassVar[str]
    quantities: ClassVar[tuple[str, ...]]
    judged_by: ClassVar[str]
    """The first quantity of the test split, in words."""
    licence: ClassVar[str]

    @property
    def trials(self) -> int: ...

    @property
    def epochs(self) -> int: ...

    @property
    def report_epochs(self) -> tuple[int, ...]: ...

    def describe(self) -> str: ...

    def measured(self) -> np.ndarray: ...

    def rows(self) -> np.ndarray: ...

    def holds(self, split: Split, epochs: int) -> bool: ...

    def data_hashes(self, dataset: str) -> dict[str, str]: ...

    def measure(self, dataset: str) -> Measure: ...

    def model_dump(self, *, mode: str) -> dict[str, Any]: ...


class Recipe(BaseModel):
    """AdamW with a cosine per epoch on the training images of digits; scores under running statistics.

    Training shifts each image by up to one pixel in both directions and adds Gaussian noise. Scored are all nine
    shifts of every validation and test image, each with noise that is drawn once and is the same for all networks:
    a score over nine times as many images repeats much better than one over the bare 360.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    space: ClassVar[str] = NB201Space.name
    quantities: ClassVar[tuple[str, ...]] = ("acc", "loss")
    judged_by: ClassVar[str] = "test accuracy in percent"
    licence: ClassVar[str] = "MIT, as nasrepro; scikit-learn's digits are CC BY 4.0 (Alpaydin & Kaynak, UCI)"

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

    def measured(self) -> np.ndarray:
        """Indices of the cells that are measured: one of each functional class."""
        return representatives()

    def rows(self) -> np.ndarray:
        """For every cell of the space the place, among the measured ones, of that of its class."""
        return functional_classes()

    def holds(self, split: Split, epochs: int) -> bool:
        """Whether a split is scored after so many of the report epochs: both always are."""
        return True

    def data_hashes(self, dataset: str) -> dict[str, str]:
        """SHA-256 of the images behind every measurement."""
        from nasrepro.tabulation.images import data_hashes

        return data_hashes()

    def measure(self, dataset: str) -> Measure:
        """Trains one network after another in the same memory."""
        from nasrepro.tabulation.measuring import Bench

        bench = Bench(self)
        return lambda cell, seed: bench.measure(from_index(cell), seed)


def fingerprint(name: str, recipe: TableRecipe, data: dict[str, str]) -> str:
    """SHA-256 of benchmark, recipe and images: equal exactly for shards that belong together."""
    content: dict[str, Any] = {"benchmark": name, "recipe": recipe.model_dump(mode="json"), "data": data}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()
