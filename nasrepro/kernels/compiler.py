"""One way to compile every kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np

U = np.uintp
"""Offsets into flat maps are unsigned in inner loops: a signed index is checked for counting from the end, which keeps
the loop from being vectorized, and slicing instead costs more than a short row's arithmetic."""

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compile a function to machine code on its first call; the result is kept on disk where that is possible.

    Sums may be reordered into vector lanes and multiplications fused with additions; infinities and NaN keep their
    meaning. So a result is the same on every run of one machine, and within float error on another one.
    """
    return cast(
        F, numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})(function)
    )
