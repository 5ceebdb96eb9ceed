"""A supernet with the images that train it and the images that judge its cells: one construction for every use.

A one-shot score depends on which images are normalised together, so a search and a ranking made after it must score
cells in exactly the same way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from torch import nn

from nasrepro.datasets.images import ImageData, ImageSet
from nasrepro.datasets.streams import BatchStream
from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Genotype, Space
from nasrepro.supernets.catalog import supernet
from nasrepro.supernets.norm import BatchNormMode, kept_statistics, recalibrate
from nasrepro.training.evaluate import CellScore, Evaluator
from nasrepro.training.settings import SupernetSettings
from nasrepro.training.supernet import Diverged


@dataclass(frozen=True)
class SharedWeights:
    """A supernet and how its cells are scored; with fresh weights until it is trained or a state is loaded."""

    network: nn.Module
    data: ImageData
    """At the size and in the numbers that the settings ask for."""
    judge: Evaluator
    settings: SupernetSettings

    @classmethod
    def build(
        cls,
        settings: SupernetSettings,
        space: Space[Any],
        skeleton: Any,
        images: ImageData,
        seed: int,
        device: str = "cpu",
    ) -> SharedWeights:
        """The same network and batches for the same arguments, on any device; `images` at their full size and
        number."""
        data = images.limited(settings.train_images, settings.valid_images).resized(skeleton.image_size).to(device)
        network = supernet(
            space,
            skeleton,
            execution=settings.execution,
            mode=BatchNormMode.BATCH if settings.bn == "batch" else BatchNormMode.RUNNING,
            channels_last=settings.channels_last,
            precision=settings.precision,
            rng=torch_rng(seed, "weights"),
        ).to(device)
        judge = Evaluator(data.valid.limited(settings.score_images), data, settings.eval_batch)
        return cls(network, data, judge, settings)

    @property
    def units(self) -> int:
        """Images behind a score."""
        return self.judge.images

    @property
    def batches_per_score(self) -> int:
        return len(self.judge.batches)

    def streams(self, seed: int) -> tuple[BatchStream, BatchStream]:
        """Weights see the training split in epochs; samplers see uniform draws from the validation split.

        Both are augmented, as published: architecture parameters are trained on augmented images too.
        """

        def stream(name: str, images: ImageSet, *, replacement: bool) -> BatchStream:
            return BatchStream(
                images,
                self.data,
                self.settings.batch_size,
                torch_rng(seed, name),
                augment=True,
                replacement=replacement,
                channels_last=self.settings.channels_last,
            )

        return stream("train", self.data.train, replacement=False), stream("valid", self.data.valid, replacement=True)

    def scores(self, genotypes: Sequence[Genotype]) -> list[CellScore]:
        """One after the other."""
        return [self.score(genotype) for genotype in genotypes]

    def score(self, genotype: Genotype) -> CellScore:
        """One-shot score of one cell on the validation images; raises `Diverged` when its loss is no number."""
        found = self.score_or_nan(genotype)
        if not math.isfinite(found.loss):  # the last weight step overflowed: no later training loss would tell
            raise Diverged(f"the loss of {genotype.id} under inherited weights became {found.loss}")
        return found

    def score_or_nan(self, genotype: Genotype) -> CellScore:
        """The same where the loss may be no number; the accuracy then means nothing."""
        forward = partial(self.network, choice=genotype.path)
        if self.settings.bn != "recalibrated":
            return self.judge.score(self.network, forward)
        with kept_statistics(self.network):  # a sampler's own rewards must not depend on which cells were looked at
            recalibrate(self.network, (x for x, _ in self._calibration.batches), forward)
            return self.judge.score(self.network, forward)

    @cached_property
    def _calibration(self) -> Evaluator:
        images = self.data.train.limited(self.settings.calibration_images)
        return Evaluator(images, self.data, self.settings.batch_size)
