"""Recurrent cells as strings of tokens: of every node the state it reads and its activation (Luo et al. 2018, NAO).

With n states to choose from the vocabulary is the start token 0, states 1 to n and four activations after them.
Different strings may spell one network whose nodes are numbered otherwise; NAO's code for recurrent cells shows no
such twins.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from nasrepro.latent.tokens import Tokens

_FIRST_STATE = 1


class RnnTokens(Tokens):
    """Codes are (state, activation) of every node that is searched."""

    asked = slice(None)

    def __init__(self, gene_sizes: Sequence[int]) -> None:
        """`gene_sizes` of the space: how many states and how many activations each node chooses from."""
        states, activations = gene_sizes[::2], gene_sizes[1::2]
        first = _FIRST_STATE + max(states)
        self.vocabulary = first + max(activations)
        self.legal = torch.zeros(len(gene_sizes), self.vocabulary, dtype=torch.bool)
        for node, (readable, known) in enumerate(zip(states, activations, strict=True)):
            self.legal[2 * node, _FIRST_STATE : _FIRST_STATE + readable] = True
            self.legal[2 * node + 1, first : first + known] = True
        self._offsets = torch.tensor([_FIRST_STATE, first] * len(states))

    def spelled(self, codes: np.ndarray) -> Tensor:
        return torch.as_tensor(np.asarray(codes, dtype=np.int64)).reshape(-1, self.length) + self._offsets

    def read(self, tokens: Tensor) -> np.ndarray:
        found: np.ndarray = (self.checked(tokens) - self._offsets).numpy()
        return found
