"""A folder of images as a data set: layout, errors, registry."""

import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from nasrepro.datasets import loading, registry, verification
from nasrepro.datasets.entries import entry
from nasrepro.datasets.folders import survey
from nasrepro.datasets.loading import load, load_to_train
from nasrepro.errors import UserError
from nasrepro.splits import Split


@pytest.fixture
def own(folder_root, tmp_path):
    """A copy that may be broken."""
    shutil.copytree(folder_root, tmp_path / "own")
    return tmp_path / "own"


def imagenet(root, classes=3):
    return load_to_train("imagenet", classes=classes, allow_unverified=True, root=root)


def test_classes_are_in_the_order_of_their_names(folder_root):
    data = imagenet(folder_root)
    assert (data.classes, data.side, data.channels, data.verified) == (3, 224, 3, False)
    assert data.train.labels.tolist() == [0] * 5 + [1] * 4 + [2] * 3
    assert data.train.names[[0, 4, 5, 11]].tolist() == [
        b"n01/n01_0.JPEG", b"n01/n01_4.JPEG", b"n02/n02_0.JPEG", b"n10/n10_2.JPEG",
    ]  # fmt: skip
    assert data.test.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert data.split(Split.TEST) is data.test
    assert len(data.split(Split.VALID)) == 0
    assert data.whole() is data
    assert data.mean == pytest.approx((123.675, 116.28, 103.53))
    assert data.std == pytest.approx((58.395, 57.12, 57.375))


def test_subsets_are_balanced_and_leave_the_test_images(folder_root):
    data = imagenet(folder_root)
    small = data.limited(6)
    assert torch.bincount(small.train.labels).tolist() == [2, 2, 2]
    assert small.train.names[2] == b"n02/n02_0.JPEG"
    assert small.test is data.test
    assert data.limited(None).train is data.train
    with pytest.raises(UserError, match="at least 1"):
        data.limited(0)


def test_sizes_of_views(folder_root):
    assert imagenet(folder_root).resized(32).test.scoring_view(0, 32).shape == (3, 32, 32)
    with pytest.raises(UserError, match="side 0"):
        imagenet(folder_root).resized(0)


def test_the_hash_is_that_of_names_and_sizes(own):
    lines = sorted(
        f"{path.parent.name}/{path.name} {path.stat().st_size}\n" for path in (own / "imagenet" / "val").glob("*/*")
    )
    expected = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert survey(own / "imagenet" / "val").sha256 == imagenet(own).hashes["val"] == expected
    before = imagenet(own).hashes
    (own / "imagenet" / "train" / "n02" / "n02_1.JPEG").rename(own / "imagenet" / "train" / "n02" / "n02_7.JPEG")
    assert imagenet(own).hashes["train"] != before["train"]
    assert imagenet(own).hashes["val"] == before["val"]


def test_the_official_counts_make_it_verified(folder_root, monkeypatch):
    known = entry("imagenet")
    facts = [replace(fact, classes=3, images=count) for fact, count in zip(known.files, (12, 6), strict=True)]
    monkeypatch.setattr(loading, "entry", lambda name: replace(known, files=tuple(facts)))
    assert load_to_train("imagenet", classes=3, root=folder_root).verified
    facts[1] = replace(facts[1], images=7)
    with pytest.raises(UserError, match=r"val' has 6 images, the official set has 7"):
        load_to_train("imagenet", classes=3, root=folder_root)


def test_another_folder_needs_consent(folder_root):
    with pytest.raises(UserError, match=r"train' has 3 classes, the official set has 1,000.*--allow-unverified"):
        load_to_train("imagenet", classes=3, root=folder_root)


