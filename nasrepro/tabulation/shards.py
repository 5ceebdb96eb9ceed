"""A shard: the measurements of every n-th measured cell, in a file of its own.

Cells are dealt to the shards like cards, so all shards take about equally long. A shard knows the recipe, the data
and the versions it was made with; shards that differ in what was measured are never merged.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nasrepro import npz
from nasrepro.errors import UserError
from nasrepro.files import write_atomically
from nasrepro.tabulation.recipe import SPLITS, TableRecipe

FORMAT = "nasrepro-shard/1"
_META = "meta.json"


@dataclass(frozen=True, order=True)
class ShardId:
    """Shard `number` of `total`, counted from 1."""

    number: int
    total: int

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    @classmethod
    def parse(cls, text: str, most: int) -> ShardId:
        """Reads `3/8`; raises `UserError` for anything else, for more than `most` shards and for a number outside
        1…total."""
        match = re.fullmatch(r"(\d+)/(\d+)", text.strip())
        if not match or not 1 <= int(match[2]) <= most:
            raise UserError(f"shard '{text}' cannot be read; the form is i/n with n from 1 to {most:,}, as in 3/8")
        shard = cls(int(match[1]), int(match[2]))
        if not 1 <= shard.number <= shard.total:
            raise UserError(f"shard number {shard.number} is out of range; allowed: 1 to {shard.total}")
        return shard

    def of(self, cells: np.ndarray) -> np.ndarray:
        """Those of the measured cells that this shard has."""
        return cells[self.number - 1 :: self.total]

    def path(self, folder: Path) -> Path:
        return folder / f"shard-{self.number:03d}-of-{self.total:03d}.npz"


@dataclass(frozen=True)
class Shard:
    """Measurements of some cells."""

    cells: np.ndarray
    """Indices, int32 (k,)."""
    scores: np.ndarray
    """Float32 (k, trials, report epochs, splits, quantities), NaN where nothing is measured."""
    seconds: np.ndarray
    """CPU seconds of training, float32 (k, trials)."""
    made: dict[str, Any]
    """Provenance."""


def write_shard(path: Path, shard: Shard, fingerprint: str) -> None:
    """Store a finished shard in one step."""
    arrays = _arrays(shard)
    meta = {"format": FORMAT, "fingerprint": fingerprint, "made": shard.made, "sha256": _digest(arrays)}
    write_atomically(path, npz.pack({**arrays, _META: npz.from_json(meta)}))


def read_shard(path: Path, wanted: ShardId, recipe: TableRecipe, fingerprint: str, rebuild: str) -> Shard:
    """A shard from its file.

    Raises `UserError` when the file is missing, damaged, of another format, of other cells, or measured by another
    recipe or on other data; `rebuild` is the command that makes it again.
    """

    def refused(reason: str) -> UserError:
        return UserError(f"shard '{path}' cannot be used: {reason}; remove it and run: {rebuild}")

    try:
        content = path.read_bytes()
        meta = npz.to_json(npz.unpack(content, _META))
        measured, scores, seconds = (npz.unpack(content, name) for name in ("cells", "scores", "seconds"))
        shard = Shard(measured, scores, seconds, meta.get("made"))
    except OSError as error:
        raise refused(str(error.strerror)) from error
    except (npz.Damaged, ValueError, AttributeError) as error:
        raise refused(f"it is damaged ({error})") from error
    cells = wanted.of(recipe.measured())
    shape = (len(cells), recipe.trials, len(recipe.report_epochs), len(SPLITS), len(recipe.quantities))
    if meta.get("format") != FORMAT:
        raise refused(f"its format is '{meta.get('format')}', this nasrepro reads '{FORMAT}'")
    if meta.get("fingerprint") != fingerprint:
        raise refused("it was measured by another recipe, on other data or by another version of the measurement")
    if meta.get("sha256") != _digest(_arrays(shard)):
        raise refused("its numbers do not match their checksum")
    if not np.array_equal(shard.cells, cells) or shard.scores.shape != shape:
        raise refused(f"it holds other cells or trials than shard {wanted}")
    return shard


def _arrays(shard: Shard) -> dict[str, np.ndarray]:
    return {
        "cells": shard.cells.astype("<i4"),
        "scores": shard.scores.astype("<f4"),
        "seconds": shard.seconds.astype("<f4"),
    }


def _digest(arrays: dict[str, np.ndarray]) -> str:
    return hashlib.sha256(b"".join(arrays[name].tobytes() for name in sorted(arrays))).hexdigest()
