"""What networks are trained on and scored by."""

import numpy as np
import pytest

from nasrepro.datasets.digits import load_digits_data
from nasrepro.splits import Split
from nasrepro.tabulation.images import SHIFTS, TrainingImages, scored_images


def unpadded(images, batch):
    """(steps, 1, H+2, (W+2)·B) → (steps·B, H, W), and the border."""
    steps, _, rows, _ = images.shape
    maps = images.reshape(steps, rows, rows, batch).transpose(0, 3, 1, 2).reshape(-1, rows, rows)
    inner = maps[:, 1:-1, 1:-1].copy()
    maps[:, 1:-1, 1:-1] = 0
    return inner, maps


@pytest.fixture
def clean(recipe):
    return recipe.model_copy(update={"noise": 0.0})


def test_all_nine_shifts_of_every_image_of_the_split_are_scored(clean):
    data = load_digits_data()
    for split in (Split.VALID, Split.TEST):
        images, labels = scored_images(clean, split)
        inner, border = unpadded(images, clean.batch_size)
        counted = labels.ravel() >= 0
        assert counted.sum() == SHIFTS**2 * 360
        assert (border == 0).all()
        part = data.split(split)
        plain = (part.images.numpy()[:, 0].astype(np.float32) - data.mean[0]) / data.std[0]
        middle = slice(4 * 360, 5 * 360)  # the fifth of the nine shifts is none
        assert inner[middle] == pytest.approx(plain, abs=1e-5)
        assert (labels.ravel()[middle] == part.labels.numpy()).all()
        first = inner[:360]  # content moves down and right when the window moves up and left
        assert first[:, 1:, 1:] == pytest.approx(plain[:, :-1, :-1], abs=1e-5)
        assert first[:, 0] == pytest.approx(-data.mean[0] / data.std[0], abs=1e-5)


def test_scored_noise_is_fixed_and_as_strong_as_asked_for(recipe, clean):
    noisy, again = (scored_images(recipe, Split.TEST)[0] for _ in range(2))
    assert (noisy == again).all()
    difference, _ = unpadded(noisy - scored_images(clean, Split.TEST)[0], recipe.batch_size)
    assert difference.std() == pytest.approx(recipe.noise, rel=0.01)


def test_an_epoch_holds_every_training_image_at_most_once(clean):
    whole = clean.model_copy(update={"train_images": 1077})
    training = TrainingImages(whole)
    images, labels = training.epoch(np.random.default_rng(0))
    assert images.shape == (33, 1, 10, 10 * 32)
    assert labels.shape == (33, 32)
    counts = np.bincount(labels.ravel(), minlength=10)
    everyone = np.bincount(load_digits_data().train.labels.numpy(), minlength=10)
    assert (counts <= everyone).all()
    assert counts.sum() == 33 * 32


def test_epochs_differ_by_their_generator_only(recipe):
    training = TrainingImages(recipe)
    a, b, c = (training.epoch(np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert (a[0] == b[0]).all()
    assert (a[1] == b[1]).all()
    assert not (a[0] == c[0]).all()
