"""Every cell that the field knows by a name, of whatever space."""

from __future__ import annotations

from typing import Any

from nasrepro.spaces import darts_named, darts_rnn_named
from nasrepro.spaces.named import Named, NamedCells

_SPACES: tuple[NamedCells[Any, Any], ...] = (darts_named.CELLS, darts_rnn_named.CELLS)


def everywhere() -> list[Named[Any, Any]]:
    """All of them, convolutional cells first; their names differ, their aliases may not."""
    return [cell for cells in _SPACES for cell in cells.cells.values()]


def called(name: str) -> list[Named[Any, Any]]:
    """The cells with this name or alias, in any case of letters; those that are named so first."""
    found = [cell for cells in _SPACES if (cell := cells.find(name)) is not None]
    return sorted(found, key=lambda cell: cell.name.lower() != name.lower())
