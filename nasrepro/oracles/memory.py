"""Numbers of one's own as a truth: arrays over a space, held in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nasrepro.errors import UserError
from nasrepro.oracles.arrays import ArrayOracle
from nasrepro.oracles.table_format import Layout, checked_array
from nasrepro.spaces.base import Space


class MemoryOracle(ArrayOracle):
    """The truth of any space that can be listed, from arrays in its index order."""

    @classmethod
    def of(
        cls,
        name: str,
        space: Space[Any],
        arrays: Mapping[str, np.ndarray],
        *,
        source: str,
        main: str = "acc",
        seeds: Mapping[str, list[int]] | None = None,
    ) -> MemoryOracle:
        """`arrays` are named as those of a table, such as `acc/digits/test/25`, with shape (n,) for means or
        (n, trials), NaN where something is missing. `source` is a sentence for captions, `main` the quantity that
        cells are judged by: `acc` in percent or `ppl`. `seeds` says of which seeds the columns of an array are.

        Raises `UserError` for a name or shape that cannot be, and without a source.
        """
        if not source.strip():
            raise UserError(f"truth '{name}' needs a source: where its numbers come from")
        index = {genotype.id: position for position, genotype in enumerate(space)}
        prefix = next(iter(index)).partition(":")[0]
        layout = Layout(f"{space.name} by its own indices", len(space), prefix, main, index.get)
        meta = {"space": space.name, "source": source, "seeds": dict(seeds or {})}
        held = {key: checked_array(key, values, layout, meta) for key, values in arrays.items()}
        return cls(_Held(held, meta, layout), name=name)


@dataclass(frozen=True)
class _Held:
    held: Mapping[str, np.ndarray]
    meta: Mapping[str, Any]
    layout: Layout

    @property
    def names(self) -> list[str]:
        return list(self.held)

    @cached_property
    def sha256(self) -> str:
        digest = hashlib.sha256(repr(sorted(self.meta.items())).encode())
        for name in sorted(self.held):
            digest.update(f"{name} {self.held[name].shape}".encode())
            digest.update(self.held[name].tobytes())
        return digest.hexdigest()

    def array(self, name: str) -> np.ndarray:
        return self.held[name].copy()
