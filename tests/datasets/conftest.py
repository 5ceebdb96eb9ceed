"""Small data for the tests of this room."""

from __future__ import annotations

import pytest
import torch

from nasrepro.datasets.images import ImageData, ImageSet


def make_set(count: int, classes: int, seed: int, channels: int = 3, side: int = 8) -> ImageSet:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, channels, side, side), generator=generator, dtype=torch.uint8)
    return ImageSet(images, torch.arange(count) % classes)


@pytest.fixture
def tiny() -> ImageData:
    return ImageData(
        name="tiny",
        classes=5,
        train=make_set(43, 5, 0),
        valid=make_set(20, 5, 1),
        test=make_set(10, 5, 2),
        mean=(120.0, 110.0, 100.0),
        std=(60.0, 61.0, 62.0),
        flip=True,
        crop_padding=2,
        hashes={},
        verified=True,
    )
