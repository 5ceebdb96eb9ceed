"""Finding out before hours of work whether the results can be kept."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from nasrepro.errors import UserError


def ensure_writable(folder: Path, option: str) -> None:
    """Raise `UserError` naming `option` unless files can be written into `folder`; leaves no trace.

    Permissions are tried and not asked for: they say nothing about read-only and full disks.
    """
    made: list[Path] = []
    try:
        for part in [*reversed(folder.parents), folder]:
            if not part.exists():
                part.mkdir()
                made.append(part)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
            file.flush()
    except OSError as error:
        raise UserError(f"cannot write into {option} '{folder}': {error.strerror or error}") from error
    finally:
        for part in reversed(made):
            with contextlib.suppress(OSError):  # someone else may already use it
                part.rmdir()


def ensure_report_folder(folder: Path) -> None:
    """The same for `--out`, which must also be new, empty, or a report made before."""
    from nasrepro.reporting.output import refuse_foreign

    folder = folder.expanduser()
    refuse_foreign(folder)
    ensure_writable(folder, "--out")


def records_folder(folder: Path) -> Path:
    """The folder with the records themselves: `<folder>/records` of a report or a run store, else `folder`."""
    inner = folder / "records"
    return inner if inner.is_dir() else folder
