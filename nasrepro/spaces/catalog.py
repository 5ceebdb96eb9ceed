"""Which space something belongs to, told from its id."""

from __future__ import annotations

from typing import Any

from nasrepro.errors import UserError
from nasrepro.spaces.base import G, Space
from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.nb201 import NB201Space

_SPACES: tuple[Space[Any], ...] = (NB201Space(), DartsSpace())
_BY_PREFIX: dict[str, Space[Any]] = {"nb201": _SPACES[0], "darts": _SPACES[1], "darts-path": _SPACES[1]}


def find(id_or_name: str) -> Space[Any] | None:
    """The space called `id_or_name`, or that of a genotype's or path's id such as `nb201:6111`; None for those of
    spaces that are not here."""
    prefix, colon, _ = id_or_name.partition(":")
    if colon:
        return _BY_PREFIX.get(prefix)
    return next((space for space in _SPACES if space.name == id_or_name), None)


def cell_of(space: Space[G], text: str) -> G:
    """The cell that `text` names in `space`; raises `UserError`, which says so where it is one of another space."""
    theirs = find(text) if ":" in text else None
    if theirs is not None and theirs.name != space.name:
        raise UserError(f"'{text}' belongs to another space, '{theirs.name}'; allowed: cells of '{space.name}'")
    return space.parse(text)
