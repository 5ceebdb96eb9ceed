"""Cells of the field under the names they are known by, with what was printed about them (`darts_cells.json`)."""

from __future__ import annotations

from dataclasses import dataclass

from nasrepro.spaces import darts_text
from nasrepro.spaces.named import NamedCells


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


CELLS = NamedCells("darts_cells.json", darts_text.from_notation, Printed)
"""The pairs of cells that others refer to by name."""
