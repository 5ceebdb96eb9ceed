"""A question about two rows of a comparison, and the file beside a report that keeps what was asked."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from nasrepro.errors import UserError

CONTRASTS_FILE = "contrasts.json"
"""In the folder of a report."""


class Side(BaseModel):
    """One row, by the runs that it may hold: a row's name depends on which rows stand beside it, runs do not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """As it was asked for, such as `gdas[sampler.tau_start=5]`."""
    runs: tuple[str, ...]
    """Keys of all the row's planned runs, also of those that failed."""


class Contrast(BaseModel):
    """The first row minus the second."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = ""
    """The question in the words of who asked it; empty where the rows' names say enough."""
    first: Side
    second: Side

    def shown_by(self, keys: Collection[str]) -> bool:
        """Whether both rows have a run among these keys."""
        return all(any(key in keys for key in side.runs) for side in (self.first, self.second))


_CONTRASTS = TypeAdapter(list[Contrast])


def contrasts_text(contrasts: Sequence[Contrast]) -> str:
    """The content of the file."""
    stored = [contrast.model_dump(mode="json") for contrast in contrasts]
    return json.dumps(stored, indent=1, ensure_ascii=False) + "\n"


def read_contrasts(folder: Path) -> list[Contrast]:
    """What was asked of the report in `folder`, nothing where it has no such file; raises `UserError` for a damaged
    one."""
    path = folder / CONTRASTS_FILE
    if not path.is_file():
        return []
    try:
        return _CONTRASTS.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise UserError(
            f"the contrasts in '{path}' cannot be read; remove the file to do without them: {_reason(error)}"
        ) from error


def _reason(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{first['msg']}{f' at {where}' if where else ''}"
