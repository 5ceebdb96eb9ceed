"""The only place where pickles are read. A pickle is a program: only the names listed here may be called.

A listed name is mapped to a function or class of this module (or to a container of the standard library), never to
the class it was pickled from, so nothing foreign is imported or run. Everything else is refused by name.
"""

from __future__ import annotations

import pickle
import struct
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, ClassVar

from nasrepro.errors import UserError

AllowList = Mapping[tuple[str, str], Callable[..., Any]]
_ReferenceUnpickler: Any = pickle._Unpickler  # Python's own implementation in Python; the public one is in C


class Inert:
    """Stands in for an object of a foreign class: it keeps the state it was pickled with and can do nothing."""

    __slots__ = ("state",)

    state: Any

    def __new__(cls, *_: object) -> Inert:
        self = super().__new__(cls)
        self.state = {}
        return self

    def __setstate__(self, state: object) -> None:
        self.state = state


_NUMBER_CODES = {"f8": "d", "f4": "f", "f2": "e", "i8": "q", "i4": "i", "i2": "h", "i1": "b", "u1": "B", "b1": "?"}


class _NumberType:
    """What numpy's dtype leaves in a pickle: a type code and, as its state, the byte order."""

    def __init__(self, code: str, *_: object) -> None:
        if code not in _NUMBER_CODES:
            raise pickle.UnpicklingError(f"numbers of type '{code}' are not expected")
        self.layout = "<" + _NUMBER_CODES[code]

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.layout = (">" if state[1] == ">" else "<") + self.layout[1:]


def _number(kind: _NumberType, content: bytes) -> float | int | bool:
    """A numpy scalar as a plain number."""
    (value,) = struct.unpack(kind.layout, content)
    return value  # type: ignore[no-any-return]


def _latin1(text: str, encoding: str) -> bytes:
    """How protocol 2 writes bytes: text that stands for them one to one."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes in encoding '{encoding}' are not expected")
    return text.encode("latin1")


BASIC: AllowList = {
    ("collections", "OrderedDict"): OrderedDict,
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,
    ("_codecs", "encode"): _latin1,
    ("numpy", "dtype"): _NumberType,
    ("numpy.core.multiarray", "scalar"): _number,
    ("numpy._core.multiarray", "scalar"): _number,
}
"""Containers and numbers: all that NATS-Bench's own archive needs."""


class RefusedName(pickle.UnpicklingError):
    """The pickle asks for something that is not on the list."""


class SafeUnpickler(pickle.Unpickler):
    """Reads one pickle; `allowed` maps (module, name) to what is called instead."""

    def __init__(self, stream: IO[bytes], allowed: AllowList = BASIC) -> None:
        super().__init__(stream)
        self._allowed = allowed

    def find_class(self, module: str, name: str, /) -> Any:
        return _listed(self._allowed, module, name)


class ShrinkingUnpickler(_ReferenceUnpickler):  # type: ignore[misc]
    """Reads a pickle too large for memory: each finished dict is handed to `shrink`, which may empty parts of it.

    The official benchmark file holds the learning curve of every trial; read in one piece it takes about 30 GB, of
    which less than one percent is wanted. Only Python's own implementation of the format lets us step in between.
    Storages that a pickle refers to (network weights) are replaced by `Inert`.
    """

    # Where the operations of the format are looked up; two of them are replaced below.
    dispatch: ClassVar[dict[int, Callable[..., None]]] = dict(_ReferenceUnpickler.dispatch)

    def __init__(self, stream: IO[bytes], allowed: AllowList, shrink: Callable[[dict[Any, Any]], None]) -> None:
        super().__init__(stream)
        self._allowed = allowed
        self._shrink = shrink
        self.memo = _Memo()

    def find_class(self, module: str, name: str, /) -> Any:
        return _listed(self._allowed, module, name)

    def persistent_load(self, pid: Any, /) -> Inert:
        return Inert()

    def _load_setitems(self) -> None:
        self.load_setitems()
        if type(self.stack[-1]) is dict:
            self._shrink(self.stack[-1])

    def _load_text(self) -> None:
        """The same few keys come millions of times; keep one copy of each."""
        self.load_binunicode()
        self.stack[-1] = sys.intern(self.stack[-1])

    dispatch[pickle.SETITEMS[0]] = _load_setitems
    dispatch[pickle.BINUNICODE[0]] = _load_text


class _Memo(list[Any]):
    """The memo of a pickle, whose keys count up from 0: a list takes a tenth of the memory of a dict."""

    def __setitem__(self, key: Any, value: Any) -> None:
        if key == len(self):
            self.append(value)
        else:
            super().__setitem__(key, value)


def _listed(allowed: AllowList, module: str, name: str) -> Callable[..., Any]:
    try:
        return allowed[module, name]
    except KeyError:
        raise RefusedName(f"{module}.{name}") from None


@contextmanager
def refusing(path: Path, kind: str) -> Iterator[None]:
    """Turns whatever reading a pickle can raise into a `UserError` that names the file.

    `kind` says what the file should be. A damaged pickle is a random program and may fail in any way at all,
    hence the wide net; a refused name is reported as such.
    """
    try:
        yield
    except UserError:
        raise
    except RefusedName as error:
        raise UserError(
            f"'{path}' is not a {kind}: it asks to call '{error}', which is not on the list of harmless names, so "
            "nothing was loaded; get the file again from its official source"
        ) from error
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"'{path}' is truncated or damaged ({reason}); get the {kind} again") from error
