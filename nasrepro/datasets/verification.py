"""Are the files the official ones? Sizes and hashes against the registry, with a cache of hashes already computed."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nasrepro.datasets.entries import Entry, FileFact
from nasrepro.datasets.folders import class_names, survey
from nasrepro.errors import UserError

PRESENT, MISSING, UNVERIFIED, DAMAGED = "present", "missing", "unverified", "damaged"
CERTIFICATE = "VERIFIED.json"
"""Written beside files that were extracted from a hash-checked archive: their sizes and SHA-256."""

_CACHE = ".hashes.json"
_SETTLED_NS = 2_000_000_000  # a file changed more recently than this may change again without a new time stamp
_SLOW_BYTES = 500_000_000


@dataclass(frozen=True)
class FileReport:
    """What was found at one file; `problem` is a sentence for people, empty when the file is the official one."""

    path: Path
    state: str
    problem: str = ""
    sha256: str | None = None


@dataclass(frozen=True)
class EntryReport:
    """What was found of one entry: the worst state of its files."""

    entry: Entry
    folder: Path
    files: tuple[FileReport, ...] = field(default=())

    @property
    def state(self) -> str:
        for state in (MISSING, DAMAGED, UNVERIFIED):
            if any(file.state == state for file in self.files):
                return state
        return PRESENT

    @property
    def problem(self) -> str:
        """The first file's problem in the worst state; empty when all is well."""
        return next((file.problem for file in self.files if file.state == self.state), "")

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 by file name, of the files that were hashed."""
        return {file.path.name: file.sha256 for file in self.files if file.sha256}


def write_json(path: Path, content: object) -> None:
    """Replace `path` in one step by readable JSON. Raises `OSError`."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def digest(path: Path, algorithm: str) -> str:
    """Hexadecimal hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


class HashCache:
    """Hashes of files below `root`, remembered as long as size and time stamps stay the same.

    The memory is a small file in `root`; when that cannot be read or written, hashes are simply computed again.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[str, Any] = self._load()

    def digest(self, path: Path, algorithm: str, *, fresh: bool = False) -> str:
        """The file's hash, from memory unless `fresh`. Raises `OSError`."""
        stamp = self._stamp(path)
        key = f"{algorithm}:{path.relative_to(self.root).as_posix()}"
        known = None if fresh else self._known.get(key)
        if isinstance(known, dict) and known.get("stamp") == stamp and isinstance(known.get("hash"), str):
            return str(known["hash"])
        found = digest(path, algorithm)
        if stamp == self._stamp(path) and time.time_ns() - max(stamp[1:]) > _SETTLED_NS:
            self._known = {**self._load(), key: {"stamp": stamp, "hash": found}}
            self._save()
        return found

    def knows(self, path: Path, algorithm: str) -> bool:
        """Whether `digest` would answer without reading the file."""
        known = self._known.get(f"{algorithm}:{path.relative_to(self.root).as_posix()}")
        return isinstance(known, dict) and known.get("stamp") == self._stamp(path)

    @staticmethod
    def _stamp(path: Path) -> list[int]:
        # The change time is kept too: tools that preserve the modification time cannot set it.
        status = path.stat()
        return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]

    def _load(self) -> dict[str, Any]:
        try:
            content = json.loads((self.root / _CACHE).read_bytes())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _save(self) -> None:
        try:
            write_json(self.root / _CACHE, self._known)
        except OSError:
            return  # a read-only data folder only costs time


def check(entry: Entry, root: Path, *, fresh: bool = False, patient: bool = True) -> EntryReport:
    """Look at the files of `entry` below `root`.

    `fresh` reads every file again instead of trusting the cache; without `patient`, a file over 500 MB that has not
    been hashed before is reported as unverified instead of being read, and the images of a folder are not counted.
    """
    folder = root / entry.folder
    cache = HashCache(root)
    certificate = _certificate(entry, folder)

    def hashed(path: Path, algorithm: str) -> str | None:
        if not patient and path.stat().st_size > _SLOW_BYTES and not cache.knows(path, algorithm):
            return None
        return cache.digest(path, algorithm, fresh=fresh)

    reports = []
    for fact in entry.files:
        path = folder / fact.name
        try:
            if not path.exists() or path.is_dir() != (entry.kind == "image-folder"):
                reports.append(FileReport(path, MISSING, f"'{path}' is missing"))
            elif entry.kind == "image-folder":
                reports.append(_check_folder(path, fact, patient))
            elif entry.kind == "table":
                reports.append(_check_table(path, hashed))
            else:
                reports.append(_check_file(path, certificate.get(fact.name, fact), hashed))
        except OSError as error:
            reports.append(FileReport(path, DAMAGED, f"'{path}' cannot be read: {error.strerror}"))
    return EntryReport(entry, folder, tuple(reports))


