"""Views of photographs: against hand-computed pixels and counted draws."""

import colorsys
import random

import numpy as np
import pytest
import torch
from PIL import Image

from nasrepro.datasets import views
from nasrepro.errors import UserError


def photograph(width, height, seed=0):
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize(("width", "height"), [(500, 375), (375, 500), (256, 256), (300, 1200), (224, 90)])
def test_scoring_view_is_the_center_at_the_published_scale(width, height):
    image = photograph(width, height)
    scale = 256 / min(width, height)
    wide, high = int(width * scale + 1e-9), int(height * scale + 1e-9)
    assert min(wide, high) == 256
    whole = np.array(image.resize((wide, high), Image.Resampling.BILINEAR))
    top, left = round((high - 224) / 2), round((wide - 224) / 2)
    expected = whole[top : top + 224, left : left + 224].transpose(2, 0, 1)
    found = views.scoring_view(image, 224)
    assert found.dtype == torch.uint8
    assert np.array_equal(found.numpy(), expected)


def test_scoring_view_of_an_image_of_the_right_size_only_cuts():
    image = photograph(256, 256)
    assert np.array_equal(views.scoring_view(image, 224).numpy(), np.array(image)[16:240, 16:240].transpose(2, 0, 1))


def test_random_boxes_have_the_published_areas_and_ratios_and_stay_inside():
    rng, width, height = random.Random(1), 500, 375
    boxes = np.array([views.random_box((width, height), rng) for _ in range(4_000)])
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    assert boxes.min() >= 0
    assert boxes[:, 2].max() <= width
    assert boxes[:, 3].max() <= height
    areas, ratios = wide * high / (width * height), wide / high
    assert 0.078 < areas.min() < 0.09
    assert areas.max() > 0.95
    assert 0.74 < ratios.min() < 0.76
    assert 1.32 < ratios.max() < 1.35
    assert np.quantile(areas[areas < 0.5], 0.5) == pytest.approx(0.29, abs=0.02)  # uniform, none refused down there
    assert np.median(np.log(ratios[areas < 0.3])) == pytest.approx(0, abs=0.03)
    assert (boxes[areas < 0.3, 0] == 0).mean() < 0.02
    assert np.corrcoef(boxes[:, 0], boxes[:, 1])[0, 1] < 0.6


@pytest.mark.parametrize(
    ("size", "box"),
    [((400, 90), (140, 0, 260, 90)), ((90, 400), (0, 140, 90, 260)), ((100, 100), (0, 0, 100, 100))],
)
def test_the_largest_allowed_center(size, box):
    assert views.center_box(size) == box


def test_long_images_fall_back_to_their_center():
    assert views.random_box((4_000, 10), random.Random(0)) == views.center_box((4_000, 10)) == (1993, 0, 2006, 10)


def test_training_view_of_one_color_shows_the_jitter_alone():
    grey = Image.new("RGB", (50, 40), (100, 100, 100))
    seen = {tuple(views.training_view(grey, 8, random.Random(seed)).flatten(1).unique(dim=1).flatten().tolist())
            for seed in range(300)}  # fmt: skip
    assert all(len(colors) == 3 and len(set(colors)) == 1 for colors in seen)  # grey stays grey, and even
    values = [colors[0] for colors in seen]
    assert 59 <= min(values) < 70
    assert 130 < max(values) <= 141


def test_half_of_the_training_views_are_mirrored():
    image = Image.new("RGB", (64, 64), (0, 0, 0))
    image.paste((255, 255, 255), (32, 0, 64, 64))  # the right half is white; jitter keeps which half is brighter
    sides = []
    for seed in range(600):
        view = views.training_view(image, 8, random.Random(seed)).float().mean((0, 1))
        if view[0] != view[-1]:
            sides.append(bool(view[0] > view[-1]))
    assert len(sides) > 300
    assert np.mean(sides) == pytest.approx(0.5, abs=0.07)


def test_training_view_depends_on_its_generator_only():
    image = photograph(70, 50)
    first, again, other = (views.training_view(image, 16, random.Random(seed)) for seed in (5, 5, 6))
    assert first.shape == (3, 16, 16)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_color_changes_come_in_every_order():
    orders = {tuple(random.Random(seed).sample(range(4), 4)) for seed in range(400)}
    assert len(orders) == 24
    image = photograph(20, 20)
    assert len({views.jittered(image, random.Random(seed)).tobytes() for seed in range(50)}) == 50


@pytest.mark.parametrize("shift", [0.2, 0.1, -0.1, -0.2])
def test_hue_moves_along_the_circle(shift):
    for color in ((200, 40, 30), (20, 180, 90), (60, 80, 220)):
        moved = np.array(views.hue_shifted(Image.new("RGB", (1, 1), color), shift))[0, 0] / 255
        hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in color))
        expected = colorsys.hsv_to_rgb((hue + shift) % 1, saturation, value)
        assert moved == pytest.approx(expected, abs=0.04)


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB", "P"])
def test_every_kind_of_image_is_opened_as_rgb(tmp_path, mode):
    path = tmp_path / ("x.png" if mode == "P" else "x.JPEG")
    photograph(20, 10).convert(mode).save(path)
    image = views.opened(path)
    assert (image.mode, image.size) == ("RGB", (20, 10))


@pytest.mark.parametrize("content", [b"", b"no image at all", None])
def test_an_unreadable_image_is_named(tmp_path, content):
    path = tmp_path / "n01_7.JPEG"
    photograph(60, 60).save(path)
    path.write_bytes(path.read_bytes()[:200] if content is None else content)
    with pytest.raises(UserError, match=r"n01_7\.JPEG' cannot be read as an image: ") as told:
        views.opened(path)
    assert "\n" not in str(told.value)
