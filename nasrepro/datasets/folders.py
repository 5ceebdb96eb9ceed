"""A folder of images in the standard layout: `train/CLASS/*.JPEG` and `val/CLASS/*.JPEG`. Names and sizes only.

A class is a folder; classes and the images of a class are in the order of their names, which is the order that every
loader of this layout uses.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nasrepro.errors import UserError

SUFFIXES = (".jpeg", ".jpg", ".png")


@dataclass(frozen=True)
class FolderFacts:
    """What is in one split. `sha256` is that of the sorted lines `CLASS/NAME SIZE`; pixels are not hashed, which would
    mean to read 150 GB."""

    images: int
    sha256: str


def class_names(split: Path) -> list[str]:
    """Names of the classes of a split, sorted. Raises `UserError` where there is no folder or no class in it."""
    try:
        names = sorted(entry.name for entry in os.scandir(split) if entry.is_dir() and not entry.name.startswith("."))
    except OSError as error:
        raise UserError(f"the folder of images '{split}' cannot be read: {error.strerror}") from error
    if not names:
        raise UserError(f"'{split}' has no classes: every class is a folder of images, '{split / 'CLASS' / '*.JPEG'}'")
    return names


def class_files(split: Path) -> Iterator[tuple[str, list[os.DirEntry[str]]]]:
    """The images of each class, sorted by name. Raises `UserError`, also for a class without images."""
    for name in class_names(split):
        try:
            found = [entry for entry in os.scandir(split / name) if entry.name.lower().endswith(SUFFIXES)]
        except OSError as error:
            raise UserError(f"the class '{split / name}' cannot be read: {error.strerror}") from error
        if not found:
            raise UserError(f"the class '{split / name}' has no images; allowed: {', '.join(SUFFIXES)}")
        yield name, sorted(found, key=lambda entry: entry.name)


def survey(split: Path) -> FolderFacts:
    """Count the images of a split and hash their names and sizes. Raises `UserError`."""
    images, digest = 0, hashlib.sha256()
    for name, files in class_files(split):
        images += len(files)
        for file in files:
            digest.update(f"{name}/{file.name} {file.stat().st_size}\n".encode(errors="surrogateescape"))
    return FolderFacts(images, digest.hexdigest())
