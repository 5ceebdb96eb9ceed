"""What is known about each external file: names, sizes, hashes, licence and how to get it (`data/registry.toml`)."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from typing import Any

from nasrepro.errors import unknown
from nasrepro.home import shipped


@dataclass(frozen=True)
class FileFact:
    """One file of an entry, relative to the entry's folder.

    With `corroborated`, a file of another size or hash is damaged. Without it (a hash known from one source only) a
    match still proves the file, but a mismatch proves nothing. `md5_tail` is the end of an MD5, as some publishers
    put it into the file's name. `about_bytes` is a size for people, never checked. With `images` it is no file but one
    split of a folder of images, known by the numbers of its classes and images. A file with a `url` is downloaded by
    itself and needs a SHA-256.
    """

    name: str
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    md5_tail: str | None = None
    corroborated: bool = True
    record_bytes: int | None = None
    about_bytes: int | None = None
    classes: int | None = None
    images: int | None = None
    url: str | None = None


@dataclass(frozen=True)
class Archive:
    """A downloadable archive that holds an entry's folder."""

    name: str
    url: str
    md5: str
    size: int


@dataclass(frozen=True)
class Entry:
    """One data set or table; an embedded one has no files. `kind` is `images`, `image-folder` (its files are splits),
    `text`, `table` or `benchmark-file`."""

    name: str
    kind: str
    title: str
    licence: str
    source: str
    how: str
    folder: str = ""
    files: tuple[FileFact, ...] = ()
    archive: Archive | None = None

    @property
    def embedded(self) -> bool:
        return not self.files

    @property
    def size(self) -> int | None:
        """Bytes on disk when complete, as far as known."""
        sizes = [file.size if file.size is not None else file.about_bytes for file in self.files]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None


@functools.cache
def entries() -> tuple[Entry, ...]:
    """Every entry of the registry, in its order."""
    content = tomllib.loads(shipped("registry.toml").read_text(encoding="utf-8"))
    return tuple(_entry(table) for table in content["entry"])


def entry(name: str) -> Entry:
    """The entry called `name`; raises `UserError` with the nearest match."""
    by_name = {one.name: one for one in entries()}
    if name not in by_name:
        raise unknown("data set", name, by_name)
    return by_name[name]


def _entry(table: dict[str, Any]) -> Entry:
    files = tuple(FileFact(**file) for file in table.pop("files", []))
    archive = table.pop("archive", None)
    return Entry(**table, files=files, archive=Archive(**archive) if archive else None)
