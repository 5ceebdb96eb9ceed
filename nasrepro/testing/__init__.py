"""Conformance batteries: what a plug-in has to get right, checked without pytest.

Each battery returns a list of `CheckResult`, so that a program can print it and a test can assert on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from nasrepro.errors import UserError


@dataclass(frozen=True)
class CheckResult:
    """One requirement: its name, whether it holds, and what was seen."""

    name: str
    ok: bool
    detail: str


class CheckFailed(Exception):
    """Raised inside a check; its text says what was seen instead of what is required."""


def require(condition: bool, seen: str) -> None:
    """Fail the running check with `seen` unless the condition holds."""
    if not condition:
        raise CheckFailed(seen)


def refused(action: Callable[[], object], what: str) -> str:
    """The text of the `UserError` that `action` must end in; fails the running check if it does not."""
    try:
        action()
    except UserError as error:
        require(bool(str(error)) and "\n" not in str(error), f"{what}: the message is not one line: {str(error)!r}")
        return str(error)
    raise CheckFailed(f"{what} is answered instead of refused with a UserError")


def run_checks(checks: Iterable[tuple[str, Callable[[], str]]]) -> list[CheckResult]:
    """Run every check; a failed or crashed one is reported and does not stop the others.

    A check returns what it saw. Plug-ins are foreign code, so whatever they raise counts as a failure.
    """
    results = []
    for name, check in checks:
        try:
            results.append(CheckResult(name, True, check()))
        except CheckFailed as failure:
            results.append(CheckResult(name, False, str(failure)))
        except Exception as error:
            results.append(CheckResult(name, False, f"raised {type(error).__name__}: {error}"))
    return results
