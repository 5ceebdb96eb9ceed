"""Present, missing, unverified or damaged, and the cache of hashes."""

import hashlib
import json
import os

import numpy as np
import pytest

from nasrepro.datasets import loading, verification
from nasrepro.datasets.entries import Archive, Entry, FileFact
from nasrepro.datasets.verification import DAMAGED, MISSING, PRESENT, UNVERIFIED, HashCache, certify, check
from nasrepro.errors import UserError

CONTENT = b"seven bytes and more" * 10
SHA = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT).hexdigest()


def entry_of(**fact):
    archive = Archive("a.tar.gz", "http://localhost/a.tar.gz", "0" * 32, 1)
    files = (FileFact("f.bin", **fact),)
    return Entry("thing", "images", "", "", "", "run 'get thing'", folder="sub", files=files, archive=archive)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub" / "f.bin", CONTENT)
    return tmp_path


def write(path, content, age=60):
    """A file that looks `age` seconds old, as far as the modification time goes."""
    path.write_bytes(content)
    stamp = path.stat().st_mtime - age
    os.utime(path, (stamp, stamp))


@pytest.mark.parametrize(
    ("fact", "state", "words"),
    [
        ({"size": 200, "sha256": SHA}, PRESENT, ""),
        ({"md5": MD5}, PRESENT, ""),
        ({"md5_tail": MD5[-6:]}, PRESENT, ""),
        ({"md5": MD5, "corroborated": False}, PRESENT, ""),
        ({"size": 201, "sha256": SHA}, DAMAGED, "has 200 bytes, expected 201"),
        ({"sha256": "f" * 64}, DAMAGED, f"sha256 …{SHA[-8:]}, expected …ffffffff"),
        ({"md5_tail": "zzzzzz"}, DAMAGED, "expected …zzzzzz"),
        ({"md5": "f" * 32, "corroborated": False}, UNVERIFIED, "cannot be verified"),
        ({"size": 400, "record_bytes": 100, "corroborated": False}, UNVERIFIED, "not the official file"),
        ({"size": 400, "record_bytes": 150, "corroborated": False}, DAMAGED, "truncated"),
    ],
)
def test_states(root, fact, state, words):
    report = check(entry_of(**fact), root)
    assert report.state == state
    assert words in report.problem
    assert (report.problem == "") == (state == PRESENT)
    if state != DAMAGED or "bytes" not in report.problem:
        assert report.hashes == {"f.bin": SHA}


def test_missing(root):
    (root / "sub" / "f.bin").unlink()
    report = check(entry_of(), root)
    assert report.state == MISSING
    assert "f.bin' is missing" in report.problem


def test_certificate_decides_where_the_registry_cannot(root):
    known = entry_of(size=200, md5="f" * 32, corroborated=False)
    assert check(known, root).state == UNVERIFIED
    certify(known, root / "sub")
    assert check(known, root).state == PRESENT
    write(root / "sub" / "f.bin", CONTENT[:-1] + b"!")
    report = check(known, root)
    assert report.state == DAMAGED
    assert "sha256" in report.problem
    write(root / "sub" / "f.bin", CONTENT[:-1])
    assert check(known, root).state == DAMAGED


def test_certificate_of_another_archive_or_size_is_ignored(root):
    known = entry_of(size=200, md5="f" * 32, corroborated=False)
    certify(known, root / "sub")
    path = root / "sub" / "VERIFIED.json"
    content = json.loads(path.read_text())
    for damaged in (
        {**content, "md5": "1" * 32},
        {**content, "files": {"f.bin": {"size": 100, "sha256": SHA}}},
        {**content, "files": []},
        ["nonsense"],
    ):
        path.write_text(json.dumps(damaged))
        assert check(known, root).state == UNVERIFIED


def test_certificate_cannot_overrule_the_registry(root):
    known = entry_of(size=200, sha256="f" * 64)
    certify(known, root / "sub")
    assert check(known, root).state == DAMAGED


@pytest.fixture
def counted(monkeypatch):
    calls = []
    original = verification.digest
    monkeypatch.setattr(verification, "digest", lambda path, name: calls.append(name) or original(path, name))
    monkeypatch.setattr(verification, "_SETTLED_NS", -1)  # the files of a test are always fresh
    return calls


def test_hashes_are_computed_once_until_the_file_changes(root, counted):
    path = root / "sub" / "f.bin"
    for _ in range(3):
        assert HashCache(root).digest(path, "sha256") == SHA
    assert counted == ["sha256"]
    assert HashCache(root).digest(path, "md5") == MD5
    assert HashCache(root).digest(path, "sha256", fresh=True) == SHA
    assert counted == ["sha256", "md5", "sha256"]
    stamp = path.stat()
    write(path, CONTENT[:-1] + b"!", age=0)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # same size, same modification time
    assert HashCache(root).digest(path, "sha256") != SHA


