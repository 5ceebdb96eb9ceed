"""The embedded data set, pinned."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch

from nasrepro.datasets import digits as digits_module
from nasrepro.datasets.loading import load


@pytest.fixture(scope="module")
def digits():
    return load("digits")


def test_sizes_and_balance(digits):
    assert [len(part) for part in (digits.train, digits.valid, digits.test)] == [1077, 360, 360]
    assert torch.bincount(digits.valid.labels).tolist() == [36] * 10
    assert torch.bincount(digits.test.labels).tolist() == [36] * 10
    counts = torch.bincount(digits.train.labels)
    assert counts.min() >= 102
    assert counts.max() <= 111
    assert digits.train.images.shape == (1077, 1, 8, 8)
    assert (digits.classes, digits.flip, digits.crop_padding) == (10, False, 1)
    assert digits.verified


def test_parts_are_disjoint_and_complete(digits):
    from sklearn.datasets import load_digits

    parts = [digits.train, digits.valid, digits.test]
    found = np.concatenate([np.c_[part.images.flatten(1).numpy(), part.labels.numpy()] for part in parts])
    bunch = load_digits()
    grey = np.floor(bunch.data * 255 / 16 + 0.5)
    whole = np.c_[grey, bunch.target]
    assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, whole.astype(int).tolist()))


def test_split_never_changes(digits):
    content = b"".join(
        part.images.numpy().tobytes() + part.labels.numpy().astype(np.uint8).tobytes()
        for part in (digits.train, digits.valid, digits.test)
    )
    assert hashlib.sha256(content).hexdigest() == "2a30ab3f14b8e1bc0ee2bd91ed5c0997cbc279d37f3d401061dbcf9670068f81"


def test_constants_are_those_of_the_training_part(digits):
    pixels = digits.train.images.double()
    assert digits.mean == (round(pixels.mean().item(), 2),)
    assert digits.std == (round(pixels.std(unbiased=False).item(), 2),)
    assert int(pixels.min()) == 0
    assert int(pixels.max()) == 255


def test_the_library_gives_what_is_read_without_it(monkeypatch):
    read = digits_module._stored()
    monkeypatch.setattr(digits_module, "find_spec", lambda name: None)
    for ours, theirs in zip(read, digits_module._stored(), strict=True):
        assert (ours == theirs).all()
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)


def test_the_library_is_not_loaded_for_its_file():
    code = "import sys; from nasrepro.datasets.digits import *; load_digits_data(); print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "False\n"
