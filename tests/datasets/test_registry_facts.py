"""What the registry says of every data set, and what it finds in a folder."""

import json

import pytest

from nasrepro.datasets import registry
from nasrepro.errors import UserError


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nasbench201-v1_1", ["NAS-Bench-201-v1_1-096897.pth", "4.7 GB", "096897", "data convert"]),
        ("nasbench201-v1_0", ["NAS-Bench-201-v1_0-e61699.pth", "2.2 GB", "e61699", "data convert"]),
        ("nats-tss", ["NATS-tss-v1_0-3ffb9-simple.tar", "1,145,989,120 bytes", "data convert"]),
        ("nb201", ["cannot be downloaded", "nasrepro data convert FILE"]),
    ],
)
def test_official_files_come_with_instructions(tmp_path, name, words):
    with pytest.raises(UserError) as caught:
        registry.fetch(name, tmp_path)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_unknown_name(tmp_path):
    with pytest.raises(UserError, match="did you mean 'cifar10'"):
        registry.fetch("cifar-10", tmp_path)


def test_registry_is_complete():
    known = registry.entries()
    assert len({one.name for one in known}) == len(known)
    for one in known:
        assert one.licence
        assert one.source.startswith("https://")
        assert one.how
    alone = [(one.kind, file) for one in known for file in one.files if file.url is not None]
    assert {kind for kind, _ in alone} == {"text"}
    assert all(file.sha256 and file.size and file.url.startswith("https://") for _, file in alone)
    assert sum(file.size or 0 for file in registry.entry("cifar10").files) == 60_000 * 3073
    assert sum(file.size or 0 for file in registry.entry("cifar100").files) == 60_000 * 3074


def test_listing_and_verify_of_an_empty_folder(tmp_path):
    rows = {row["name"]: row for row in registry.listing(tmp_path)}
    json.dumps(rows)
    embedded = {"digits", "grammar"}
    assert {name for name, row in rows.items() if row["state"] == "present"} == embedded
    assert {row["state"] for name, row in rows.items() if name not in embedded} == {"missing"}
    assert rows["cifar10"]["size"] == 184_380_000
    assert rows["nb201"]["size"] is None
    assert rows["nats-tss"]["kind"] == "benchmark-file"
    verified = {row["name"]: row for row in registry.verify(tmp_path)}
    json.dumps(verified)
    assert verified["cifar10"]["state"] == "missing"
    assert "data_batch_1.bin' is missing" in verified["cifar10"]["problem"]
    assert verified["digits"]["problem"] is None


def test_listing_finds_a_table(tmp_path):
    import numpy as np

    (tmp_path / "nb201").mkdir()
    np.savez(tmp_path / "nb201" / "nasbench201.npz", a=np.zeros(3))
    row = next(row for row in registry.listing(tmp_path) if row["name"] == "nb201")
    assert row["state"] == "present"
    assert row["size"] == (tmp_path / "nb201" / "nasbench201.npz").stat().st_size
