"""NAS-Bench-201 cells as strings of tokens, in the [node, operation] pairs of NAO (Luo et al. 2018).

Every edge becomes two tokens, its source node and its operation: 12 tokens over a vocabulary of 9, which is the
start token 0, nodes 1 to 3 (for nodes 0 to 2) and operations 4 to 8. The source of an edge is known from its position,
so node tokens have one legal value each and tell nothing.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from nasrepro.latent.tokens import Tokens
from nasrepro.spaces.nb201 import EDGES, NONE, OPS

_FIRST_NODE = 1
_FIRST_OP = 4
_SOURCES = torch.tensor([source + _FIRST_NODE for _, source in EDGES])
_MIRROR = [1, 0, 2, 3, 5, 4]  # the edges after nodes 1 and 2 have changed places


class NB201Tokens(Tokens):
    """Codes are the six operations. Node tokens are given to the decoder but not asked of it."""

    vocabulary = _FIRST_OP + len(OPS)
    asked = slice(1, None, 2)

    def __init__(self) -> None:
        self.legal = torch.zeros(2 * len(EDGES), self.vocabulary, dtype=torch.bool)
        self.legal[torch.arange(0, len(self.legal), 2), _SOURCES] = True
        self.legal[1::2, _FIRST_OP:] = True

    def spelled(self, codes: np.ndarray) -> Tensor:
        ops = torch.as_tensor(np.asarray(codes, dtype=np.int64)).reshape(-1, len(EDGES))
        return torch.stack([_SOURCES.expand_as(ops), ops + _FIRST_OP], dim=2).flatten(1)

    def read(self, tokens: Tensor) -> np.ndarray:
        found: np.ndarray = (self.checked(tokens)[:, 1::2] - _FIRST_OP).numpy()
        return found

    def twins(self, codes: np.ndarray) -> np.ndarray:
        """The codes (N, 6) with nodes 1 and 2 exchanged, or unchanged where that would be another network."""
        ops = np.asarray(codes)
        mirrored: np.ndarray = np.where(has_twin(ops)[..., None], ops[..., _MIRROR], ops)
        return mirrored


NB201 = NB201Tokens()


def has_twin(ops: np.ndarray) -> np.ndarray:
    """For codes (N, 6): whether exchanging nodes 1 and 2 gives the same network, (N,), bool.

    It does where nothing flows from node 1 to node 2. Cells that look the same from both nodes are their own twins.
    """
    found: np.ndarray = np.asarray(ops)[..., EDGES.index((2, 1))] == NONE
    return found
