"""Augmentation of a whole batch at once.

Each random function draws on the CPU from the generator it is given, then applies the draw with tensor operations on
the images' device. So the same seed gives the same images on every device and with any number of threads, and the
number of draws depends on the batch size only. Who has a part of a batch draws for the whole and uses the part's.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from nasrepro.datasets.parts import WHOLE, Part
from nasrepro.placement import constant, onto


def flip(images: Tensor, generator: torch.Generator, part: Part | None = None) -> Tensor:
    """Mirror each image left to right with probability 1/2. Shape (B, C, H, W) is kept."""
    part = part or WHOLE.part(len(images))
    return flip_chosen(images, part.of(torch.randint(2, (part.whole,), generator=generator)) == 1)


def flip_chosen(images: Tensor, chosen: Tensor) -> Tensor:
    """Mirror the images whose entry in `chosen`, bool (B,), is set."""
    forward = torch.arange(images.shape[3], device=images.device)
    columns = torch.where(onto(chosen, images.device)[:, None], forward.flip(0), forward)
    return images.gather(3, columns[:, None, None, :].expand(images.shape))


def crop(images: Tensor, padding: int, generator: torch.Generator, part: Part | None = None) -> Tensor:
    """Shift each image at random: pad with zeros on all sides, cut out a window of the original size.

    Draws the top, then the left corners, each uniform over 0..2 * padding. Shape (B, C, H, W) is kept.
    """
    if padding == 0:
        return images
    part = part or WHOLE.part(len(images))
    top, left = torch.randint(2 * padding + 1, (2, part.whole), generator=generator)
    return crop_at(images, padding, part.of(top), part.of(left))


def crop_at(images: Tensor, padding: int, top: Tensor, left: Tensor) -> Tensor:
    """Cut the window with corner (`top`, `left`), int64 (B,) each, out of every zero-padded image."""
    height, width = images.shape[2:]
    padded = functional.pad(images, (padding, padding, padding, padding))
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)  # a view: (B, C, tops, lefts, H, W)
    each = torch.arange(len(images), device=images.device)
    return windows[each, :, onto(top, images.device), onto(left, images.device)]


def noise(images: Tensor, std: float, generator: torch.Generator, part: Part | None = None) -> Tensor:
    """Add Gaussian noise of standard deviation `std` to normalised images; draws one number per value."""
    if std == 0:
        return images
    part = part or WHOLE.part(len(images))
    drawn = torch.randn((part.whole, *images.shape[1:]), generator=generator)
    return images + std * onto(part.of(drawn), images.device)


def cutout(images: Tensor, length: int, generator: torch.Generator, part: Part | None = None) -> Tensor:
    """Set one square of side `length` (even) per image to zero, as DeVries & Taylor (2017): centre uniform over the
    pixels, the square cut off at the border. Meant for normalised images, where zero is the mean.

    Draws the rows, then the columns of the centres. Shape (B, C, H, W) is kept.
    """
    if length == 0:
        return images
    part = part or WHOLE.part(len(images))
    rows = torch.randint(images.shape[2], (part.whole,), generator=generator)
    columns = torch.randint(images.shape[3], (part.whole,), generator=generator)
    return cutout_at(images, length, part.of(rows), part.of(columns))


def cutout_at(images: Tensor, length: int, rows: Tensor, columns: Tensor) -> Tensor:
    """Set the square around each centre to zero: pixels from centre - length // 2 up to, not including,
    centre + length // 2 in both directions."""
    half = length // 2
    in_rows = _within(images.shape[2], onto(rows, images.device), half)
    in_columns = _within(images.shape[3], onto(columns, images.device), half)
    hole = in_rows[:, None, :, None] & in_columns[:, None, None, :]
    return images * (~hole).to(images.dtype)  # several times faster than filling with a mask


def _within(size: int, centres: Tensor, half: int) -> Tensor:
    """Which positions lie in the span around each centre: bool (B, size)."""
    position = torch.arange(size, device=centres.device)[None, :]
    return (position >= centres[:, None] - half) & (position < centres[:, None] + half)


def normalize(images: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """uint8 (B, C, H, W) to float32 (image - mean) / std per channel, `mean` and `std` on the 0..255 scale."""
    shape = (1, -1, 1, 1)
    values = images.to(torch.float32)
    values -= constant(mean, images.device, torch.float32).view(shape)
    values /= constant(std, images.device, torch.float32).view(shape)
    return values
