"""Digits as the kernels want them: batches innermost, a zero border of one pixel around every map."""

from __future__ import annotations

from functools import cache

import numpy as np

from nasrepro.datasets.digits import load_digits_data
from nasrepro.datasets.images import ImageData, ImageSet
from nasrepro.seeds import numpy_rng
from nasrepro.splits import Split
from nasrepro.tabulation.recipe import Recipe

SIDE = 8
SHIFTS = 3  # per direction: one pixel back, none, one pixel forth
_SCORED_NOISE_SEED = 1797

Batches = tuple[np.ndarray, np.ndarray]
"""Images (steps, 1, H+2, (W+2)·B) float32 and labels (steps, B) int64, -1 for a place that is not to be counted."""


@cache
def _digits() -> ImageData:
    return load_digits_data()


def data_hashes() -> dict[str, str]:
    """SHA-256 of the images behind every measurement."""
    return dict(_digits().hashes)


class TrainingImages:
    """Draws the augmented batches of one epoch after another."""

    def __init__(self, recipe: Recipe) -> None:
        part = _digits().train.limited(recipe.train_images)
        self._recipe = recipe
        self._shifted = _all_shifts(part)
        self._labels = part.labels.numpy()
        self.steps = len(self._labels) // recipe.batch_size

    def epoch(self, rng: np.random.Generator) -> Batches:
        """All images once, in random order, without those that do not fill a batch."""
        count = self.steps * self._recipe.batch_size
        chosen = rng.permutation(len(self._labels))[:count]
        images = self._shifted[rng.integers(len(self._shifted), size=count), chosen]
        if self._recipe.noise:
            images += np.float32(self._recipe.noise) * rng.standard_normal(images.shape, dtype=np.float32)
        return _laid_out(images, self._labels[chosen], self._recipe.batch_size)


def scored_images(recipe: Recipe, split: Split) -> Batches:
    """All shifts of a split's images, with the noise that every network is scored under."""
    part = _digits().split(split)
    images = _all_shifts(part)
    if recipe.noise:
        rng = numpy_rng(_SCORED_NOISE_SEED, "scored noise", split.value)
        images = images + np.float32(recipe.noise) * rng.standard_normal(images.shape, dtype=np.float32)
    images, labels = images.reshape(-1, SIDE, SIDE), np.tile(part.labels.numpy(), SHIFTS**2)
    missing = -len(images) % recipe.batch_size
    filled = np.concatenate([images, images[:missing]])
    return _laid_out(filled, np.concatenate([labels, np.full(missing, -1)]), recipe.batch_size)


def _all_shifts(part: ImageSet) -> np.ndarray:
    """Normalized images at all nine shifts, ink-free pixels moving in: (9, N, 8, 8)."""
    data = _digits()
    grey = np.pad(part.images.numpy()[:, 0].astype(np.float32), ((0, 0), (1, 1), (1, 1)))
    padded = (grey - np.float32(data.mean[0])) / np.float32(data.std[0])
    return np.stack([padded[:, y : y + SIDE, x : x + SIDE] for y in range(SHIFTS) for x in range(SHIFTS)])


def _laid_out(images: np.ndarray, labels: np.ndarray, batch: int) -> Batches:
    steps = len(images) // batch
    out = np.zeros((steps, 1, SIDE + 2, SIDE + 2, batch), np.float32)
    out[:, 0, 1:-1, 1:-1] = images.reshape(steps, batch, SIDE, SIDE).transpose(0, 2, 3, 1)
    return out.reshape(steps, 1, SIDE + 2, (SIDE + 2) * batch), labels.reshape(steps, batch).astype(np.int64)
