"""External files as the user sees them: what there is, where it stands, fetch it, verify it."""

from __future__ import annotations

from pathlib import Path

from nasrepro.datasets.downloads import fetch
from nasrepro.datasets.entries import Entry, entries, entry
from nasrepro.datasets.verification import PRESENT, EntryReport, check

__all__ = ["Entry", "entries", "entry", "fetch", "listing", "verify"]

Row = dict[str, str | int | None]


def listing(root: Path) -> list[Row]:
    """One JSON-ready row per entry: name, kind, title, state, size (bytes on disk, or of the complete files, or null),
    path, licence, source, and how to get it.

    The state is `present`, `missing`, `unverified` or `damaged`. Hashes are taken from the cache where possible, and a
    file over 500 MB that was never hashed counts as unverified; `verify` reads everything.
    """
    return [_row(check(one, root, patient=False)) for one in entries()]


def verify(root: Path) -> list[dict[str, object]]:
    """Hash every file again. One JSON-ready row per entry: name, state, problem (or null) and its files, each with
    name, state, problem and sha256 (null when there is no file)."""
    rows: list[dict[str, object]] = []
    for one in entries():
        report = check(one, root, fresh=True)
        files = [
            {"name": file.path.name, "state": file.state, "problem": file.problem or None, "sha256": file.sha256}
            for file in report.files
        ]
        rows.append({"name": one.name, "state": report.state, "problem": report.problem or None, "files": files})
    return rows


def _row(report: EntryReport) -> Row:
    known = report.entry
    size = None if known.embedded else known.size
    if report.state == PRESENT and not known.embedded and known.kind != "image-folder":
        size = sum(file.path.stat().st_size for file in report.files)
    return {
        "name": known.name,
        "kind": known.kind,
        "title": known.title,
        "state": report.state,
        "size": size,
        "path": None if known.embedded else str(report.folder),
        "licence": known.licence,
        "source": known.source,
        "how": known.how,
    }
