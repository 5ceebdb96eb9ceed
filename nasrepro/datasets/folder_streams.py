"""Batches of images that are decoded while the network works on earlier ones.

Threads decode: Pillow lets go of the interpreter's lock while it does, and threads may be started where processes may
not, in a worker of the crew. What a batch holds depends on the seed and its number only, never on who decoded it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import torch
from torch import Tensor

from nasrepro.datasets import augment
from nasrepro.datasets.folder_images import FolderData, FolderImages
from nasrepro.datasets.parts import WHOLE, Cut, Part
from nasrepro.datasets.streams import Batch, laid_out
from nasrepro.placement import onto
from nasrepro.seeds import derive, torch_rng

CPU = torch.device("cpu")
AHEAD = 2
"""Batches that are decoded beside the one that is asked for."""

Key = tuple[int, int]
"""Epoch and index of an image."""


def decoders() -> int:
    """Threads that decode unless told otherwise: one per processor that this process may use, at most 16."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, 16)


@dataclass(frozen=True)
class _Epochs:
    """What a stream of one seed holds. Apart from the stream, so that nothing but the stream holds its decoding, which
    then ends with it."""

    images: FolderImages
    side: int
    batch_size: int
    seed: int
    cut: Cut

    @property
    def steps(self) -> int:
        return -(-len(self.images) // self.batch_size)

    def keys(self, step: int) -> Iterator[list[Key]]:
        """This piece's images of every batch from `step` on."""
        epoch, done = divmod(step, self.steps)
        while True:
            order = torch.randperm(len(self.images), generator=torch_rng(self.seed, "order", epoch))
            for start in range(done * self.batch_size, len(order), self.batch_size):
                batch = order[start : start + self.batch_size]
                yield [(epoch, index) for index in self.cut.part(len(batch)).of(batch).tolist()]
            epoch, done = epoch + 1, 0

    def part(self, step: int) -> Part:
        """Which images of its batch this piece is."""
        done = step % self.steps * self.batch_size
        return self.cut.part(min(self.batch_size, len(self.images) - done))

    def view(self, key: Key) -> Tensor:
        """uint8 (3, side, side)."""
        epoch, index = key
        return self.images.training_view(index, self.side, Random(derive(self.seed, "view", epoch, index)))


class FolderStream:
    """Training batches of a folder, in epochs of fresh random order; the last batch of an epoch may be shorter.

    The counterpart of `BatchStream`. Order, views and cutout have generators of their own, derived from this stream's
    seed with the epoch, with the epoch and the image's index, and with the number of the batch. A stream of one piece
    of every batch decodes this piece alone; `part` says which images of its batch the last ones were.
    """

    rate = 1.0
    """Share of the learning rate that a batch is trained with."""

    def __init__(
        self,
        images: FolderImages,
        data: FolderData,
        batch_size: int,
        generator: torch.Generator,
        *,
        cutout: int = 0,
        channels_last: bool = False,
        workers: int | None = None,
        cut: Cut = WHOLE,
        device: torch.device = CPU,
    ) -> None:
        """`images` is a split of `data`, which gives side and normalisation; `generator` gives the seed, in one draw.
        What is decoded goes to `device`.

        Raises `ValueError` for an impossible batch size.
        """
        if batch_size < 1 or len(images) == 0:
            raise ValueError(f"no batch of {batch_size} can be made from {len(images)} images")
        self.data = data
        self.cutout = cutout
        self.channels_last = channels_last
        self.workers = workers or decoders()
        self.device = device
        self.part = Part(0, 0, 0)
        self._epochs = _Epochs(images, data.side, batch_size, int(torch.randint(2**62, (), generator=generator)), cut)
        self._step = 0
        self._decoded: Generator[Batch, None, None] | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one pass over the images."""
        return self._epochs.steps

    def steps_in(self, epoch: int) -> int:
        """Batches of epoch `epoch`; as many in each."""
        return self.steps_per_epoch

    def next(self) -> Batch:
        """The next batch: float32 normalised images (B, 3, side, side) and int64 labels (B,).

        Raises `UserError` naming an image that cannot be read.
        """
        if self._decoded is None:
            keys = self._epochs.keys(self._step)
            self._decoded = _decoded(self._epochs.view, keys, self._epochs.images.labels, self.workers)
        pixels, labels = (onto(values, self.device) for values in next(self._decoded))
        values = augment.normalize(pixels, self.data.mean, self.data.std)
        self.part = self._epochs.part(self._step)
        values = augment.cutout(values, self.cutout, torch_rng(self._epochs.seed, "cutout", self._step), self.part)
        self._step += 1
        return laid_out(values, self.channels_last), labels

    def state_dict(self) -> dict[str, Any]:
        """Everything the stream's future depends on; integers only. Batches that are decoded ahead do not count."""
        return {"seed": self._epochs.seed, "step": self._step, **self._sizes()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue where `state_dict` was taken. Raises `ValueError` if it belongs to a differently sized stream."""
        for what, ours in self._sizes().items():
            if state[what] != ours:
                raise ValueError(f"the saved stream has {what}={state[what]}, this one {ours}")
        if self._decoded is not None:
            self._decoded.close()
        self._decoded = None
        self._epochs, self._step = replace(self._epochs, seed=int(state["seed"])), int(state["step"])

    def _sizes(self) -> dict[str, int]:
        return {"images": len(self._epochs.images), "batch_size": self._epochs.batch_size}


class FolderBatches:
    """What a network is scored on: the centers of all images in their order, in parts as equal as possible, decoded
    anew every time they are walked through. With a `cut`, every so many-th part."""

    def __init__(
        self,
        images: FolderImages,
        data: FolderData,
        batch_size: int,
        *,
        workers: int | None = None,
        cut: Cut = WHOLE,
        device: torch.device = CPU,
    ) -> None:
        self.images = len(images)
        self._images = images
        self._data = data
        self._parts = max(1, round(len(images) / batch_size))
        self._workers = workers or decoders()
        self._cut, self._device = cut, device

    def __len__(self) -> int:
        return len(range(self._cut.number, self._parts, self._cut.pieces))

    def __iter__(self) -> Iterator[Batch]:
        """Batches as a stream gives them. Raises `UserError` naming an image that cannot be read."""
        indices = torch.arange(self.images).tensor_split(self._parts)[self._cut.number :: self._cut.pieces]
        keys = ([(0, index) for index in part.tolist()] for part in indices)
        for pixels, labels in _decoded(self._view, keys, self._images.labels, self._workers):
            yield (
                augment.normalize(onto(pixels, self._device), self._data.mean, self._data.std),
                onto(labels, self._device),
            )

    def _view(self, key: Key) -> Tensor:
        return self._images.scoring_view(key[1], self._data.side)


def _decoded(
    view: Callable[[Key], Tensor], batches: Iterable[list[Key]], labels: Tensor, workers: int
) -> Generator[Batch, None, None]:
    """Views and labels of each batch, uint8 (B, 3, side, side) and int64 (B,); `AHEAD` of them are under way."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")
    waiting: deque[tuple[list[Key], list[Future[Tensor]]]] = deque()
    try:
        for keys in batches:
            waiting.append((keys, [pool.submit(view, key) for key in keys]))
            if len(waiting) > AHEAD:
                yield _joined(*waiting.popleft(), labels)
        while waiting:
            yield _joined(*waiting.popleft(), labels)
    finally:
        pool.shutdown(cancel_futures=True)


def _joined(keys: list[Key], views: list[Future[Tensor]], labels: Tensor) -> Batch:
    return torch.stack([view.result() for view in views]), labels[[index for _, index in keys]]
