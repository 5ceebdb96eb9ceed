"""Splits are pure functions with published or pinned values."""

import hashlib

import numpy as np
import pytest

from nasrepro.datasets import splits


def test_cifar10_halves_are_the_published_ones():
    train, valid = splits.half_split()
    assert train[[0, 10, 111]].tolist() == [0, 26, 203]
    assert valid[[0, 10, 111]].tolist() == [1, 18, 242]
    assert len(train) == len(valid) == 25_000
    assert np.array_equal(np.sort(np.concatenate([train, valid])), np.arange(50_000))
    assert (np.diff(train) > 0).all()
    assert (np.diff(valid) > 0).all()


@pytest.mark.parametrize("count", [50_000, 7])
def test_position_halves_are_the_first_and_the_last_images(count):
    train, valid = splits.position_halves(count)
    assert train.tolist() == list(range(count // 2))
    assert valid.tolist() == list(range(count // 2, count))


def test_random_order_never_changes():
    order = splits.random_order(1000, 7)
    assert np.array_equal(np.sort(order), np.arange(1000))
    assert order[:5].tolist() == [614, 37, 865, 114, 6]
    assert not np.array_equal(order, splits.random_order(1000, 8))


def test_ranks_count_earlier_images_of_the_same_class():
    labels = np.array([1, 0, 1, 1, 0])
    assert splits.ranks_within_class(labels).tolist() == [0, 0, 1, 2, 1]
    assert splits.ranks_within_class(labels, np.array([4, 3, 2, 1, 0])).tolist() == [2, 1, 1, 0, 0]


def test_balanced_subset_takes_the_first_of_each_class_and_is_nested():
    labels = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    assert splits.balanced_subset(labels, 3).tolist() == [0, 3, 6]
    assert splits.balanced_subset(labels, 5).tolist() == [0, 1, 3, 4, 6]
    smaller, larger = splits.balanced_subset(labels, 4), splits.balanced_subset(labels, 8)
    assert set(smaller) <= set(larger)


def test_balanced_subset_fills_up_from_the_other_classes():
    assert splits.balanced_subset(np.array([0, 1, 1, 1]), 3).tolist() == [0, 1, 2]


def test_balanced_parts_partition_and_are_exact_per_class():
    labels = np.random.default_rng(0).integers(0, 4, 200)
    parts = splits.balanced_parts(labels, (5, 7), seed=3)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(200))
    assert np.bincount(labels[parts[0]]).tolist() == [5] * 4
    assert np.bincount(labels[parts[1]]).tolist() == [7] * 4
    again = splits.balanced_parts(labels, (5, 7), seed=3)
    assert all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))
    other = splits.balanced_parts(labels, (5, 7), seed=4)
    assert not np.array_equal(parts[0], other[0])


@pytest.mark.parametrize("count", [10, 50_000])
def test_half_split_depends_on_its_seed(count):
    digests = {hashlib.sha256(splits.half_split(count, seed)[0].tobytes()).hexdigest() for seed in (1021, 1022, 1023)}
    assert len(digests) == 3
