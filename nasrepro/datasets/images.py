"""A labelled image data set as whole uint8 tensors, split into train, valid and test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from nasrepro.datasets.splits import balanced_subset
from nasrepro.errors import UserError
from nasrepro.splits import Split

_CHUNK = 2048  # images pooled at a time: bounds the int32 intermediate to a few tens of megabytes


@dataclass(frozen=True)
class ImageSet:
    """Images, uint8 of shape (N, C, H, W), and their labels, int64 of shape (N,)."""

    images: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        if self.images.dtype != torch.uint8 or self.images.ndim != 4:
            raise ValueError(f"images must be uint8 (N, C, H, W), got {self.images.dtype} {tuple(self.images.shape)}")
        if self.labels.dtype != torch.int64 or self.labels.shape != self.images.shape[:1]:
            raise ValueError(f"labels must be int64 (N,), got {self.labels.dtype} {tuple(self.labels.shape)}")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray | Tensor) -> ImageSet:
        """The images at these indices, in this order, copied."""
        chosen = torch.as_tensor(indices, device=self.labels.device)
        return ImageSet(self.images[chosen], self.labels[chosen])

    def limited(self, count: int | None) -> ImageSet:
        """At most `count` images, class-balanced and the same ones every time; all of them for None."""
        if count is not None and count < 1:
            raise UserError(f"a subset needs at least 1 image, not {count}")
        if count is None or count >= len(self):
            return self
        return self.take(balanced_subset(self.labels.cpu().numpy(), count))

    def to(self, device: torch.device | str) -> ImageSet:
        """The same set on another device."""
        return ImageSet(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class ImageData:
    """One data set under one protocol.

    `mean` and `std` are per channel on the 0..255 scale. `flip` and `crop_padding` say which training augmentation
    the data allow (digits must not be mirrored). `noise` is the standard deviation of Gaussian noise on normalised
    pixels: drawn afresh for every training batch, drawn once for images that are scored. `hashes` are SHA-256 of
    what was read, by file; `verified` says whether they are the official ones.
    """

    name: str
    classes: int
    train: ImageSet
    valid: ImageSet
    test: ImageSet
    mean: tuple[float, ...]
    std: tuple[float, ...]
    flip: bool
    crop_padding: int
    hashes: Mapping[str, str]
    verified: bool
    noise: float = 0.0

    @property
    def channels(self) -> int:
        return int(self.train.images.shape[1])

    @property
    def side(self) -> int:
        """Height and width of the images, in pixels."""
        return int(self.train.images.shape[2])

    def split(self, split: Split) -> ImageSet:
        """The images of one split."""
        return {Split.TRAIN: self.train, Split.VALID: self.valid, Split.TEST: self.test}[split]

    def to(self, device: torch.device | str) -> ImageData:
        """The same data on another device."""
        return self._each(lambda part: part.to(device))

    def limited(self, train: int | None = None, valid: int | None = None) -> ImageData:
        """At most `train` and `valid` images, the first ones of each class in equal numbers; the test set stays whole.

        No randomness: the same images for every seed, and a larger subset contains the smaller ones. None keeps all.
        Raises `UserError` for a size below 1.
        """
        return replace(self, train=self.train.limited(train), valid=self.valid.limited(valid))

    def without_test(self) -> ImageData:
        """For those who must not see the test images."""
        return replace(self, test=ImageSet(self.test.images[:0], self.test.labels[:0]))

    def whole(self) -> ImageData:
        """For the final training of a chosen network: train and valid joined, in this order; nothing is left to
        validate on, and the test images are the same. A training set is limited after it is joined."""
        joined = ImageSet(
            torch.cat([self.train.images, self.valid.images]), torch.cat([self.train.labels, self.valid.labels])
        )
        return replace(self, train=joined, valid=ImageSet(self.valid.images[:0], self.valid.labels[:0]))

    def resized(self, side: int) -> ImageData:
        """Average-pooled to `side` x `side`, exact integer arithmetic, halves rounded up.

        `crop_padding` shrinks in proportion; `mean` and `std` stay those of the full-size images, so a grey value
        keeps its meaning. Raises `UserError` when `side` does not divide the images' side.
        """
        if side == self.side:
            return self
        if side < 1 or self.side % side:
            allowed = ", ".join(str(n) for n in range(1, self.side + 1) if self.side % n == 0)
            raise UserError(f"images of {self.name} cannot be pooled to side {side}; allowed: {allowed}")
        padding = (2 * self.crop_padding * side + self.side) // (2 * self.side)
        return replace(self._each(lambda part: ImageSet(_pooled(part.images, side), part.labels)), crop_padding=padding)

    def _each(self, change: Callable[[ImageSet], ImageSet]) -> ImageData:
        return replace(self, train=change(self.train), valid=change(self.valid), test=change(self.test))


def _pooled(images: Tensor, side: int) -> Tensor:
    """Mean over non-overlapping squares, (N, C, H, W) to (N, C, side, side), rounded half up in integers."""
    count, channels, height, _ = images.shape
    step = height // side
    area = step * step
    pooled = torch.empty((count, channels, side, side), dtype=torch.uint8, device=images.device)
    for start in range(0, count, _CHUNK):
        chunk = images[start : start + _CHUNK]
        sums = torch.full((len(chunk), channels, side, side), area // 2, dtype=torch.int32, device=images.device)
        for row in range(step):
            for column in range(step):
                sums += chunk[:, :, row::step, column::step]
        pooled[start : start + _CHUNK] = sums.div_(area, rounding_mode="floor")
    return pooled
