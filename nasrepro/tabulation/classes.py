"""Which cells share a row of a table: those that compute the same function.

The networks normalize inside cells without scale and shift, so a convolution of nothing is nothing and the 5,044
functional classes are exact: two cells of a class differ in the names of their convolutions only, and training draws
those alike. The 6,466 official strings would not do: they split equal cells and join unequal ones.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from nasrepro.spaces.nb201_columns import functional_classes


@cache
def representatives() -> np.ndarray:
    """Index of the first member of every class, int64 (5044,): the cell that is trained for all of them."""
    return np.unique(functional_classes(), return_index=True)[1]