def broken_by(own, how):
    folder = own / "imagenet"
    if how == "gone":
        shutil.rmtree(folder)
    elif how == "no val":
        shutil.rmtree(folder / "val")
    elif how == "flat":
        shutil.rmtree(folder / "val")
        (folder / "val").mkdir()
        (folder / "val" / "ILSVRC2012_val_00000001.JPEG").write_bytes(b"x")
    elif how == "empty class":
        shutil.rmtree(folder / "train" / "n02")
        (folder / "train" / "n02").mkdir()
    elif how == "a file":
        shutil.rmtree(folder / "train")
        (folder / "train").write_text("an archive")
    else:
        (folder / "val" / "n10").rename(folder / "val" / "n11")


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("gone", "'imagenet' is not at '.*imagenet'.*NASREPRO_DATA.*imagenet/train/CLASS"),
        ("no val", "val' is missing"),
        ("flat", "val' has no classes: every class is a folder of images, '.*val/CLASS/"),
        ("empty class", r"n02' has no images; allowed: \.jpeg, \.jpg, \.png"),
        ("a file", "train' is missing"),
        ("names", "'n10' is in one of them only, like 1 others"),
    ],
)
def test_a_folder_of_another_layout_is_told_in_one_line(own, how, words):
    broken_by(own, how)
    with pytest.raises(UserError, match=words) as told:
        imagenet(own)
    assert "\n" not in str(told.value)


def test_the_number_of_classes_must_be_the_networks(folder_root, tmp_path):
    with pytest.raises(UserError, match="'imagenet' has 3 classes, the network tells 1,000 apart"):
        imagenet(folder_root, classes=1000)
    with pytest.raises(UserError, match="'digits' has 10 classes, the network tells 100 apart"):
        load_to_train("digits", classes=100)


def test_whole_data_sets_are_trained_on_without_a_validation_part():
    data, halves = load_to_train("digits", classes=10), load("digits")
    assert (len(data.train), len(data.valid)) == (len(halves.train) + len(halves.valid), 0)


def test_names(folder_root):
    with pytest.raises(UserError, match=r"'imagenet' is too large to search on.*cifar10-darts"):
        load("imagenet", root=folder_root)
    with pytest.raises(UserError, match="did you mean 'imagenet'"):
        load_to_train("imagenot", classes=3, root=folder_root)


def test_the_registry_knows_it(folder_root, tmp_path, own):
    row = next(row for row in registry.listing(tmp_path / "nowhere") if row["name"] == "imagenet")
    assert (row["state"], row["kind"], row["size"]) == ("missing", "image-folder", 154_642_401_280)
    with pytest.raises(UserError, match=r"cannot be downloaded: unpack it as 'imagenet/train/CLASS/\*\.JPEG'"):
        registry.fetch("imagenet", tmp_path / "nowhere")
    found = next(row for row in registry.listing(folder_root) if row["name"] == "imagenet")
    assert (found["state"], found["path"]) == ("unverified", str(folder_root / "imagenet"))
    checked = next(row for row in registry.verify(folder_root) if row["name"] == "imagenet")
    json.dumps(checked)
    assert [file["name"] for file in checked["files"]] == ["train", "val"]
    assert all(len(file["sha256"]) == 64 for file in checked["files"])
    broken_by(own, "flat")
    assert verification.check(entry("imagenet"), own).state == verification.DAMAGED


def test_a_listing_counts_classes_only(tmp_path, folder_root):
    root = tmp_path / "imagenet"
    for split in ("train", "val"):
        for number in range(1000):
            (root / split / f"n{number:04}").mkdir(parents=True)
    rows = {row["name"]: row for row in registry.listing(tmp_path)}
    assert rows["imagenet"]["state"] == "present"
    assert rows["imagenet"]["size"] == 154_642_401_280
    assert verification.check(entry("imagenet"), tmp_path).state == verification.DAMAGED  # nothing is in them


def test_images_stay_in_their_files(photographs):
    assert photographs.train.names.dtype.kind == "S"
    assert photographs.train.names.nbytes == 12 * len(b"n01/n01_0.JPEG")
    assert isinstance(photographs.train.take(np.array([3, 1])).labels, torch.Tensor)
