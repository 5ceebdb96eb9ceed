"""CIFAR-10 and CIFAR-100 in their official binary format: fixed-length records of label bytes and pixels.

A record is 1 label byte (CIFAR-10) or 2, coarse and fine (CIFAR-100), then 3,072 bytes: the red, green and blue
planes, 32 x 32 each, row by row. Source: https://www.cs.toronto.edu/~kriz/cifar.html. Nothing is unpickled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from nasrepro.datasets.images import ImageSet
from nasrepro.datasets.splits import Indices, half_split
from nasrepro.errors import UserError

SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32
CIFAR10_MEAN, CIFAR10_STD = (125.3, 123.0, 113.9), (63.0, 62.1, 66.7)
CIFAR100_MEAN, CIFAR100_STD = (129.3, 124.1, 112.4), (68.2, 65.4, 70.4)
"""Per channel on the 0..255 scale, as NAS-Bench-201 normalizes both data sets."""

DARTS_MEAN = tuple(255 * mean for mean in (0.49139968, 0.48215827, 0.44653124))
DARTS_STD = tuple(255 * std for std in (0.24703233, 0.24348505, 0.26158768))
"""The same as DARTS (Liu et al., 2019) computed it for CIFAR-10. Its successors normalize CIFAR-100 by it as well."""

CIFAR10_TRAIN_FILES = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
"""The index file of NAS-Bench-201's own halves of the CIFAR-100 test images has no known seed; these are ours."""

_CHUNK = 10_000  # records in memory beside the finished arrays (30 MB)

Records = NDArray[np.uint8]
Halves = Callable[[int], tuple[Indices, Indices]]
"""Cuts so many training images into two sorted halves, (train, valid)."""


def read_cifar10(
    folder: Path, *, per_file: int = 10_000, halves: Halves = half_split
) -> tuple[ImageSet, ImageSet, ImageSet]:
    """CIFAR-10 as (train, valid, test): two halves of the training images, NAS-Bench-201's unless told otherwise, and
    the test images.

    `per_file` is the number of records in each of the six files. Raises `UserError` naming a file that does not fit.
    """
    paths = [folder / name for name in CIFAR10_TRAIN_FILES]
    counts = [per_file] * len(paths)
    train, valid = _select(paths, counts, halves(sum(counts)), label_bytes=1, classes=10)
    everything = np.arange(per_file, dtype=np.int64)
    (test,) = _select([folder / "test_batch.bin"], [per_file], [everything], label_bytes=1, classes=10)
    return train, valid, test


def read_cifar100(
    folder: Path, *, train: int = 50_000, test: int = 10_000, halves: Halves = half_split
) -> tuple[ImageSet, ImageSet, ImageSet]:
    """CIFAR-100 (fine labels) as (train, valid, test): two halves of the training images, by default those that
    NAS-Bench-201 uses for CIFAR-10, as its first release did, and all test images.

    Its later releases validated on one half of the test images, which an index file without a known seed names; any
    other half would let a search see images that the benchmark's test numbers come from.
    `train` and `test` are the numbers of records in the two files. Raises `UserError` naming a file that does not fit.
    """
    fitted, valid = _select([folder / "train.bin"], [train], halves(train), label_bytes=2, classes=100)
    everything = np.arange(test, dtype=np.int64)
    (tested,) = _select([folder / "test.bin"], [test], [everything], label_bytes=2, classes=100)
    return fitted, valid, tested


def _select(
    paths: Sequence[Path], counts: Sequence[int], parts: Sequence[Indices], *, label_bytes: int, classes: int
) -> list[ImageSet]:
    """Distribute the records of all files, counted through, to parts given by sorted indices, in one pass."""
    images = [np.empty((len(part), *SHAPE), np.uint8) for part in parts]
    labels = [np.empty(len(part), np.int64) for part in parts]
    start = 0
    for path, count in zip(paths, counts, strict=True):
        for records in _chunks(path, count, label_bytes=label_bytes, classes=classes):
            stop = start + len(records)
            for part, into_images, into_labels in zip(parts, images, labels, strict=True):
                low, high = np.searchsorted(part, (start, stop))
                chosen = records.take(part[low:high] - start, axis=0)  # whole rows: much faster than strided pixels
                into_images[low:high] = chosen[:, label_bytes:].reshape(-1, *SHAPE)
                into_labels[low:high] = chosen[:, label_bytes - 1]
            start = stop
    return [ImageSet(torch.from_numpy(x), torch.from_numpy(y)) for x, y in zip(images, labels, strict=True)]


def _chunks(path: Path, count: int, *, label_bytes: int, classes: int) -> Iterator[Records]:
    """Successive records of one file, uint8 (n, label_bytes + 3072); their last label byte is below `classes`."""
    length = label_bytes + PIXELS
    try:
        size = path.stat().st_size
        if size != count * length:
            raise UserError(f"'{path}' has {size:,} bytes, expected {count * length:,} ({count:,} records)")
        for first in range(0, count, _CHUNK):
            wanted = min(_CHUNK, count - first)
            flat = np.fromfile(path, np.uint8, wanted * length, offset=first * length)
            records = flat.reshape(wanted, length)
            labels = records[:, label_bytes - 1]
            if int(labels.max()) >= classes:
                raise UserError(f"'{path}' has a label {int(labels.max())}, allowed: 0 to {classes - 1}")
            yield records
    except OSError as error:
        raise UserError(f"'{path}' cannot be read: {error.strerror}") from error
