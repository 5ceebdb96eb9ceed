"""Anybody's scores of cells, read from a CSV file.

The first line names the columns. `cell` says which cell a line is about: an index, an id such as nb201:6111, or the
architecture in the space's notation. Every other column is one ranking, higher is better; an empty field is a missing
score, and cells that no line is about are missing too.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nasrepro.errors import UserError
from nasrepro.spaces.base import Space

CELL = "cell"


@dataclass(frozen=True, eq=False)
class ScoreFile:
    """Scores by column, each float64 of shape (n,) in the space's index order, NaN where missing."""

    name: str
    """Of the file, without its folder."""
    content: bytes
    columns: Mapping[str, np.ndarray]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def read_score_file(path: Path, space: Space[Any]) -> ScoreFile:
    """Read scores of cells of `space`, one whose cells are listed.

    Raises `UserError` naming the file and the line for an unknown or repeated cell, a score that is no finite number,
    and a line that does not fit the header.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"scores '{path}' cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"scores '{path}' are not UTF-8 text: byte {error.start} cannot be read") from error
    rows = _rows(path, text)
    _, header = next(rows, (0, []))
    names = _columns(path, header)
    columns = {name: np.full(len(space), np.nan) for name in names if name != CELL}
    seen: dict[int, int] = {}
    for line, fields in rows:
        if len(fields) != len(names):
            raise _wrong(path, line, f"it has {len(fields)} fields instead of {len(names)}")
        row = dict(zip(names, fields, strict=True))
        index = _index(path, line, row.pop(CELL), space)
        if index in seen:
            raise _wrong(path, line, f"cell nb201:{index} has been in line {seen[index]} already")
        seen[index] = line
        for name, field in row.items():
            columns[name][index] = _number(path, line, name, field)
    if not seen:
        raise UserError(f"scores '{path}' have no lines below the header")
    return ScoreFile(path.name, content, columns)


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Lines with their numbers; blank ones are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield reader.line_num, [field.strip() for field in fields]
    except csv.Error as error:
        raise _wrong(path, reader.line_num, f"it is no CSV ({error})") from error


def _columns(path: Path, header: list[str]) -> list[str]:
    if CELL not in header:
        raise UserError(
            f"scores '{path}' have no column '{CELL}' in their first line '{','.join(header)[:80]}', which names the "
            "columns, such as: cell,score"
        )
    if len(header) < 2:
        raise UserError(f"scores '{path}' have no column but '{CELL}'; at least one column of scores is needed")
    for place, name in enumerate(header):
        if not name or name in header[:place]:
            raise UserError(f"scores '{path}': column {place + 1} is called '{name}'; every column needs its own name")
    return header


def _index(path: Path, line: int, text: str, space: Space[Any]) -> int:
    try:
        return int(space.parse(text).index)
    except UserError as error:
        raise _wrong(path, line, str(error)) from error


def _number(path: Path, line: int, name: str, field: str) -> float:
    if not field:
        return math.nan
    try:
        value = float(field)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _wrong(path, line, f"'{field}' in column '{name}' is no finite number; an empty field is a missing score")
    return value


def _wrong(path: Path, line: int, reason: str) -> UserError:
    return UserError(f"scores '{path}', line {line}: {reason}")
