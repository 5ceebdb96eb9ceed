"""One-shot scores of every cell of a space, kept beside the record of the run whose supernet gave them.

A scores file is an attachment: it can be made again from the run's weights, so it is no part of the record and
changes no key. It holds plain arrays (`accuracy`, `loss`) and `meta.json` with the run's key, the code protocol
version and a SHA-256 of the arrays.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nasrepro import npz
from nasrepro.errors import UserError
from nasrepro.files import write_atomically
from nasrepro.records.spec import PROTOCOL_VERSION

FORMAT = "nasrepro-scores/1"
_META = "meta.json"


@dataclass(frozen=True)
class RunScores:
    """Scores in the space's index order; NaN on both sides where the loss was no number."""

    accuracy: np.ndarray
    """Percent, float32 (n,)."""
    loss: np.ndarray
    """Nats, float32 (n,)."""


def write_scores(path: Path, key: str, scores: RunScores) -> None:
    """Store the scores of the run `key` in one step; equal scores give equal bytes."""
    arrays = {"accuracy": scores.accuracy.astype("<f4"), "loss": scores.loss.astype("<f4")}
    meta = {"format": FORMAT, "key": key, "protocol_version": PROTOCOL_VERSION, "sha256": _digest(arrays)}
    write_atomically(path, npz.pack({**arrays, _META: npz.from_json(meta)}))


def read_scores(path: Path, key: str, size: int) -> RunScores:
    """The scores of the run `key` over a space of `size` cells.

    Raises `UserError` naming the file when it is missing, damaged, of another format or of another run.
    """
    try:
        content = path.read_bytes()
        meta = npz.to_json(npz.unpack(content, _META))
        arrays = {name: npz.unpack(content, name) for name in ("accuracy", "loss")}
    except OSError as error:
        raise UserError(f"scores '{path}' cannot be read: {error.strerror}") from error
    except (npz.Damaged, ValueError) as error:
        raise UserError(f"scores '{path}' are damaged: {error}") from error
    wanted = {"format": FORMAT, "key": key, "sha256": _digest(arrays)}
    for name, value in wanted.items():
        found = meta.get(name) if isinstance(meta, dict) else None
        if found != value:
            raise UserError(f"scores '{path}' cannot be used: {name} is '{found}' instead of '{value}'")
    for name, values in arrays.items():
        if values.shape != (size,) or values.dtype != np.float32:
            raise UserError(f"scores '{path}' cannot be used: '{name}' is {values.dtype} {values.shape}")
    return RunScores(**arrays)


def _digest(arrays: dict[str, np.ndarray]) -> str:
    return hashlib.sha256(b"".join(arrays[name].tobytes() for name in sorted(arrays))).hexdigest()
