"""Fetching, from a server on this machine."""

import functools
import hashlib
import http.server
import io
import json
import tarfile
import threading
from dataclasses import replace

import pytest

from nasrepro.datasets import downloads, registry
from nasrepro.datasets.entries import Archive, Entry, FileFact
from nasrepro.errors import UserError

CONTENT = bytes(range(256)) * 40


def tar_of(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves one archive; can promise more bytes than it sends."""

    def __init__(self, content, missing, *args):
        self.content = content
        self.missing = missing
        super().__init__(*args)

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content) + self.missing))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *args):
        pass


@pytest.fixture
def offer(monkeypatch):
    """offer(archive bytes, …): serve them, and make `fetch("thing", …)` look there. Returns the URL."""
    servers = []
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "127.0.0.1")

    def start(content, *, md5=None, missing=0, sha256=None, files=("f.bin",)):
        server = http.server.HTTPServer(("127.0.0.1", 0), functools.partial(Handler, content, missing))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        servers.append((server, thread))
        url = f"http://127.0.0.1:{server.server_port}/thing.tar.gz"
        archive = Archive("thing.tar.gz", url, md5 or hashlib.md5(content).hexdigest(), len(content))
        facts = tuple(
            FileFact(name, size=len(CONTENT), sha256=sha256, corroborated=sha256 is not None) for name in files
        )
        known = Entry("thing", "images", "", "", "", "", folder="sub", files=facts, archive=archive)
        monkeypatch.setattr(downloads, "entry", lambda name: known)
        return url

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def offer_files(offer, monkeypatch):
    """offer_files(one=…, two=…): serve these contents, each as a file of its own, known by their SHA-256."""

    def start(hashes=None, **contents):
        facts = []
        for name, content in contents.items():
            sha256 = (hashes or {}).get(name, hashlib.sha256(content).hexdigest())
            facts.append(FileFact(name, size=len(content), sha256=sha256, url=offer(content)))
        known = Entry("thing", "text", "", "", "", "", folder="sub", files=tuple(facts))
        monkeypatch.setattr(downloads, "entry", lambda name: known)

    return start


def test_single_files_are_fetched_together(offer_files, tmp_path):
    offer_files(one=b"first", two=b"second")
    folder = registry.fetch("thing", tmp_path / "new", progress=False)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"one": b"first", "two": b"second"}
    assert [path.name for path in (tmp_path / "new").iterdir() if path.name != ".hashes.json"] == ["sub"]


def test_a_single_file_with_another_hash_changes_nothing(offer_files, tmp_path):
    offer_files({"two": "0" * 64}, one=b"first", two=b"second")
    with pytest.raises(UserError, match=r"nothing was written.*put 'two' into '.*sub' yourself") as caught:
        registry.fetch("thing", tmp_path, progress=False)
    assert "\n" not in str(caught.value)
    assert [path for path in tmp_path.iterdir() if path.name != ".hashes.json"] == []


def test_an_official_file_that_is_there_is_not_fetched_again(offer_files, tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "one").write_bytes(b"first")
    (tmp_path / "sub" / "two").write_bytes(b"damage")
    offer_files(one=b"first", two=b"second")
    asked = []
    original = downloads._downloaded
    monkeypatch.setattr(downloads, "_downloaded", lambda *a, **k: asked.append(a[2]) or original(*a, **k))
    folder = registry.fetch("thing", tmp_path, progress=False)
    assert asked == ["two"]
    assert (folder / "two").read_bytes() == b"second"
    assert (tmp_path / "sub.before-fetch" / "two").read_bytes() == b"damage"


GOOD = tar_of({"sub/f.bin": CONTENT, "sub/readme.txt": b"hello"})


@pytest.mark.parametrize("progress", [False, True])
def test_fetch_puts_the_folder_in_place_with_a_certificate(offer, tmp_path, progress):
    offer(GOOD)
    root = tmp_path / "not" / "yet"
    folder = registry.fetch("thing", root, progress)
    assert folder == root / "sub"
    assert (folder / "f.bin").read_bytes() == CONTENT
    certificate = json.loads((folder / "VERIFIED.json").read_text())
    assert certificate["md5"] == hashlib.md5(GOOD).hexdigest()
    assert certificate["files"]["f.bin"]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert [path.name for path in root.iterdir() if not path.name.startswith(".hashes")] == ["sub"]


def test_what_is_present_is_not_fetched_again(offer, tmp_path):
    offer(GOOD, sha256=hashlib.sha256(CONTENT).hexdigest())
    registry.fetch("thing", tmp_path, progress=False)
    marker = tmp_path / "sub" / "mine.txt"
    marker.write_text("still here")
    registry.fetch("thing", tmp_path, progress=False)
    assert marker.exists()


def test_replaced_files_are_kept(offer, tmp_path):
    offer(GOOD)
    for number in ("", "-2"):
        (tmp_path / "sub").mkdir(exist_ok=True)
        (tmp_path / "sub" / "f.bin").write_bytes(b"wrong")
        registry.fetch("thing", tmp_path, progress=False)
        assert (tmp_path / "sub" / "f.bin").read_bytes() == CONTENT
        assert (tmp_path / f"sub.before-fetch{number}" / "f.bin").read_bytes() == b"wrong"


def test_own_archive_is_used(offer, tmp_path):
    offer(b"the server has something else", md5=hashlib.md5(GOOD).hexdigest())
    (tmp_path / "thing.tar.gz").write_bytes(GOOD)
    registry.fetch("thing", tmp_path, progress=False)
    assert (tmp_path / "sub" / "f.bin").read_bytes() == CONTENT
    assert (tmp_path / "thing.tar.gz").read_bytes() == GOOD


def test_own_archive_with_another_hash_is_refused(offer, tmp_path):
    offer(GOOD)
    (tmp_path / "thing.tar.gz").write_bytes(GOOD[:-1])
    with pytest.raises(UserError, match=r"thing\.tar\.gz' has md5 …"):
        registry.fetch("thing", tmp_path, progress=False)


def test_old_pythons_extract_and_refuse_the_same(offer, tmp_path, monkeypatch):
    """Before 3.11.4 `tarfile` had no filters; what leads outside is refused here."""
    monkeypatch.setattr(downloads, "_FILTER", {})
    offer(GOOD)
    assert (registry.fetch("thing", tmp_path / "good", progress=False) / "f.bin").read_bytes() == CONTENT
    offer(tar_of({"sub/f.bin": CONTENT, "../evil.bin": b"x"}))
    with pytest.raises(UserError, match="cannot be unpacked"):
        registry.fetch("thing", tmp_path / "bad", progress=False)
    assert not list(tmp_path.rglob("evil.bin"))


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (GOOD, {"md5": "0" * 32}, "does not match the known hash"),
        (GOOD, {"missing": 100}, "failed, nothing was written"),
        (GOOD[:-50], {}, "cannot be unpacked"),
        (b"no archive at all", {}, "cannot be unpacked"),
        (tar_of({"other/f.bin": CONTENT}), {}, "does not contain 'sub/f.bin'"),
        (tar_of({"sub/f.bin": CONTENT, "../evil.bin": b"x"}), {}, "cannot be unpacked"),
        (tar_of({"sub/f.bin": CONTENT[:-1]}), {}, "holds another file than expected"),
        (GOOD, {"sha256": "0" * 64}, "holds another file than expected"),
    ],
    ids=["hash", "cut-off", "truncated", "no-tar", "no-file", "outside", "size", "file-hash"],
)
@pytest.mark.parametrize("before", [False, True])
def test_a_failed_fetch_changes_nothing(offer, tmp_path, content, options, words, before):
    offer(content, **options)
    root = tmp_path / "root"
    root.mkdir()
    if before:
        (root / "sub").mkdir()
        (root / "sub" / "f.bin").write_bytes(b"old")
    with pytest.raises(UserError) as caught:
        registry.fetch("thing", root, progress=False)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [path.name for path in root.iterdir()] == (["sub"] if before else [])
    assert [path.name for path in tmp_path.iterdir()] == ["root"]
    if before:
        assert (root / "sub" / "f.bin").read_bytes() == b"old"


def test_no_server(offer, tmp_path, monkeypatch):
    offer(GOOD)
    known = downloads.entry("thing")
    dead = replace(known, archive=Archive("thing.tar.gz", "http://127.0.0.1:1/thing.tar.gz", "0" * 32, 1))
    monkeypatch.setattr(downloads, "entry", lambda name: dead)
    with pytest.raises(UserError, match=r"put 'thing\.tar\.gz' into .* yourself"):
        registry.fetch("thing", tmp_path, progress=False)


def test_interrupted_fetch_leaves_nothing(offer, tmp_path, monkeypatch):
    offer(GOOD)

    def interrupted(known, archive, temporary):
        (temporary / "half.bin").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(downloads, "_extracted", interrupted)
    with pytest.raises(KeyboardInterrupt):
        registry.fetch("thing", tmp_path, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_unwritable_root(offer, tmp_path):
    offer(GOOD)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write into the data folder"):
        registry.fetch("thing", tmp_path / "file" / "root", progress=False)