def _check_file(path: Path, fact: FileFact, hashed: Callable[[Path, str], str | None]) -> FileReport:
    size = path.stat().st_size
    if fact.size is not None and size != fact.size:
        problem = f"'{path}' has {size:,} bytes, expected {fact.size:,}"
        whole = fact.record_bytes is not None and size > 0 and size % fact.record_bytes == 0
        if fact.corroborated or not whole:
            return FileReport(path, DAMAGED, f"{problem}: truncated or another file")
        return FileReport(path, UNVERIFIED, f"{problem}: not the official file", hashed(path, "sha256"))
    sha256 = hashed(path, "sha256")
    if sha256 is None:
        return FileReport(path, UNVERIFIED, f"'{path}' was not checked yet: run 'nasrepro data verify'")
    for algorithm, expected in (("sha256", fact.sha256), ("md5", fact.md5), ("md5", fact.md5_tail)):
        if expected is None:
            continue
        found = sha256 if algorithm == "sha256" else hashed(path, algorithm)
        if found is None or not found.endswith(expected):
            problem = f"'{path}' has {algorithm} …{(found or '')[-8:]}, expected …{expected[-8:]}"
            if fact.corroborated:
                return FileReport(path, DAMAGED, f"{problem}: damaged or another file", sha256)
            return FileReport(path, UNVERIFIED, f"{problem}: cannot be verified", sha256)
    return FileReport(path, PRESENT, sha256=sha256)


def _check_table(path: Path, hashed: Callable[[Path, str], str | None]) -> FileReport:
    """A converted table has no published hash; its container's own checksums must hold."""
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
    except (zipfile.BadZipFile, EOFError):
        return FileReport(path, DAMAGED, f"'{path}' is damaged: not a complete .npz file")
    if bad is not None:
        return FileReport(path, DAMAGED, f"'{path}' is damaged: checksum of '{bad}' is wrong")
    return FileReport(path, PRESENT, sha256=hashed(path, "sha256"))


def _check_folder(path: Path, fact: FileFact, patient: bool) -> FileReport:
    """Nobody publishes hashes of an unpacked folder, but everybody the numbers of its classes and images."""
    counts: dict[str, tuple[int, int | None]] = {}
    sha256 = None
    try:
        if patient:
            found = survey(path)
            counts, sha256 = {"images": (found.images, fact.images)}, found.sha256
        counts = {"classes": (len(class_names(path)), fact.classes), **counts}
    except UserError as error:
        return FileReport(path, DAMAGED, str(error))
    for what, (count, expected) in counts.items():
        if count != expected:
            problem = f"'{path}' has {count:,} {what}, the official set has {expected:,}"
            return FileReport(path, UNVERIFIED, problem, sha256)
    return FileReport(path, PRESENT, sha256=sha256)


def certify(entry: Entry, folder: Path) -> None:
    """Record sizes and SHA-256 of the files in `folder`, just extracted from the archive with the published MD5."""
    assert entry.archive is not None
    files = {
        fact.name: {"size": (folder / fact.name).stat().st_size, "sha256": digest(folder / fact.name, "sha256")}
        for fact in entry.files
    }
    content = {"archive": entry.archive.name, "md5": entry.archive.md5, "files": files}
    write_json(folder / CERTIFICATE, content)


def _certificate(entry: Entry, folder: Path) -> dict[str, FileFact]:
    """Facts from the certificate beside the files, for files whose own hash is not corroborated."""
    try:
        content = json.loads((folder / CERTIFICATE).read_bytes())
        if entry.archive is None or content["md5"] != entry.archive.md5:
            return {}
        recorded = {name: (int(fact["size"]), str(fact["sha256"])) for name, fact in content["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {
        fact.name: FileFact(fact.name, *recorded[fact.name])
        for fact in entry.files
        if not fact.corroborated and recorded.get(fact.name, (None, ""))[0] == fact.size
    }
