"""Every augmentation against a per-image NumPy loop, pixel by pixel."""

import numpy as np
import pytest
import torch

from nasrepro.datasets import augment

SHAPES = [(7, 3, 8, 8), (5, 1, 8, 8), (4, 3, 32, 32), (3, 2, 6, 9)]


def images_of(shape):
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.uint8)


def seeded(seed=5):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("shape", SHAPES)
def test_flip(shape):
    images = images_of(shape)
    chosen = torch.arange(shape[0]) % 2 == 0
    expected = images.numpy().copy()
    for i in range(shape[0]):
        if chosen[i]:
            expected[i] = expected[i][:, :, ::-1].copy()
    assert np.array_equal(augment.flip_chosen(images, chosen).numpy(), expected)


def test_flip_mirrors_about_half_of_the_images():
    images = torch.arange(4, dtype=torch.uint8).view(1, 1, 2, 2).repeat(10_000, 1, 1, 1)
    share = (augment.flip(images, seeded())[:, 0, 0, 0] == 1).float().mean().item()
    assert share == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("padding", [1, 2, 4])
def test_crop(shape, padding):
    images = images_of(shape)
    count, _, height, width = shape
    top = torch.randint(2 * padding + 1, (count,), generator=seeded(1))
    left = torch.randint(2 * padding + 1, (count,), generator=seeded(2))
    expected = np.empty(shape, np.uint8)
    for i in range(count):
        padded = np.pad(images[i].numpy(), ((0, 0), (padding, padding), (padding, padding)))
        expected[i] = padded[:, top[i] : top[i] + height, left[i] : left[i] + width]
    assert np.array_equal(augment.crop_at(images, padding, top, left).numpy(), expected)


def test_crop_draws_every_corner_equally_often():
    images = torch.zeros(8_100, 1, 5, 5, dtype=torch.uint8)
    images[:, 0, 2, 2] = 255  # with padding 1, its new place tells the corner
    cropped = augment.crop(images, 1, seeded())
    counts = (cropped[:, 0] == 255).sum(0)[1:4, 1:4]
    assert counts.sum() == 8_100
    assert ((counts - 900).abs() < 120).all()


def test_crop_without_padding_changes_nothing_and_draws_nothing():
    generator = seeded()
    before = generator.get_state()
    images = images_of((3, 3, 8, 8))
    assert augment.crop(images, 0, generator) is images
    assert torch.equal(generator.get_state(), before)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("length", [2, 4, 6])
def test_cutout(shape, length):
    images = images_of(shape).float() + 1
    count, _, height, width = shape
    rows = torch.randint(height, (count,), generator=seeded(1))
    columns = torch.randint(width, (count,), generator=seeded(2))
    expected = images.numpy().copy()
    for i in range(count):
        y, x = int(rows[i]), int(columns[i])
        expected[i, :, max(y - length // 2, 0) : y + length // 2, max(x - length // 2, 0) : x + length // 2] = 0
    assert np.array_equal(augment.cutout_at(images, length, rows, columns).numpy(), expected)


def test_cutout_reaches_the_border_pixels():
    holes = augment.cutout(torch.ones(2_000, 1, 6, 6), 2, seeded()) == 0
    assert holes.any(0).all()
    assert holes.flatten(1).sum(1).unique().tolist() == [1, 2, 4]


def test_cutout_of_length_zero_draws_nothing():
    generator = seeded()
    before = generator.get_state()
    augment.cutout(torch.ones(2, 1, 4, 4), 0, generator)
    assert torch.equal(generator.get_state(), before)


def test_noise_has_the_standard_deviation_asked_for_and_draws_one_number_per_value():
    images, generator, again = torch.zeros(40, 1, 8, 8), torch.Generator().manual_seed(3), torch.Generator()
    noisy = augment.noise(images, 0.5, generator)
    assert torch.equal(noisy, 0.5 * torch.randn(images.shape, generator=again.manual_seed(3)))
    assert torch.equal(generator.get_state(), again.get_state())


def test_no_noise_draws_nothing():
    images, generator = torch.ones(2, 1, 8, 8), torch.Generator().manual_seed(3)
    before = generator.get_state()
    assert augment.noise(images, 0.0, generator) is images
    assert torch.equal(before, generator.get_state())


def test_normalize():
    images = images_of((4, 3, 5, 5))
    mean, std = (125.3, 123.0, 113.9), (63.0, 62.1, 66.7)
    expected = (images.double().numpy() - np.reshape(mean, (1, 3, 1, 1))) / np.reshape(std, (1, 3, 1, 1))
    found = augment.normalize(images, mean, std)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-6)


def test_inputs_are_not_changed():
    images = images_of((6, 3, 8, 8))
    copy = images.clone()
    floats = images.float()
    augment.flip(images, seeded())
    augment.crop(images, 2, seeded())
    augment.normalize(images, (1.0, 2.0, 3.0), (4.0, 5.0, 6.0))
    augment.cutout(floats, 4, seeded())
    assert torch.equal(images, copy)
    assert torch.equal(floats, copy.float())
