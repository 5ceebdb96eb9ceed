"""The file behind a table, format `nasrepro-table/1`: one `.npz` of plain arrays over a space in its index order.

Array names are `acc|ppl|loss|trials/<dataset>/<split>/<epochs>` and `time/<dataset>/<epochs>`; `acc` is in percent,
`ppl` a perplexity, `loss` in nats, `time` in seconds of training. The genotypes of a space are judged by one of `acc`
and `ppl`. Values are float32 of shape (n,), a mean over trials, or (n, trials) with NaN for a missing trial; `trials`
(int8) counts the trials behind a mean. `meta.json` is JSON as uint8 bytes: `format`, `space`, `order`, `source`,
`units` and, optionally, `seeds` (array name → the seed of each column), `trials` (array name → trials behind every
mean), `verified`, `licence` and `notes`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from nasrepro import npz
from nasrepro.errors import UserError, unknown
from nasrepro.files import write_atomically
from nasrepro.spaces import nb201
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.darts_rnn_text import from_id

FORMAT = "nasrepro-table/1"
META = "meta.json"
UNITS = {"acc": "percent", "ppl": "perplexity", "loss": "nats", "time": "seconds"}
_NAME = re.compile(r"(?:(?:acc|ppl|loss|trials)/[^/]+/(?:train|valid|test)|time/[^/]+)/[1-9]\d*")


def _number(identifier: str) -> int | None:
    number = identifier.partition(":")[2]
    return int(number) if number.isdecimal() else None


def _recurrent(identifier: str) -> int | None:
    return from_id(identifier).index


@dataclass(frozen=True)
class Layout:
    """How the arrays of one space are laid out: the name of the index order and the number of genotypes."""

    order: str
    size: int
    prefix: str
    """Of the ids of its genotypes."""
    main: str = "acc"
    """The quantity that genotypes are judged by."""
    read: Callable[[str], int | None] = _number
    """The index of the genotype with an id that begins with the prefix; None where there is none."""

    def index(self, identifier: str) -> int | None:
        """The place of the genotype with this id; None for one of another space."""
        return self.read(identifier) if identifier.partition(":")[0] == self.prefix else None


LAYOUTS = {nb201.NB201Space.name: Layout("nas-bench-201", nb201.SIZE, "nb201")}
for _space in (RnnSpace(2), RnnSpace(3)):
    LAYOUTS[_space.name] = Layout(
        f"{_space.name} by its own indices", len(_space), f"rnn{_space.nodes}", "ppl", _recurrent
    )


class TableFile:
    """A table's bytes, checked on opening; an array is decoded and checked when it is asked for."""

    def __init__(self, path: Path, *, space: str, remedy: str) -> None:
        """`remedy` is the command that makes the table.

        Raises `UserError` when the file is missing, damaged, or not a table of this format, space and order.
        """
        self.path, self._remedy = path, remedy
        self.layout = _layout(space)
        try:
            self._content = path.read_bytes()
        except FileNotFoundError:
            raise UserError(f"there is no table at '{path}'; this makes one: {remedy}") from None
        except OSError as error:
            raise UserError(f"table '{path}' cannot be read: {error.strerror}") from error
        try:
            self.names = npz.names(self._content)
        except npz.Damaged as error:
            raise self._damaged(str(error)) from error
        self.meta = self._read_meta(space)
        for name in self.names:
            if name != META and not _NAME.fullmatch(name):
                raise self._damaged(f"'{name}' is no name of a {FORMAT} array")

    def array(self, name: str) -> np.ndarray:
        """One array, read-only; raises `UserError` when its bytes, type or shape are not as they should be."""
        values = self._decode(name)
        problem = _problem(name, values, self.layout, self.meta)
        if problem:
            raise self._damaged(problem)
        return values

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self._content).hexdigest()

    def _decode(self, name: str) -> np.ndarray:
        try:
            return npz.unpack(self._content, name)
        except npz.Damaged as error:
            raise self._damaged(str(error)) from error

    def _read_meta(self, space: str) -> dict[str, Any]:
        if META not in self.names:
            raise self._damaged(f"it has no {META}, so it is not a {FORMAT} table")
        try:
            meta = npz.to_json(self._decode(META))
        except ValueError as error:
            raise self._damaged(f"its {META} is not JSON") from error
        found = meta.get("format") if isinstance(meta, dict) else None
        if found != FORMAT:
            raise UserError(
                f"table '{self.path}' has format '{found}'; this nasrepro reads '{FORMAT}', made with: {self._remedy}"
            )
        if meta.get("space") != space:
            raise UserError(f"table '{self.path}' is over space '{meta.get('space')}', not '{space}'")
        if meta.get("order") != self.layout.order:
            raise UserError(f"table '{self.path}' is in order '{meta.get('order')}', not '{self.layout.order}'")
        return dict(meta)

    def _damaged(self, reason: str) -> UserError:
        return UserError(
            f"table '{self.path}' cannot be used: {reason}; restore it or make it again with: {self._remedy}"
        )


def write_table(path: Path, arrays: Mapping[str, np.ndarray], meta: Mapping[str, object]) -> Path:
    """Write a table in one step; equal arrays and meta give equal bytes.

    `arrays` are named as above, `meta` holds at least `space` and `source`; format, order and units are filled in.
    Raises `UserError` for a wrong name, type or shape and for a folder that cannot be written.
    """
    layout = _layout(str(meta.get("space")))
    if not meta.get("source"):
        raise UserError(f"table '{path}' needs a 'source' in its meta: where the numbers come from")
    full = {"units": UNITS, **meta, "format": FORMAT, "order": layout.order}
    stored: dict[str, np.ndarray] = {META: npz.from_json(full)}
    for name, given in arrays.items():
        stored[name] = checked_array(name, given, layout, full, what=f"table '{path}' cannot be written: ")
    write_atomically(path, npz.pack(stored))
    return path


def checked_array(
    name: str, given: np.ndarray, layout: Layout, meta: Mapping[str, Any], *, what: str = ""
) -> np.ndarray:
    """An array in the type that its name asks for. Raises `UserError`, which begins with `what`, for one that a table
    cannot hold."""
    if not _NAME.fullmatch(name):
        raise UserError(f"'{name}' is no name of a {FORMAT} array, such as 'acc/cifar10/test/200'")
    values = given.astype(np.int8 if name.startswith("trials/") else np.float32)
    problem = _problem(name, values, layout, meta)
    if problem:
        raise UserError(f"{what}{problem}")
    return values


def _layout(space: str) -> Layout:
    if space not in LAYOUTS:
        raise unknown("space of a table", space, LAYOUTS)
    return LAYOUTS[space]


def _problem(name: str, values: np.ndarray, layout: Layout, meta: Mapping[str, Any]) -> str | None:
    """What is wrong with an array, in words, or None."""
    wanted = np.int8 if name.startswith("trials/") else np.float32
    if values.dtype != wanted:
        return f"array '{name}' is of type {values.dtype} instead of {np.dtype(wanted)}"
    if values.ndim not in (1, 2) or (values.ndim == 2 and name.startswith("trials/")):
        return f"array '{name}' has shape {values.shape}; allowed: ({layout.size},) or ({layout.size}, trials)"
    if values.shape[0] != layout.size:
        return f"array '{name}' covers {values.shape[0]} genotypes instead of {layout.size}"
    seeds = meta.get("seeds", {}).get(name)
    if seeds is not None and (values.ndim != 2 or len(seeds) != values.shape[1]):
        return f"array '{name}' of shape {values.shape} does not match its {len(seeds)} seeds"
    return None
