"""Small data for the tests of this room."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nasrepro.datasets.folder_images import FolderData, read_folder
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


CLASSES = ("n01", "n02", "n10")


@pytest.fixture(scope="session")
def folder_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose `imagenet` has three classes: 5, 4 and 3 training images and 2 of each in `val`, all of
    different sizes and colors."""
    root = tmp_path_factory.mktemp("folder-data")
    rng = np.random.default_rng(0)
    for split, counts in (("train", (5, 4, 3)), ("val", (2, 2, 2))):
        for name, count in zip(CLASSES, counts, strict=True):
            (root / "imagenet" / split / name).mkdir(parents=True)
            for number in range(count):
                coarse = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
                size = (40 + 7 * number, 60 - 5 * number)
                image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
                image.save(root / "imagenet" / split / name / f"{name}_{number}.JPEG")
    (root / "imagenet" / "train" / "n01" / "notes.txt").write_text("no image")
    return root


@pytest.fixture
def photographs(folder_root: Path) -> FolderData:
    return read_folder("imagenet", folder_root / "imagenet", {}, False).resized(32)
