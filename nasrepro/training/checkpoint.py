"""Checkpoints: all state of a training in one file, replaced in one step, loaded without executing anything."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nasrepro.files import write_atomically

_DIGEST_BYTES = 32


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state` (tensors, numbers, strings, containers of them), preceded by its SHA-256."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getvalue()
    write_atomically(path, hashlib.sha256(content).digest() + content)


def load(path: Path) -> dict[str, Any] | None:
    """The saved state, or None when there is none or it is damaged: training then starts from the beginning."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, content = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(content).digest() != digest:
        return None
    state: dict[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return state


def placed(state: Any, device: torch.device) -> Any:
    """The same in new containers, with weights and whatever else is of real numbers on the device; states of random
    generators are whole numbers and stay on the CPU."""
    if isinstance(state, Tensor):
        return state.to(device) if state.is_floating_point() else state
    if isinstance(state, dict):
        return {key: placed(value, device) for key, value in state.items()}
    return type(state)(placed(value, device) for value in state) if isinstance(state, list | tuple) else state
