"""All spaces by name, and which of them something belongs to, told from its id."""

from __future__ import annotations

from typing import Any

from nasrepro import plugins
from nasrepro.errors import UserError, unknown
from nasrepro.spaces.base import G, Space
from nasrepro.spaces.darts_cnn import DartsSpace
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.darts_rnn_genotype import MOST_NODES, SPACES
from nasrepro.spaces.nb201 import NB201Space

_NB201, _DARTS = NB201Space(), DartsSpace()
_RNN = {nodes: RnnSpace(nodes) for nodes in SPACES}
_SPACES: tuple[Space[Any], ...] = (_NB201, _DARTS, *_RNN.values())
_BY_PREFIX: dict[str, Space[Any]] = {"nb201": _NB201, "darts": _DARTS, "darts-path": _DARTS}
_BY_PREFIX |= {f"rnn{nodes}-path": space for nodes, space in _RNN.items()}
_BY_PREFIX |= {f"rnn{nodes}": _RNN.get(nodes, _RNN[SPACES[0]]) for nodes in range(1, MOST_NODES + 1)}


def names() -> list[str]:
    """All spaces, plug-ins last."""
    here = [space.name for space in _SPACES]
    return [*here, *(name for name in plugins.announced("spaces") if name not in here)]


def get(name: str) -> Space[Any]:
    """The space called `name`, from here or from a plug-in; raises `UserError` suggesting the nearest one."""
    found = _here(name)
    if found is None:
        if name not in names():
            raise unknown("space", name, names())
        found = plugins.load("spaces", name, Space)
    return found


def find(id_or_name: str) -> Space[Any] | None:
    """The space called `id_or_name`, or that of a genotype's or path's id such as `nb201:6111`; None for those of
    spaces that are not here. Ids of an announced space begin with its name."""
    prefix, colon, _ = id_or_name.partition(":")
    found = _BY_PREFIX.get(prefix) if colon else _here(id_or_name)
    return get(prefix) if found is None and prefix in plugins.announced("spaces") else found


def _here(name: str) -> Space[Any] | None:
    return next((space for space in _SPACES if space.name == name), None)


def cell_of(space: Space[G], text: str) -> G:
    """The cell that `text` names in `space`; raises `UserError`, which says so where it is one of another space."""
    theirs = find(text) if ":" in text else None
    if theirs is not None and theirs.name != space.name:
        raise UserError(f"'{text}' belongs to another space, '{theirs.name}'; allowed: cells of '{space.name}'")
    return space.parse(text)
