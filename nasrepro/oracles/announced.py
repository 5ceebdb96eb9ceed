"""Truths that other packages announce, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nasrepro import plugins
from nasrepro.errors import unknown
from nasrepro.oracles.base import Oracle
from nasrepro.spaces.base import Space


@dataclass(frozen=True)
class NamedOracle:
    """A truth, the space whose cells it tells of, and how it is opened."""

    name: str
    space: Space[Any]
    open: Callable[[], Oracle]
    """Called when the truth is first asked for; raises `UserError` where it is not to be had."""


def names() -> list[str]:
    """All announced truths."""
    return list(plugins.announced("oracles"))


def get(name: str) -> NamedOracle:
    """The truth announced as `name`; raises `UserError` suggesting the nearest one."""
    if name not in names():
        raise unknown("oracle", name, names())
    found: NamedOracle = plugins.load("oracles", name, NamedOracle)
    return found


def opener(name: str) -> Callable[[Path], Oracle]:
    """What a benchmark takes as its `open_oracle`: the truth is looked for when it is asked for, not before."""
    return lambda _: get(name).open()
