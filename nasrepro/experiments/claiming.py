"""Two commands that share a store wait for each other instead of doing the same work twice."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def claimed(root: Path, key: str) -> Iterator[None]:
    """Hold one byte of the store's lock file: as many locks as keys, released by the system whatever happens."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("ab") as file:
        fcntl.lockf(file, fcntl.LOCK_EX, 1, int(key[:14], 16), os.SEEK_SET)
        yield
