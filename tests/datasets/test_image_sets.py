"""Whole data sets: subsets, pooling, shapes."""

import numpy as np
import pytest
import torch

from nasrepro.datasets.images import ImageSet
from nasrepro.errors import UserError
from nasrepro.splits import Split


def test_limited_is_balanced_stable_and_leaves_the_test_set(tiny):
    small = tiny.limited(10, 5)
    assert torch.bincount(small.train.labels).tolist() == [2] * 5
    assert torch.equal(small.train.images, tiny.train.images[:10])
    assert torch.bincount(small.valid.labels).tolist() == [1] * 5
    assert small.test is tiny.test
    assert small.mean == tiny.mean
    assert tiny.limited(None, 1000).valid is tiny.valid
    with pytest.raises(UserError, match="at least 1"):
        tiny.limited(train=0)


@pytest.mark.parametrize("side", [4, 2, 1])
def test_resized_is_the_rounded_mean(tiny, side):
    step = 8 // side
    expected = np.empty((43, 3, side, side), np.uint8)
    pixels = tiny.train.images.numpy().astype(int)
    for row in range(side):
        for column in range(side):
            block = pixels[:, :, row * step : (row + 1) * step, column * step : (column + 1) * step]
            expected[:, :, row, column] = np.floor(block.mean((2, 3)) + 0.5)
    small = tiny.resized(side)
    assert np.array_equal(small.train.images.numpy(), expected)
    assert small.side == side
    assert torch.equal(small.train.labels, tiny.train.labels)


def test_resized_rounds_halves_up_and_shrinks_the_crop(tiny):
    images = torch.tensor([[0, 1], [0, 1]], dtype=torch.uint8).repeat(1, 1, 4, 4)
    part = ImageSet(images, torch.zeros(1, dtype=torch.int64))
    from dataclasses import replace

    small = replace(tiny, train=part).resized(4)
    assert small.train.images.unique().tolist() == [1]
    assert small.crop_padding == 1
    assert tiny.resized(8) is tiny


@pytest.mark.parametrize("side", [0, 3, 16])
def test_resized_refuses_other_sides(tiny, side):
    with pytest.raises(UserError, match=r"allowed: 1, 2, 4, 8"):
        tiny.resized(side)


def test_whole_joins_what_a_search_keeps_apart(tiny):
    whole = tiny.whole()
    assert torch.equal(whole.train.images, torch.cat([tiny.train.images, tiny.valid.images]))
    assert torch.equal(whole.train.labels, torch.cat([tiny.train.labels, tiny.valid.labels]))
    assert len(whole.valid) == 0
    assert whole.test is tiny.test
    assert whole.limited(10).resized(4).train.images.shape == (10, 3, 4, 4)


def test_split_and_to(tiny):
    assert tiny.split(Split.VALID) is tiny.valid
    assert tiny.split(Split.TEST) is tiny.test
    moved = tiny.to("cpu")
    assert torch.equal(moved.train.images, tiny.train.images)
    assert (tiny.channels, tiny.side, len(tiny.train)) == (3, 8, 43)


def test_wrong_types_are_refused():
    with pytest.raises(ValueError, match="uint8"):
        ImageSet(torch.zeros(2, 3, 8, 8), torch.zeros(2, dtype=torch.int64))
    with pytest.raises(ValueError, match="int64"):
        ImageSet(torch.zeros(2, 3, 8, 8, dtype=torch.uint8), torch.zeros(3, dtype=torch.int64))
