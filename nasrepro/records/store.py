"""The run store: one JSON per finished run, written atomically, and one working folder per unfinished run.

Beside the records lie attachments that can be made again: final weights of supernets and scores of whole spaces.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from nasrepro.errors import UserError
from nasrepro.files import write_atomically
from nasrepro.records.record import SCHEMA_VERSION, RunRecord


def read_record(path: Path) -> RunRecord:
    """Load one record; raises `UserError` naming the file when it is damaged or of another schema."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"record '{path}' cannot be read; remove it to run it again: {error}") from error
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version != SCHEMA_VERSION:
        raise UserError(f"record '{path}' has schema version {version}; this nasrepro reads {SCHEMA_VERSION}")
    try:
        return RunRecord.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"record '{path}' is damaged at '{where}'; remove it to run it again: {first['msg']}"
        ) from error


def write_record(path: Path, record: RunRecord) -> None:
    """Store one record as readable JSON."""
    text = json.dumps(record.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(path, (text + "\n").encode())


def read_folder(folder: Path) -> list[RunRecord]:
    """All records of a folder, sorted by method and seed."""
    if not folder.is_dir():
        raise UserError(f"there is no folder of records at '{folder}'")
    records = [read_record(path) for path in sorted(folder.glob("*.json"))]
    return sorted(records, key=lambda r: (r.spec.benchmark, r.spec.method, r.spec.seed, r.key))


@dataclass(frozen=True)
class RunStore:
    """Records and working folders below one root, shared by every command."""

    root: Path

    def record_path(self, key: str) -> Path:
        return self.root / "records" / f"{key}.json"

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

    def __iter__(self) -> Iterator[RunRecord]:
        folder = self.root / "records"
        yield from (read_record(path) for path in sorted(folder.glob("*.json")))
