"""One line to the user from deep inside a job, which may run on another machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str], None]


def _on_stderr(text: str) -> None:
    print(text, file=sys.stderr)


_listener: Listener = _on_stderr


def tell(text: str) -> None:
    """Say something that a user must know although nothing fails, such as a damaged file that is done without."""
    _listener(" ".join(text.split()))


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """Send what this process tells to `listener`; a worker process passes it on to the one that gave it work."""
    global _listener
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before
