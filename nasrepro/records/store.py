"""The run store: one JSON per finished run, written atomically, and one working folder per unfinished run.

Beside the records lie attachments that can be made again: final weights of supernets and scores of whole spaces; and,
where truth is measured by training, one record per training (`records/standalone.py`).
Reports keep copies of their records, packed; every folder of records may hold plain and packed ones.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import shutil
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from nasrepro.errors import UserError
from nasrepro.files import write_atomically
from nasrepro.garbage import without_collection
from nasrepro.records.record import SCHEMA_VERSION, RunRecord

M = TypeVar("M", bound=BaseModel)
PLAIN, PACKED = ".json", ".json.gz"
"""What the name of a record ends with, after its key."""


def read_record(path: Path) -> RunRecord:
    """Load one record, plain or packed; raises `UserError` naming the file when it is damaged or of another schema."""
    return read_model(path, RunRecord, SCHEMA_VERSION)


def read_model(path: Path, model: type[M], schema_version: int) -> M:
    """Load a record of any kind, as `read_record` does."""
    try:
        stored = path.read_bytes()
        text = gzip.decompress(stored) if path.name.endswith(PACKED) else stored
        with contextlib.suppress(ValidationError):  # what is wrong with it is found out below
            read = model.model_validate_json(text)
            if getattr(read, "schema_version", None) == schema_version:
                return read
        content = json.loads(text)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise UserError(f"record '{path}' cannot be read; remove it to run it again: {error}") from error
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version != schema_version:
        raise UserError(f"record '{path}' has schema version {version}; this nasrepro reads {schema_version}")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"record '{path}' is damaged at '{where}'; remove it to run it again: {first['msg']}"
        ) from error


def write_record(path: Path, record: BaseModel) -> None:
    """Store one record of any kind as readable JSON, packed where the name says so; equal records give equal bytes."""
    text = json.dumps(record.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    content = text.encode()
    write_atomically(path, _packed(content) if path.name.endswith(PACKED) else content)


def _packed(content: bytes) -> bytes:
    buffer = io.BytesIO()
    # neither name nor time nor system in its header, unlike what gzip.compress writes in some versions of Python
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as file:
        file.write(content)
    return buffer.getvalue()


def write_copies(folder: Path, records: Iterable[RunRecord]) -> None:
    """Put packed copies of the records into a report's folder, by key."""
    for record in records:
        write_record(folder / f"{record.key}{PACKED}", record)


def copy_record(source: Path, target: Path) -> None:
    """Put a packed copy of a stored record at `target`; what is packed already is copied byte by byte."""
    if source.name.endswith(PACKED):
        shutil.copyfile(source, target)
    else:
        target.write_bytes(_packed(source.read_bytes()))


def record_files(folder: Path) -> list[Path]:
    """The files of the records in a folder by key; of a record that lies there twice the plain one."""
    by_key = {path.name.removesuffix(ending): path for ending in (PACKED, PLAIN) for path in folder.glob(f"*{ending}")}
    return [by_key[key] for key in sorted(by_key)]


def read_folder(folder: Path) -> list[RunRecord]:
    """All records of a folder, sorted by method and seed."""
    if not folder.is_dir():
        raise UserError(f"there is no folder of records at '{folder}'")
    records = [read_record(path) for path in record_files(folder)]
    return sorted(records, key=lambda r: (r.spec.benchmark, r.spec.method, r.spec.seed, r.key))


def read_folder_leniently(folder: Path) -> tuple[list[tuple[Path, RunRecord]], list[str]]:
    """Every record that can be read with its file, and a sentence for each that cannot, which names file and reason.

    Looks into all folders called `records` at or below `folder`, and into `folder` itself where there is none. A run
    that several reports keep is read once, from the first of them that has it in order. Raises `UserError` where there
    is no such folder.
    """
    if not folder.is_dir():
        raise UserError(f"there is no folder of records at '{folder}'")
    found: list[tuple[Path, RunRecord]] = []
    problems: list[str] = []
    known: set[str] = set()
    with without_collection():
        for path in record_files_below(folder):
            key = path.name.partition(".")[0]
            if key in known:
                continue
            try:
                found.append((path, read_record(path)))
                known.add(key)
            except UserError as error:
                problems.append(str(error))
    return found, problems


def record_files_below(folder: Path) -> list[Path]:
    """The files of `record_files` in all folders called `records` at or below `folder`, else in `folder` itself."""
    folders = sorted(path for path in [folder, *folder.rglob("records")] if path.name == "records" and path.is_dir())
    return [path for inner in folders or [folder] for path in record_files(inner)]


@dataclass(frozen=True)
class RunStore:
    """Records and working folders below one root, shared by every command."""

    root: Path

    def absolute(self) -> RunStore:
        """The same store for a process in another folder."""
        return RunStore(self.root.absolute())

    def record_path(self, key: str) -> Path:
        """Where the record of the run lies, or will lie: plain, unless someone put a packed one there."""
        plain, packed = (self.root / "records" / f"{key}{ending}" for ending in (PLAIN, PACKED))
        return packed if packed.exists() and not plain.exists() else plain

    def work_folder(self, key: str) -> Path:
        """Where a run keeps its checkpoint, progress and traceback while it is not finished."""
        return self.root / "work" / key

    def weights_path(self, key: str) -> Path:
        """Final weights of the run's supernet."""
        return self.root / "weights" / f"{key}.pt"

    def scores_path(self, key: str) -> Path:
        """One-shot scores of all cells under those weights."""
        return self.root / "scores" / f"{key}.npz"

    def get(self, key: str) -> RunRecord | None:
        """The finished record, or None when the run has yet to be done."""
        path = self.record_path(key)
        return read_record(path) if path.exists() else None

    def put(self, record: RunRecord) -> None:
        """Store a finished record and drop its working folder; the record is safe before anything is deleted."""
        write_record(self.record_path(record.key), record)
        self.drop_work(record.key)

    def drop_work(self, key: str) -> None:
        """Delete the working folder of a run that needs it no longer."""
        shutil.rmtree(self.work_folder(key), ignore_errors=True)

    def readable(self) -> list[RunRecord]:
        """All records but damaged ones."""
        records = self.root / "records"
        return [record for _, record in read_folder_leniently(records)[0]] if records.is_dir() else []

    def __iter__(self) -> Iterator[RunRecord]:
        yield from (read_record(path) for path in record_files(self.root / "records"))
