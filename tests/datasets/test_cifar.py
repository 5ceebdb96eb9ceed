"""The binary readers, on files written by the tests and on the real ones where they are."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from nasrepro.datasets import cifar, splits
from nasrepro.datasets.loading import load
from nasrepro.errors import UserError

REAL = Path(os.environ.get("NASREPRO_DATA", "/nowhere"))


def write_records(path, count, label_columns, seed):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (count, 3072), dtype=np.uint8)
    path.write_bytes(np.concatenate([np.asarray(label_columns, np.uint8).T, pixels], axis=1).tobytes())
    return pixels.reshape(count, 3, 32, 32)


@pytest.fixture
def cifar10_folder(tmp_path):
    pixels, labels = [], []
    for i, name in enumerate((*cifar.CIFAR10_TRAIN_FILES, "test_batch.bin")):
        labels.append(np.random.default_rng(100 + i).integers(0, 10, 20))
        pixels.append(write_records(tmp_path / name, 20, [labels[-1]], i))
    return tmp_path, pixels, labels


@pytest.mark.parametrize("chunk", [7, 20, 10_000])
def test_cifar10_is_read_and_halved(cifar10_folder, monkeypatch, chunk):
    monkeypatch.setattr(cifar, "_CHUNK", chunk)
    folder, pixels, labels = cifar10_folder
    train, valid, test = cifar.read_cifar10(folder, per_file=20)
    all_pixels, all_labels = np.concatenate(pixels[:5]), np.concatenate(labels[:5])
    for part, indices in zip((train, valid), splits.half_split(100), strict=True):
        assert np.array_equal(part.images.numpy(), all_pixels[indices])
        assert np.array_equal(part.labels.numpy(), all_labels[indices])
    assert np.array_equal(test.images.numpy(), pixels[5])
    assert np.array_equal(test.labels.numpy(), labels[5])


def test_cifar100_uses_fine_labels_and_never_searches_on_test_images(tmp_path):
    fine = np.random.default_rng(0).permutation(np.repeat(np.arange(100), 4))
    pixels = write_records(tmp_path / "train.bin", 400, [fine // 5, fine], 1)
    test_pixels = write_records(tmp_path / "test.bin", 400, [fine // 5, fine], 2)
    train, valid, test = cifar.read_cifar100(tmp_path, train=400, test=400)
    for half, indices in zip((train, valid), splits.half_split(400), strict=True):
        assert np.array_equal(half.images.numpy(), pixels[indices])
        assert np.array_equal(half.labels.numpy(), fine[indices])
    assert np.array_equal(test.images.numpy(), test_pixels)
    assert np.array_equal(test.labels.numpy(), fine)


def test_halves_by_position_keep_the_stored_order(cifar10_folder):
    folder, pixels, labels = cifar10_folder
    train, valid, test = cifar.read_cifar10(folder, per_file=20, halves=splits.position_halves)
    assert np.array_equal(torch.cat([train.images, valid.images]).numpy(), np.concatenate(pixels[:5]))
    assert np.array_equal(valid.labels.numpy(), np.concatenate(labels[:5])[50:])
    assert np.array_equal(test.images.numpy(), pixels[5])


def test_truncated_file_is_named_with_both_sizes(cifar10_folder):
    path = cifar10_folder[0] / "data_batch_4.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"data_batch_4\.bin' has 61,459 bytes, expected 61,460"):
        cifar.read_cifar10(cifar10_folder[0], per_file=20)


def test_label_out_of_range_is_refused(cifar10_folder):
    path = cifar10_folder[0] / "test_batch.bin"
    path.write_bytes(b"\x0a" + path.read_bytes()[1:])
    with pytest.raises(UserError, match="label 10, allowed: 0 to 9"):
        cifar.read_cifar10(cifar10_folder[0], per_file=20)


def test_missing_file_is_named(cifar10_folder):
    (cifar10_folder[0] / "data_batch_2.bin").unlink()
    with pytest.raises(UserError, match=r"data_batch_2\.bin' cannot be read"):
        cifar.read_cifar10(cifar10_folder[0], per_file=20)


@pytest.mark.skipif(not (REAL / "cifar-10-batches-bin").is_dir(), reason="needs CIFAR-10 under NASREPRO_DATA")
def test_real_cifar10():
    data = load("cifar10")
    assert data.verified
    assert len(data.hashes) == 6
    assert [len(part) for part in (data.train, data.valid, data.test)] == [25_000, 25_000, 10_000]
    counts = torch.bincount(data.train.labels) + torch.bincount(data.valid.labels)
    assert counts.tolist() == [5000] * 10
    assert torch.bincount(data.test.labels).tolist() == [1000] * 10
    assert data.train.labels[0] == 6  # the first training image is the well-known frog
    assert data.train.images[0, :, 0, 0].tolist() == [59, 62, 63]
    assert data.test.labels[0] == 3
    pixels = torch.cat([data.train.images, data.valid.images])
    for channel in range(3):  # channel by channel: the whole as floating point would take a gigabyte
        assert pixels[:, channel].float().mean().item() == pytest.approx(data.mean[channel], abs=0.2)
        assert pixels[:, channel].float().std().item() == pytest.approx(data.std[channel], abs=0.2)
    digests = [{hashlib.md5(image).digest() for image in part.images.numpy()} for part in (data.train, data.valid)]
    assert not digests[0] & digests[1]


@pytest.mark.skipif(not (REAL / "cifar-10-batches-bin").is_dir(), reason="needs CIFAR-10 under NASREPRO_DATA")
def test_real_cifar10_as_darts_cuts_it():
    data = load("cifar10-darts")
    assert data.verified
    assert [len(part) for part in (data.train, data.valid, data.test)] == [25_000, 25_000, 10_000]
    third = np.fromfile(REAL / "cifar-10-batches-bin" / "data_batch_3.bin", np.uint8).reshape(-1, 3073)
    assert np.array_equal(data.train.images[-1].flatten().numpy(), third[4_999, 1:])
    assert np.array_equal(data.valid.images[0].flatten().numpy(), third[5_000, 1:])
    for channel in range(3):
        pixels = torch.cat([data.train.images[:, channel], data.valid.images[:, channel]]).float()
        assert pixels.mean().item() == pytest.approx(data.mean[channel], abs=0.02)
        assert pixels.std().item() == pytest.approx(data.std[channel], abs=0.02)


@pytest.mark.skipif(not (REAL / "cifar-100-binary").is_dir(), reason="needs CIFAR-100 under NASREPRO_DATA")
def test_cifar100_of_darts_reads_the_same_files_with_the_constants_of_cifar10():
    ours, theirs = (load(name, allow_unverified=True) for name in ("cifar100-darts", "cifar100"))
    assert ours.hashes == theirs.hashes
    assert (ours.mean, ours.classes) == (cifar.DARTS_MEAN, 100)
    assert torch.equal(ours.test.images, theirs.test.images)
    labels = np.fromfile(REAL / "cifar-100-binary" / "train.bin", np.uint8).reshape(-1, 3074)[:, 1]
    assert np.array_equal(ours.whole().train.labels.numpy(), labels)


@pytest.mark.skipif(not (REAL / "cifar-100-binary").is_dir(), reason="needs CIFAR-100 under NASREPRO_DATA")
def test_unofficial_cifar100_needs_consent():
    from nasrepro.datasets.entries import entry
    from nasrepro.datasets.verification import PRESENT, check

    official = check(entry("cifar100"), REAL).state == PRESENT
    if not official:
        with pytest.raises(UserError, match="--allow-unverified"):
            load("cifar100")
    data = load("cifar100", allow_unverified=True)
    assert data.verified == official
    assert data.classes == 100
    assert len(data.train) == len(data.valid)
    assert set(data.hashes) == {"train.bin", "test.bin"}
