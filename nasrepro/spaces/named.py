"""Cells of a space under the names they are known by, with what was printed about them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from nasrepro.errors import unknown

G = TypeVar("G")
R = TypeVar("R")


@dataclass(frozen=True)
class Named(Generic[G, R]):
    """A genotype that others refer to by name."""

    name: str
    aliases: tuple[str, ...]
    kind: str
    """`published` by the papers that are reproduced here, `baseline` from elsewhere, `superseded` by its authors, or
    `probe`: watched or derived along the way."""
    source: str
    genotype: G
    results: tuple[R, ...]


class NamedCells(Generic[G, R]):
    """Those of one file beside this one, whose genotypes `read` reads and whose results become `result`."""

    def __init__(self, file: str, read: Callable[[str], G], result: Callable[..., R]) -> None:
        self._file, self._read, self._result = file, read, result

    @cached_property
    def cells(self) -> Mapping[str, Named[G, R]]:
        """All of them by name, the papers' own first."""
        text = resources.files("nasrepro.spaces").joinpath(self._file).read_text(encoding="utf-8")
        found = [self._cell(entry) for entry in json.loads(text)["cells"]]
        return MappingProxyType({cell.name: cell for cell in found})

    def find(self, name: str) -> Named[G, R] | None:
        """The cell with this name or alias, in any case of letters."""
        return self._by_lower_name.get(name.lower())

    def get(self, name: str) -> Named[G, R]:
        """As `find`; raises `UserError` with the nearest name."""
        found = self.find(name)
        if found is None:
            raise unknown("cell", name, self.cells)
        return found

    def _cell(self, entry: Mapping[str, Any]) -> Named[G, R]:
        return Named(
            name=entry["name"],
            aliases=tuple(entry["aliases"]),
            kind=entry["kind"],
            source=entry["source"],
            genotype=self._read(entry["genotype"]),
            results=tuple(self._result(**result) for result in entry["results"]),
        )

    @cached_property
    def _by_lower_name(self) -> dict[str, Named[G, R]]:
        return {name.lower(): cell for cell in self.cells.values() for name in (cell.name, *cell.aliases)}
