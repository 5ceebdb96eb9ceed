"""Checkpoints: all state of a training in one file and the state before it in another, loaded without executing
anything.

A file is replaced when its successor is complete, and what it held becomes the previous checkpoint. A file that
cannot be used, whatever has happened to it, costs what was computed since the previous one.
"""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nasrepro.errors import one_line
from nasrepro.files import write_atomically
from nasrepro.notices import tell

_DIGEST_BYTES = 32


class _Unusable(Exception):
    """There is a file, and it holds no state; the text says why."""


def save(path: Path, state: dict[str, Any], *, keep_previous: bool = True) -> None:
    """Write `state` (tensors, numbers, strings, containers of them), preceded by its SHA-256.

    Raises `UserError` where it cannot be written; the checkpoint that was there is there then.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).digest()
    write_atomically(path, digest + content, previous=_beside(path, "previous") if keep_previous else None)


def load(path: Path, *, or_previous: bool = True) -> dict[str, Any] | None:
    """The saved state, else the one before it where that will do, else None: training then starts from the beginning.

    Tells the user of a file that cannot be used, and why. One that has a usable predecessor is put aside, so that it
    does not become the predecessor of the next.
    """
    problems = []
    for file in (path, _beside(path, "previous")) if or_previous else (path,):
        try:
            state = _read(file)
        except _Unusable as reason:
            problems.append(f"checkpoint '{file}' {reason}")
            continue
        if state is not None:
            if problems:
                with suppress(OSError):
                    os.replace(path, _beside(path, "damaged"))
                tell(f"{problems[0]}; the one before it is used")
            return state
    if problems:
        tell(f"{', '.join(problems)}; what is lost is computed again")
    return None


def placed(state: Any, device: torch.device) -> Any:
    """The same in new containers, with weights and whatever else is of real numbers on the device; states of random
    generators are whole numbers and stay on the CPU."""
    if isinstance(state, Tensor):
        return state.to(device) if state.is_floating_point() else state
    if isinstance(state, dict):
        return {key: placed(value, device) for key, value in state.items()}
    return type(state)(placed(value, device) for value in state) if isinstance(state, list | tuple) else state


def _beside(path: Path, word: str) -> Path:
    return path.with_name(f"{path.stem}.{word}{path.suffix}")


def _read(path: Path) -> dict[str, Any] | None:
    """The state in a file, or None where there is no file. Raises `_Unusable`."""
    try:
        stored = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _Unusable(f"cannot be read: {error.strerror}") from error
    digest, content = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
    if not stored:
        raise _Unusable("is empty")
    if hashlib.sha256(content).digest() != digest:
        raise _Unusable("is truncated or altered: its content has another SHA-256 than it had when it was written")
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # torch names no errors; whatever it is, the file is of no use here
        raise _Unusable(f"is not what torch {torch.__version__} reads: {one_line(error)}") from error
    if not isinstance(state, dict):
        raise _Unusable("holds no state of a training")
    return state
