"""An endless stream of training batches that can be stopped, saved and resumed at the exact batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from nasrepro.datasets import augment
from nasrepro.datasets.images import ImageData, ImageSet
from nasrepro.datasets.parts import WHOLE, Cut, Part
from nasrepro.placement import onto

Batch = tuple[Tensor, Tensor]
"""Images, float32 (B, C, H, W), normalised; labels, int64 (B,)."""


class BatchStream:
    """Batches of one split, driven by nothing but `generator` (on the CPU, and this stream's own).

    Without `replacement`, epochs in a fresh random order, the last batch of an epoch shorter unless `drop_last`;
    with it, every batch holds independent uniform draws. Per batch the draws are: order (at an epoch's start) or
    indices, then with `augment` flips (if the data allow them), crop corners, noise and cutout centres.
    A stream of one piece of every batch draws the same; `part` says which images of its batch the last ones were.
    """

    rate = 1.0
    """Share of the learning rate that a batch is trained with."""

    def __init__(
        self,
        images: ImageSet,
        data: ImageData,
        batch_size: int,
        generator: torch.Generator,
        *,
        augment: bool,
        replacement: bool,
        drop_last: bool = False,
        cutout: int = 0,
        channels_last: bool = False,
        cut: Cut = WHOLE,
    ) -> None:
        """`images` is a split of `data`, which gives normalisation and the allowed augmentation.

        Raises `ValueError` for an impossible batch size or a generator that is not on the CPU.
        """
        if batch_size < 1 or len(images) == 0 or (drop_last and not replacement and batch_size > len(images)):
            raise ValueError(f"no batch of {batch_size} can be made from {len(images)} images")
        if generator.device.type != "cpu":
            raise ValueError("the generator must be on the CPU, so that draws do not depend on the device")
        self.images = images
        self.data = data
        self.batch_size = batch_size
        self.generator = generator
        self.augment = augment
        self.replacement = replacement
        self.drop_last = drop_last
        self.cutout = cutout
        self.channels_last = channels_last
        self.cut = cut
        self.part = Part(0, 0, 0)
        self._order = torch.empty(0, dtype=torch.int64)
        self._position = 0

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one pass over the split (with replacement: as many draws as it has images, rounded up)."""
        whole, rest = divmod(len(self.images), self.batch_size)
        return whole if rest == 0 or (self.drop_last and not self.replacement) else whole + 1

    def steps_in(self, epoch: int) -> int:
        """Batches of epoch `epoch`; as many in each."""
        return self.steps_per_epoch

    def next(self) -> Batch:
        """The next batch: float32 normalised images (B, C, H, W) and int64 labels (B,)."""
        indices = self._next_indices()
        self.part = part = self.cut.part(len(indices))
        indices = onto(part.of(indices), self.images.labels.device)
        pixels, labels = self.images.images[indices], self.images.labels[indices]
        if self.augment:
            if self.data.flip:
                pixels = augment.flip(pixels, self.generator, part)
            pixels = augment.crop(pixels, self.data.crop_padding, self.generator, part)
        values = augment.normalize(pixels, self.data.mean, self.data.std)
        if self.augment:
            values = augment.noise(values, self.data.noise, self.generator, part)
            values = augment.cutout(values, self.cutout, self.generator, part)
        return laid_out(values, self.channels_last), labels

    def state_dict(self) -> dict[str, Any]:
        """Everything the stream's future depends on; tensors and integers only, copied."""
        return {
            "generator": self.generator.get_state().clone(),
            "order": self._order.clone(),
            "position": self._position,
            "images": len(self.images),
            "batch_size": self.batch_size,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue where `state_dict` was taken. Raises `ValueError` if it belongs to a differently sized stream."""
        for what, ours in (("images", len(self.images)), ("batch_size", self.batch_size)):
            if state[what] != ours:
                raise ValueError(f"the saved stream has {what}={state[what]}, this one {ours}")
        self.generator.set_state(state["generator"].cpu())
        self._order = state["order"].cpu().clone()
        self._position = int(state["position"])

    def _next_indices(self) -> Tensor:
        count = len(self.images)
        if self.replacement:
            return torch.randint(count, (self.batch_size,), generator=self.generator)
        left = len(self._order) - self._position
        if left < (self.batch_size if self.drop_last else 1):
            self._order = torch.randperm(count, generator=self.generator)
            self._position = 0
        indices = self._order[self._position : self._position + self.batch_size]
        self._position += len(indices)
        return indices


def laid_out(values: Tensor, channels_last: bool) -> Tensor:
    """The same values in the memory layout that was asked for."""
    # Converting at the very end is much faster than computing in this layout with few channels.
    return values.contiguous(memory_format=torch.channels_last) if channels_last else values
