"""What a parent and its workers say to each other: JSON, so that reading a message can run nothing.

A call travels as the name of a function and its arguments; arguments and value are read back as what the function's
own annotations say they are: plain values, paths, dataclasses, pydantic models. Only pydantic is needed for that.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any, get_type_hints

JOB, BEGAN, PROGRESS, NOTICE = "job", "began", "progress", "notice"
VALUE, ERROR, REFUSED, BUSY = "value", "error", "refused", "busy"

Call = Callable[..., Any]


def pack(kind: str, *content: Any) -> bytes:
    """A message of plain values."""
    return json.dumps([kind, *content]).encode()


def unpack(message: bytes) -> tuple[str, list[Any]]:
    """Kind and content of a message; raises ValueError when it is none."""
    kind, *content = json.loads(message)
    return kind, content


def pack_call(call: Call, args: tuple[Any, ...]) -> bytes:
    """`call(*args)` for another process; raises TypeError or ValueError when it cannot be told there."""
    if _found(call.__module__, call.__qualname__) is not call:
        raise TypeError(f"'{call.__qualname__}' is no function of module '{call.__module__}'")
    plain = [adapter.dump_python(value, mode="json") for adapter, value in zip(_adapters(call)[0], args, strict=True)]
    return json.dumps([call.__module__, call.__qualname__, plain]).encode()


def unpack_call(request: bytes) -> tuple[Call, list[Any]]:
    """The function and its arguments; what comes over the wire can only name what a module holds."""
    module, name, args = json.loads(request)
    call = _found(module, name)
    if not callable(call):
        raise TypeError(f"module '{module}' has no function '{name}'")
    return call, [adapter.validate_python(value) for adapter, value in zip(_adapters(call)[0], args, strict=True)]


def pack_value(call: Call, value: Any) -> bytes:
    """What `call` returned; raises when it is not what JSON and the function's annotation can hold."""
    return pack(VALUE, _adapters(call)[1].dump_python(value, mode="json"))


def unpack_value(call: Call, content: Any) -> Any:
    """The value as the function's annotation says."""
    return _adapters(call)[1].validate_python(content)


def _found(module: str, name: str) -> Any:
    return getattr(import_module(module), name, None)


@lru_cache(maxsize=64)
def _adapters(call: Call) -> tuple[list[Any], Any]:
    """Readers and writers of the arguments and of the value; any plain value goes where nothing is annotated."""
    from inspect import signature

    from pydantic import TypeAdapter

    hints = get_type_hints(call)
    told = [name for name in signature(call).parameters if name != "report"]
    return [TypeAdapter(hints.get(name, Any)) for name in told], TypeAdapter(hints.get("return", Any))
