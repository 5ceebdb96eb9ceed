"""Writing so that a reader, or a crash, never meets half a file."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from nasrepro.errors import UserError


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` by `content` in one step: readers see the old file or the new one, never half of it.

    Raises `UserError` naming the folder when it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(f"cannot write into '{path.parent}': {error.strerror}") from error
    finally:
        with suppress(OSError):  # there is none after success, nor where its folder cannot be
            temporary.unlink()
