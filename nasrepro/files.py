"""Writing so that a reader, or a crash, never meets half a file."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from nasrepro.errors import UserError


def write_atomically(path: Path, content: bytes, *, previous: Path | None = None) -> None:
    """Replace `path` by `content` in one step: readers see the old file or the new one, never half of it.

    Where `previous` is given, what `path` held is kept there; a crash between the two steps leaves nothing at `path`
    and the old file at `previous`. Raises `UserError` naming the folder when it cannot be written; no content
    is lost then.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if previous is not None:
            with suppress(FileNotFoundError):  # the first one has none
                os.replace(path, previous)
        os.replace(temporary, path)
        if previous is None:  # otherwise a loss of power costs one state, and every one would cost milliseconds
            _settle(path.parent)
    except OSError as error:
        raise UserError(f"cannot write into '{path.parent}': {error.strerror}") from error
    finally:
        with suppress(OSError):  # there is none after success, nor where its folder cannot be
            temporary.unlink()


def _settle(folder: Path) -> None:
    """Have the names in a folder survive a loss of power, where the system can do that."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
