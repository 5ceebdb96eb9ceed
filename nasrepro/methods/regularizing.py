"""Regularizers by name, here and in plug-ins."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from nasrepro import plugins
from nasrepro.errors import UserError, unknown

if TYPE_CHECKING:
    from nasrepro.training.regularizer import Regularizer

REGULARIZERS = {
    "complementation": "nasrepro.regularizers.complementation:Complementation",
    "nsas": "nasrepro.regularizers.nsas:NSAS",
    "wpl": "nasrepro.regularizers.wpl:WPL",
}


def names() -> list[str]:
    """All regularizers, plug-ins last."""
    return [*REGULARIZERS, *(name for name in plugins.announced("regularizers") if name not in REGULARIZERS)]


def where(name: str) -> str:
    """`package.module:Class` of a regularizer, nothing loaded; raises `UserError` for a name that is unknown."""
    if name in REGULARIZERS or ":" in name:
        return REGULARIZERS.get(name, name)
    if name not in names():
        raise unknown("regularizer", name, names())
    return plugins.announced("regularizers")[name].value


def get(name: str) -> type[Regularizer]:
    """The class behind a short name, or behind `package.module:Class`; imports torch.

    Raises `UserError` for a name that is unknown, and for a class that is no regularizer.
    """
    from nasrepro.training.regularizer import Regularizer

    if name not in REGULARIZERS and ":" not in name:
        where(name)  # refuses what is unknown
        announced: type[Regularizer] = plugins.load_class("regularizers", name, Regularizer)
        return announced
    module, _, attribute = REGULARIZERS.get(name, name).partition(":")
    found = getattr(import_module(module), attribute)
    if not (isinstance(found, type) and issubclass(found, Regularizer)):
        raise UserError(
            f"'{name}' is no regularizer; it must be a subclass of nasrepro.training.regularizer.Regularizer"
        )
    return found