def test_a_file_just_written_is_not_remembered(root, counted, monkeypatch):
    monkeypatch.setattr(verification, "_SETTLED_NS", 10**12)
    for _ in range(2):
        HashCache(root).digest(root / "sub" / "f.bin", "sha256")
    assert len(counted) == 2


@pytest.mark.parametrize("content", ["", "[1]", '{"sha256:sub/f.bin": 3}', '{"sha256:sub/f.bin": {"stamp": 1}}'])
def test_a_damaged_cache_is_ignored(root, counted, content):
    (root / ".hashes.json").write_text(content)
    assert HashCache(root).digest(root / "sub" / "f.bin", "sha256") == SHA
    assert HashCache(root).digest(root / "sub" / "f.bin", "sha256") == SHA
    assert counted == ["sha256"]


def test_an_unwritable_cache_only_costs_time(root, counted):
    (root / ".hashes.json").mkdir()
    for _ in range(2):
        assert HashCache(root).digest(root / "sub" / "f.bin", "sha256") == SHA
    assert len(counted) == 2
    assert sorted(path.name for path in root.iterdir()) == [".hashes.json", "sub"]


def test_impatient_check_leaves_big_files(root, counted, monkeypatch):
    monkeypatch.setattr(verification, "_SLOW_BYTES", 100)
    known = entry_of(sha256=SHA)
    assert check(known, root, patient=False).state == UNVERIFIED
    assert counted == []
    assert check(known, root).state == PRESENT
    assert check(known, root, patient=False).state == PRESENT


def test_table_is_checked_by_its_container(tmp_path):
    known = Entry("t", "table", "", "", "", "", folder="nb", files=(FileFact("t.npz"),))
    (tmp_path / "nb").mkdir()
    path = tmp_path / "nb" / "t.npz"
    np.savez(path, a=np.arange(1000))
    assert check(known, tmp_path).state == PRESENT
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for damaged in (bytes(flipped), whole[:-40], b""):
        path.write_bytes(damaged)
        report = check(known, tmp_path)
        assert report.state == DAMAGED
        assert "t.npz" in report.problem


class TestLoading:
    def test_unknown_name(self):
        with pytest.raises(UserError, match="unknown data set 'cifar1O'; did you mean 'cifar10'"):
            loading.load("cifar1O")

    def test_missing_data_say_where_and_how(self, tmp_path, monkeypatch):
        monkeypatch.setenv("NASREPRO_DATA", str(tmp_path))
        with pytest.raises(UserError) as caught:
            loading.load("cifar10")
        message = str(caught.value)
        for words in ("nasrepro data fetch cifar10", str(tmp_path / "cifar-10-batches-bin"), "NASREPRO_DATA is"):
            assert words in message
        monkeypatch.delenv("NASREPRO_DATA")
        with pytest.raises(UserError, match="NASREPRO_DATA is not set"):
            loading.load("cifar100", root=tmp_path)

    @pytest.mark.parametrize("size", [30_729_999, 30_730_000])
    @pytest.mark.parametrize("consent", [False, True])
    def test_damaged_data_are_never_accepted(self, tmp_path, size, consent):
        folder = tmp_path / "cifar-10-batches-bin"
        folder.mkdir()
        for i in range(1, 6):
            with (folder / f"data_batch_{i}.bin").open("wb") as file:
                file.truncate(size)
        with (folder / "test_batch.bin").open("wb") as file:
            file.truncate(30_730_000)
        expected = (
            "has 30,729,999 bytes, expected 30,730,000" if size < 30_730_000 else r"sha256 …\w{8}, expected …1883ada5"
        )
        with pytest.raises(UserError, match=expected) as caught:
            loading.load("cifar10", root=tmp_path, allow_unverified=consent)
        assert "\n" not in str(caught.value)
        assert "nasrepro data fetch cifar10' to replace it" in str(caught.value)

    def test_unverified_cifar100_is_labelled(self, tmp_path):
        folder = tmp_path / "cifar-100-binary"
        folder.mkdir()
        records = np.zeros((200, 3074), np.uint8)
        records[:, 1] = np.tile(np.arange(100), 2)
        for name in ("train.bin", "test.bin"):
            (folder / name).write_bytes(records.tobytes())
        with pytest.raises(UserError, match=r"has 614,800 bytes, expected 153,700,000.*--allow-unverified"):
            loading.load("cifar100", root=tmp_path)
        data = loading.load("cifar100", root=tmp_path, allow_unverified=True)
        assert not data.verified
        assert [len(part) for part in (data.train, data.valid, data.test)] == [100, 100, 200]
        assert data.hashes["train.bin"] == hashlib.sha256(records.tobytes()).hexdigest()
