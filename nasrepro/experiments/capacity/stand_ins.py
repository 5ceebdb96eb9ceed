"""Images and texts of the official sizes in which there is nothing to see."""

from __future__ import annotations

from typing import Any

import torch

from nasrepro.datasets.images import ImageData, ImageSet
from nasrepro.datasets.text import TextData
from nasrepro.experiments.capacity.sizes import SIZES

_DIFFERENT = 512  # images that there are of; the others are these again, without taking memory
_PADDING = {32: 4, 8: 1}
_SEED = 7


def images_like(name: str, skeleton: Any, *, scored: int | None = None) -> ImageData:
    """Noise of a data set's size, in the shape that a network takes; of the scored images only the first `scored`."""
    size, side = SIZES[name], skeleton.image_size
    rng = torch.Generator().manual_seed(_SEED)
    shape = (_DIFFERENT, skeleton.in_channels, side, side)
    pixels = torch.randint(256, shape, dtype=torch.uint8, generator=rng)
    labels = torch.randint(skeleton.classes, (_DIFFERENT,), generator=rng)

    def part(count: int) -> ImageSet:
        times = -(-count // _DIFFERENT)
        many = pixels.repeat(times, 1, 1, 1) if side <= 32 else pixels  # enough of large ones for a few steps
        return ImageSet(many[:count], labels.repeat(times)[: min(count, len(many))])

    valid, test = (min(count, scored or count) for count in (size.valid, size.test))
    channels = skeleton.in_channels
    return ImageData(
        name=f"noise like {name}",
        classes=skeleton.classes,
        train=part(size.train),
        valid=part(valid),
        test=part(test),
        mean=(127.5,) * channels,
        std=(74.0,) * channels,
        flip=True,
        crop_padding=_PADDING.get(side, 0),
        hashes={},
        verified=True,
    )


def text_like(name: str, words: int) -> TextData:
    """Random words of a text's length."""
    size, rng = SIZES[name], torch.Generator().manual_seed(_SEED)
    train, valid, test = (
        torch.randint(words, (count,), generator=rng) for count in (size.train, size.valid, size.test)
    )
    return TextData(
        name=f"noise like {name}",
        vocabulary=("<unk>", *(str(number) for number in range(1, words))),
        train=train,
        valid=valid,
        test=test,
        hashes={},
        verified=True,
    )
