"""What goes wrong, and the exit code it deserves: 2 for bad input, 1 for a failed run."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 600  # characters of one line about an error; two paths fit


class NasreproError(Exception):
    """Base of every error that is shown to the user as one line, without a traceback."""

    exit_code = 1


class UserError(NasreproError):
    """The request cannot be carried out as given: a wrong name, a bad file, a missing table."""

    exit_code = 2


class RunFailed(NasreproError):
    """At least one run ended in an error; the others' results are kept."""


class TestSplitForbidden(NasreproError):
    """A search asked for test data or a test query. Always a programming error, never user input."""

    __test__ = False  # the name starts with "Test": keep pytest from collecting it


def nearest(value: str, allowed: Iterable[str]) -> str | None:
    """The allowed word closest to `value`, or None when nothing is close."""
    lowered = {word.lower(): word for word in allowed}
    hits = difflib.get_close_matches(value.lower(), lowered, n=1, cutoff=0.5)
    return lowered[hits[0]] if hits else None


def unknown(kind: str, value: object, allowed: Iterable[object], *, show: int = 24) -> UserError:
    """A `UserError` that names the value, the nearest match and what is allowed."""
    words = [str(word) for word in allowed]
    guess = nearest(str(value), words)
    hint = f"; did you mean '{guess}'?" if guess else ";"
    listed = ", ".join(words[:show]) + (f", … ({len(words)} in all)" if len(words) > show else "") or "none"
    return UserError(f"unknown {kind} '{value}'{hint} allowed: {listed}")


def one_line(error: BaseException) -> str:
    """Our own errors speak for themselves; of any other the type is named too. At most `_LONGEST` characters."""
    text = " ".join(str(error).split())
    if not isinstance(error, NasreproError):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
