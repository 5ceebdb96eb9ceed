"""Folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasrepro.errors import UserError

GENERATOR = '<meta name="generator" content="nasrepro">'
"""Stands in every page; a folder whose index.html lacks it is not ours to replace."""


@contextmanager
def replaced_folder(out: Path, own: tuple[str, ...]) -> Iterator[Path]:
    """A new folder beside `out` to write into; when the block ends well it takes the place of `out`.

    `own` names what a rendering consists of; anything else that lies in the old folder is carried over. Raises
    `UserError` when `out` cannot be written or holds something that is no rendering of ours.
    """
    target = out.expanduser().resolve()
    refuse_foreign(out)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise UserError(f"cannot write into '{out}': {error.strerror}") from error
    try:
        fresh.chmod(0o777 & ~_umask())
        yield fresh
        _carry_over(target, fresh, own)
        _swap(target, fresh)
    except OSError as error:
        raise UserError(f"cannot write into '{out}': {error.strerror or error}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def refuse_foreign(out: Path) -> None:
    """Raise `UserError` when `out` is something that a report may not replace."""
    target = out.expanduser().resolve()
    if not target.exists():
        return
    if not target.is_dir():
        raise UserError(f"'{out}' is a file; a report needs a folder")
    index = target / "index.html"
    ours = index.is_file() and GENERATOR in index.read_text(encoding="utf-8", errors="replace")[:2000]
    if not ours and any(target.iterdir()):
        raise UserError(f"folder '{out}' holds files but no report of nasrepro; name an empty or a new folder")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _carry_over(old: Path, fresh: Path, own: tuple[str, ...]) -> None:
    for entry in old.iterdir() if old.is_dir() else []:
        if entry.name in own:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, fresh / entry.name, symlinks=True)
        else:
            shutil.copy2(entry, fresh / entry.name, follow_symlinks=False)


def _swap(target: Path, fresh: Path) -> None:
    """Put `fresh` in the place of `target`; the old folder is deleted only after its successor stands."""
    if not target.exists():
        fresh.rename(target)
        return
    # the name is taken from the fresh folder's, which is unique
    old = fresh.with_name(fresh.name + ".old")
    target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
