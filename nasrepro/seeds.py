"""Random streams that depend on names, not on the order in which code happens to draw."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def derive(seed: int, *names: object) -> int:
    """A 63-bit seed for the named purpose. Runs with the same seed share every stream of the same name."""
    text = ":".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def numpy_rng(seed: int, *names: object) -> np.random.Generator:
    """NumPy generator for the named purpose."""
    return np.random.default_rng(derive(seed, *names))


def torch_rng(seed: int, *names: object) -> torch.Generator:
    """Torch CPU generator for the named purpose."""
    import torch

    return torch.Generator().manual_seed(derive(seed, *names))
