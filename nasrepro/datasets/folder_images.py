"""A labelled data set that stays in its files: names and labels in memory, images decoded when they are needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nasrepro.datasets.folders import class_files, class_names
from nasrepro.datasets.splits import Indices, balanced_subset
from nasrepro.datasets.views import opened, scoring_view, training_view
from nasrepro.errors import UserError
from nasrepro.splits import Split

IMAGENET_MEAN = tuple(255 * mean for mean in (0.485, 0.456, 0.406))
IMAGENET_STD = tuple(255 * std for std in (0.229, 0.224, 0.225))
"""Per channel on the 0..255 scale, the usual constants."""

IMAGENET_SIDE = 224


@dataclass(frozen=True)
class FolderImages:
    """One split: the folder, names relative to it (bytes: a million texts would take four times the memory), and
    labels, int64 of shape (N,)."""

    folder: Path
    names: NDArray[np.bytes_]
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Indices) -> FolderImages:
        """The images at these indices, in this order."""
        return FolderImages(self.folder, self.names[indices], self.labels[indices])

    def limited(self, count: int | None) -> FolderImages:
        """At most `count` images, class-balanced and the same ones every time; all of them for None."""
        if count is not None and count < 1:
            raise UserError(f"a subset needs at least 1 image, not {count}")
        if count is None or count >= len(self):
            return self
        return self.take(balanced_subset(self.labels.numpy(), count))

    def training_view(self, index: int, side: int, rng: Random) -> Tensor:
        """A random view of one image, uint8 (3, side, side). Raises `UserError` naming an unreadable file."""
        return training_view(opened(self._path(index)), side, rng)

    def scoring_view(self, index: int, side: int) -> Tensor:
        """The center of one image, uint8 (3, side, side). Raises `UserError` naming an unreadable file."""
        return scoring_view(opened(self._path(index)), side)

    def _path(self, index: int) -> Path:
        return self.folder / os.fsdecode(self.names[index])


@dataclass(frozen=True)
class FolderData:
    """One data set of photographs under the ImageNet protocol of DARTS: the counterpart of `ImageData` for sets that
    fit no memory. What is scored, the folder `val`, is the test split; there is nothing to search on, so `valid` is
    empty. `hashes` are SHA-256 of names and sizes by split; `verified` says whether the numbers of classes and images
    are the official ones.
    """

    name: str
    classes: int
    train: FolderImages
    test: FolderImages
    hashes: Mapping[str, str]
    verified: bool
    side: int = IMAGENET_SIDE
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    channels: int = 3

    @property
    def valid(self) -> FolderImages:
        """No images."""
        return self.train.take(np.empty(0, np.int64))

    def split(self, split: Split) -> FolderImages:
        """The images of one split."""
        return {Split.TRAIN: self.train, Split.VALID: self.valid, Split.TEST: self.test}[split]

    def limited(self, train: int | None = None, valid: int | None = None) -> FolderData:
        """At most `train` training images, the first ones of each class in equal numbers; the test set stays whole."""
        return replace(self, train=self.train.limited(train))

    def whole(self) -> FolderData:
        """The same: no training images are kept apart."""
        return self

    def resized(self, side: int) -> FolderData:
        """Views of `side` x `side` pixels. Raises `UserError` for a side below 1."""
        if side < 1:
            raise UserError(f"images of {self.name} cannot have the side {side}; allowed: 1 or more")
        return replace(self, side=side)


def read_folder(name: str, folder: Path, hashes: Mapping[str, str], verified: bool) -> FolderData:
    """The data set in `folder/train` and `folder/val`.

    Raises `UserError` for a missing folder, a split or class without content, and splits of different classes.
    """
    known = class_names(folder / "train")
    differing = sorted(set(known) ^ set(class_names(folder / "val")))
    if differing:
        raise UserError(
            f"'{folder}' has other classes in 'train' than in 'val': '{differing[0]}' is in one of them only"
            + (f", like {len(differing) - 1} others" if len(differing) > 1 else "")
        )
    return FolderData(name, len(known), _split(folder / "train"), _split(folder / "val"), hashes, verified)


def _split(folder: Path) -> FolderImages:
    names: list[bytes] = []
    labels: list[int] = []
    for label, (class_name, files) in enumerate(class_files(folder)):
        names += [os.fsencode(f"{class_name}/{file.name}") for file in files]
        labels += [label] * len(files)
    return FolderImages(folder, np.array(names), torch.tensor(labels, dtype=torch.int64))
