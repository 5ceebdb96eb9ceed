"""What a network sees of one photograph: a random part of it in random colors, or its center.

The published ImageNet pipeline (DARTS, Liu et al., 2019, and its successors) on Pillow images, step by step: a part of
random area and aspect ratio, mirroring, and the four color changes in random order. Every draw comes from the
generator that is passed, so one image's view depends on nothing but that.
"""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

import numpy as np
import torch
from PIL import Image, ImageEnhance
from torch import Tensor

from nasrepro.errors import UserError

AREA = (0.08, 1.0)
"""Of the part that is cut out, as a share of the image."""
RATIO = (3 / 4, 4 / 3)
"""Width by height of that part, log-uniform."""
ATTEMPTS = 10
"""Parts that do not fit are drawn again so often, then the largest allowed one in the center is taken."""
JITTER = 0.4
"""Brightness, contrast and saturation are multiplied by 1 - JITTER to 1 + JITTER."""
HUE = 0.2
"""The hue moves by at most this share of the color circle."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom; the last two are outside."""


def opened(path: Path) -> Image.Image:
    """The decoded image in RGB. Raises `UserError` naming a file that is no readable image."""
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"'{path}' cannot be read as an image: {reason}") from error


def training_view(image: Image.Image, side: int, rng: Random) -> Tensor:
    """uint8 (3, side, side): a random part, mirrored with probability 1/2, its colors changed.

    The draws are, in this order: the part, mirroring, the order of the color changes, their sizes.
    """
    part = image.crop(random_box(image.size, rng)).resize((side, side), Image.Resampling.BILINEAR)
    if rng.random() < 0.5:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return pixels(jittered(part, rng))


def scoring_view(image: Image.Image, side: int) -> Tensor:
    """uint8 (3, side, side): the center after the shorter side became 8/7 of `side` (256 for 224)."""
    width, height = image.size
    shorter = round(side * 256 / 224)
    wide, high = shorter * width // min(image.size), shorter * height // min(image.size)
    resized = image.resize((wide, high), Image.Resampling.BILINEAR)
    left, top = round((wide - side) / 2), round((high - side) / 2)
    return pixels(resized.crop((left, top, left + side, top + side)))


def random_box(size: tuple[int, int], rng: Random) -> Box:
    """A part of random area and aspect ratio inside an image of (width, height) pixels."""
    width, height = size
    for _ in range(ATTEMPTS):
        area = width * height * rng.uniform(*AREA)
        ratio = math.exp(rng.uniform(math.log(RATIO[0]), math.log(RATIO[1])))
        wide, high = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < wide <= width and 0 < high <= height:
            left, top = rng.randrange(width - wide + 1), rng.randrange(height - high + 1)
            return left, top, left + wide, top + high
    return center_box(size)


def center_box(size: tuple[int, int]) -> Box:
    """The largest part in the center whose aspect ratio is allowed."""
    width, height = size
    wide = min(width, round(height * RATIO[1]))
    high = min(height, round(width / RATIO[0]))
    left, top = (width - wide) // 2, (height - high) // 2
    return left, top, left + wide, top + high


def jittered(image: Image.Image, rng: Random) -> Image.Image:
    """Brightness, contrast, saturation and hue changed by random amounts, in random order."""
    order = rng.sample(range(4), 4)
    factors = [rng.uniform(1 - JITTER, 1 + JITTER) for _ in range(3)]
    shift = rng.uniform(-HUE, HUE)
    for change in order:
        if change == 3:
            image = hue_shifted(image, shift)
        else:
            enhance = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)[change]
            image = enhance(image).enhance(factors[change])
    return image


def hue_shifted(image: Image.Image, shift: float) -> Image.Image:
    """Hues moved by `shift` of the color circle, which Pillow keeps in 256 steps; shifts are cut to whole steps."""
    hue, saturation, value = image.convert("HSV").split()
    steps = int(shift * 255) % 256
    moved = hue.point([(old + steps) % 256 for old in range(256)])
    return Image.merge("HSV", (moved, saturation, value)).convert("RGB")


def pixels(image: Image.Image) -> Tensor:
    """An RGB image as uint8 (3, height, width)."""
    return torch.from_numpy(np.array(image, np.uint8)).permute(2, 0, 1).contiguous()
