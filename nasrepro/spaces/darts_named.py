"""Cells of the field under the names they are known by, with what was printed about them (`darts_cells.json`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from nasrepro.errors import unknown
from nasrepro.spaces import darts_text
from nasrepro.spaces.darts_genotype import DartsGenotype


@dataclass(frozen=True)
class Printed:
    """One number that somebody printed about a cell: test errors in percent, sizes as they were rounded there."""

    source: str
    """A table, a README or the log of a training."""
    dataset: str
    error: float
    """Top-1, as the source gives it: of tables and READMEs it is often unknown after which epoch, of logs it is the
    last one's."""
    spread: float | None = None
    """What stands behind ±."""
    best_error: float | None = None
    """Of the epoch that was best on the test images, where the source tells both."""
    top5_error: float | None = None
    params_m: float | None = None
    """Millions of parameters as printed."""
    epochs: int | None = None
    channels: int | None = None
    """Width of the first cell, where it is not the usual one or the source states it."""
    note: str = ""


@dataclass(frozen=True)
class NamedCell:
    """A pair of cells that others refer to by name."""

    name: str
    aliases: tuple[str, ...]
    kind: str
    """`published` by the papers that are reproduced here, `baseline` from elsewhere, `superseded` by its authors, or
    `probe`: watched or derived along the way."""
    source: str
    genotype: DartsGenotype
    results: tuple[Printed, ...]

    def printed_error(self, dataset: str) -> float | None:
        """The first error that is printed for a data set, in percent."""
        return next((result.error for result in self.results if result.dataset == dataset), None)


@cache
def named() -> Mapping[str, NamedCell]:
    """All of them by name, the papers' own first."""
    text = resources.files("nasrepro.spaces").joinpath("darts_cells.json").read_text(encoding="utf-8")
    cells = [
        NamedCell(
            name=entry["name"],
            aliases=tuple(entry["aliases"]),
            kind=entry["kind"],
            source=entry["source"],
            genotype=darts_text.from_notation(entry["genotype"]),
            results=tuple(Printed(**result) for result in entry["results"]),
        )
        for entry in json.loads(text)["cells"]
    ]
    return MappingProxyType({cell.name: cell for cell in cells})


def find(name: str) -> NamedCell | None:
    """The cell with this name or alias, in any case of letters."""
    return _by_lower_name().get(name.lower())


def get(name: str) -> NamedCell:
    """As `find`; raises `UserError` with the nearest name."""
    found = find(name)
    if found is None:
        raise unknown("cell", name, named())
    return found


@cache
def _by_lower_name() -> dict[str, NamedCell]:
    return {name.lower(): cell for cell in named().values() for name in (cell.name, *cell.aliases)}
