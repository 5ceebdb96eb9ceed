"""Download an archive or single files, check the published hashes, and put the folder in place in one step."""

from __future__ import annotations

import logging
import os
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from nasrepro.datasets.entries import Archive, Entry, entry
from nasrepro.datasets.verification import PRESENT, certify, check, digest
from nasrepro.errors import UserError

_FILTER: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def fetch(name: str, root: Path, progress: bool = True) -> Path:
    """Make the files of entry `name` present below `root`; returns their folder.

    Files that are present and official are left alone. An archive of the right name that the user has put into `root`
    is used instead of a download. Files found damaged or unverified are kept beside the new ones, in a folder whose
    name ends in `.before-fetch`. Whatever happens, the folder is either complete or as before.
    Raises `UserError` for an unknown name, an entry that only a person can download (with instructions), an unwritable
    `root`, a failed download, or an archive or file with another hash.
    """
    known = entry(name)
    folder = root / known.folder
    if known.embedded or check(known, root).state == PRESENT:
        return folder
    if known.archive is None and any(fact.url is None for fact in known.files):
        raise UserError(_instructions(known, root))
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".fetch-") as temporary:
            if known.archive is None:
                new = _single_files(known, root, Path(temporary), progress)
            else:
                archive = _archive(known.archive, root, Path(temporary), progress)
                new = _extracted(known, archive, Path(temporary))
            _put_in_place(new, folder)
    except OSError as error:
        raise UserError(f"cannot write into the data folder '{root}': {error.strerror or error}") from error
    return folder


def _instructions(known: Entry, root: Path) -> str:
    if known.kind != "benchmark-file":
        return f"'{known.name}' cannot be downloaded: {known.how}"
    target = root / known.files[0].name
    return (
        f"'{known.name}' sits behind a page that a program cannot reliably fetch: {known.how}, "
        f"put it at '{target}', then run: nasrepro data convert '{target}'"
    )


def _archive(wanted: Archive, root: Path, temporary: Path, progress: bool) -> Path:
    """The archive with the published MD5: the user's own in `root`, else downloaded into `temporary`."""
    own = root / wanted.name
    if own.is_file():
        found = digest(own, "md5")
        if found != wanted.md5:
            raise UserError(
                f"'{own}' has md5 …{found[-8:]}, expected …{wanted.md5[-8:]}: replace or remove it, then fetch again"
            )
        return own
    return _downloaded(wanted.url, f"md5:{wanted.md5}", wanted.name, temporary, progress, own_place=root)


def _single_files(known: Entry, root: Path, temporary: Path, progress: bool) -> Path:
    """The entry's folder below `temporary`: every file from its own address, or the official one that is there."""
    folder = temporary / known.folder
    folder.mkdir()
    for fact, found in zip(known.files, check(known, root).files, strict=True):
        if found.state == PRESENT:
            shutil.copyfile(found.path, folder / fact.name)
            continue
        assert fact.url is not None
        place = root / known.folder
        _downloaded(fact.url, f"sha256:{fact.sha256}", fact.name, folder, progress, own_place=place)
    _flush(folder)
    return folder


def _downloaded(url: str, known_hash: str, name: str, folder: Path, progress: bool, *, own_place: Path) -> Path:
    """`url` as file `name` in `folder`; an error tells where the user may put it by hand, `own_place`."""
    import pooch

    bar = _ProgressBar(name) if progress else None
    log = pooch.get_logger()
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        path = pooch.retrieve(
            url,
            known_hash=known_hash,
            fname=name,
            path=folder,
            downloader=pooch.HTTPDownloader(progressbar=bar or False, timeout=60),
        )
    except (OSError, ValueError) as error:  # no connection, cut connection, another hash
        raise UserError(
            f"download of {url} failed, nothing was written ({_one_line(error)}); "
            f"try again, or put '{name}' into '{own_place}' yourself and run the same command"
        ) from error
    finally:
        if bar is not None:
            bar.close()
        log.setLevel(level)
    return Path(path)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _extracted(known: Entry, archive: Path, temporary: Path) -> Path:
    """The entry's folder, extracted below `temporary`, with its certificate; checked and on the disk."""
    target = temporary / "extracted"
    try:
        with tarfile.open(archive) as content:
            _refuse_escapes(content, target)
            content.extractall(target, **_FILTER)
    except (tarfile.TarError, EOFError) as error:
        raise UserError(f"'{archive.name}' cannot be unpacked: {_one_line(error)}") from error
    folder = target / known.folder
    report = check(known, target)
    absent = [file.path.name for file in report.files if not file.path.is_file()]
    if absent:
        raise UserError(f"'{archive.name}' does not contain '{known.folder}/{absent[0]}'")
    certify(known, folder)
    report = check(known, target)
    if report.state != PRESENT:
        raise UserError(f"'{archive.name}' holds another file than expected: {report.problem}")
    _flush(folder)
    return folder


def _flush(folder: Path) -> None:
    """Files that are about to be moved into place must be on the disk."""
    for file in folder.iterdir():
        with file.open("rb") as opened:
            os.fsync(opened.fileno())


def _refuse_escapes(archive: tarfile.TarFile, target: Path) -> None:
    """Raise `TarError` for links and for paths that lead outside: Python refuses them itself since 3.11.4 only."""
    inside = target.resolve()
    for member in archive.getmembers():
        plain = member.isfile() or member.isdir()
        if not plain or not (inside / member.name).resolve().is_relative_to(inside):
            raise tarfile.TarError(f"'{member.name}' is a link or leads outside")


def _put_in_place(new: Path, folder: Path) -> None:
    """Move `new` to `folder`; what was there is kept under another name."""
    if not folder.exists():
        os.replace(new, folder)
        return
    kept = folder.with_name(f"{folder.name}.before-fetch")
    number = 1
    while kept.exists():
        number += 1
        kept = folder.with_name(f"{folder.name}.before-fetch-{number}")
    os.replace(folder, kept)
    try:
        os.replace(new, folder)
    except OSError:
        os.replace(kept, folder)
        raise


class _ProgressBar:
    """A rich progress bar with the four names that pooch calls."""

    def __init__(self, label: str) -> None:
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        columns: list[Any] = [TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()]
        self._progress = Progress(*columns)
        self._task = self._progress.add_task(label, total=None)
        self._total = 0
        self._progress.start()

    @property
    def total(self) -> int:
        return self._total

    @total.setter
    def total(self, value: int) -> None:
        self._total = value
        self._progress.update(self._task, total=value)

    def update(self, amount: int) -> None:
        self._progress.advance(self._task, amount)

    def reset(self) -> None:
        self._progress.reset(self._task, total=self._total)

    def close(self) -> None:
        self._progress.stop()
