"""Cells as strings of tokens, two per decision: the state that is read and the operation (Luo et al. 2018, NAO)."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor

START = 0
"""What stands before the first token; no cell is spelled with it."""
MERGED = 2
"""Neighboring tokens that make one step of the encoder, as the release merges them: those of one decision."""


class Tokens(ABC):
    """How the cells of a space are spelled. A cell is given by its codes, which are its genes in the space's order."""

    vocabulary: int
    """Number of tokens, `START` included."""
    legal: Tensor
    """Which tokens may stand where (V_r of the paper), (length, vocabulary), bool."""
    asked: slice
    """The positions whose likelihoods are trained."""

    @property
    def length(self) -> int:
        """Tokens of a cell."""
        return len(self.legal)

    @abstractmethod
    def spelled(self, codes: np.ndarray) -> Tensor:
        """Codes (N, genes) → tokens (N, length), int64."""

    @abstractmethod
    def read(self, tokens: Tensor) -> np.ndarray:
        """Tokens (N, length) → codes (N, genes), int64. Raises `ValueError` for a string that spells no cell."""

    def twins(self, codes: np.ndarray) -> np.ndarray:
        """Other codes (N, genes) of the same networks, unchanged where there are none to be shown."""
        return codes

    def checked(self, tokens: Tensor) -> Tensor:
        """Tokens as rows of whole cells; raises `ValueError` for a string that spells no cell."""
        rows = tokens.reshape(-1, self.length)
        if not bool(self.legal[torch.arange(self.length), rows].all()):
            raise ValueError("tokens that are not legal at their position spell no cell")
        return rows
