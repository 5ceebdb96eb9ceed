"""Which record a user means: a file, or a run by the beginning of its key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from nasrepro.errors import UserError, nearest
from nasrepro.records.store import RunStore, record_files, record_files_below

SHORTEST = 6
"""Hexadecimal digits that a key must at least be named by."""


def find_record(text: str, store: RunStore, published: Sequence[Path] = ()) -> Path:
    """The file of a record: `text` is its path, or the key of a run in the store or below one of the `published`
    folders, or the beginning of one.

    A run that is kept in several places is taken from the first, the store before all. Raises `UserError` where there
    is none, or where several runs begin so.
    """
    path = Path(text).expanduser()
    if path.is_file():
        return path
    places = [store.root, *published]
    files = record_files(store.root / "records")
    files += [file for folder in published if folder.is_dir() for file in record_files_below(folder)]
    by_key: dict[str, Path] = {}
    for file in files:
        by_key.setdefault(file.name.split(".")[0], file)
    where = " or below ".join(f"'{place}'" for place in places)
    if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST},}}", text):
        raise UserError(
            f"there is no record '{text}'; allowed: a file, or at least the first {SHORTEST} digits of the key of a "
            f"run in {where}"
        )
    found = sorted(key for key in by_key if key.startswith(text))
    if len(found) > 1:
        raise UserError(f"{len(found)} runs have a key that begins with '{text}': {', '.join(found)}")
    if not found:
        guess = nearest(text, by_key)
        hint = f"did you mean '{guess}'?" if guess else f"there are {len(by_key)} runs"
        raise UserError(f"no run in {where} has a key that begins with '{text}'; {hint}")
    return by_key[found[0]]
