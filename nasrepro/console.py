"""Where text goes: results to stdout, everything about how they come about to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_WIDE = 200


def output() -> Console:
    """For results. Tables are not squeezed when they go into a file or a pipe."""
    return _console(stderr=False)


def messages() -> Console:
    """For progress, notes and errors, so that stdout holds nothing but the answer."""
    return _console(stderr=True)


def note(text: str) -> None:
    """One line about what is going on."""
    messages().print(text, markup=False, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """One line of the answer."""
    output().print(text, markup=False, highlight=False, soft_wrap=True)


def error(text: str) -> None:
    """What went wrong, in one line whatever the text was."""
    print(f"nasrepro: {' '.join(text.split())}", file=sys.stderr)


def show_json(value: object) -> None:
    """Print a value as JSON. NaN is not JSON; a missing value is null."""
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def show_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None, aside: bool = False
) -> None:
    """Print rows of plain values; numbers are set flush right, None as a dash. `aside` prints on stderr, beside what
    the command answers."""
    from rich.table import Table
    from rich.text import Text

    rows = [list(row) for row in rows]
    table = Table(title=title, title_justify="left", header_style="bold")
    for position, column in enumerate(columns):
        numeric = all(isinstance(row[position], int | float | None) for row in rows)
        table.add_column(Text(column), justify="right" if numeric and rows else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text("–" if cell is None else str(cell)) for cell in row))
    (messages() if aside else output()).print(table)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=_WIDE)
