"""Two commands that share a store wait for each other instead of doing the same work twice."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nasrepro.errors import NasreproError


class Busy(NasreproError):
    """Somebody else holds the claim."""


class Claim:
    def watched(self, report: Callable[[int, int], None]) -> Callable[[int, int], None]:
        return report


@contextmanager
def claimed(root: Path, key: str, *, wait: bool = True) -> Iterator[Claim]:
    """Hold one byte of the store's lock file: as many locks as keys, released by the system whatever happens."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("ab") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, int(key[:14], 16), os.SEEK_SET)
        except BlockingIOError:
            raise Busy("held") from None
        yield Claim()
