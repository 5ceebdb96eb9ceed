"""NAS-Bench-201 cells as strings of tokens, in the [node, operation] pairs of NAO (Luo et al. 2018).

Every edge becomes two tokens, its source node and its operation: 12 tokens over a vocabulary of 9, which is the
start token 0, nodes 1 to 3 (for nodes 0 to 2) and operations 4 to 8. The source of an edge is known from its position,
so node tokens have one legal value each and tell nothing.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from nasrepro.spaces.nb201 import EDGES, NONE, OPS

START = 0
_FIRST_NODE = 1
_FIRST_OP = 4
VOCABULARY: int = _FIRST_OP + len(OPS)
LENGTH: int = 2 * len(EDGES)
_SOURCES = torch.tensor([source + _FIRST_NODE for _, source in EDGES])
_MIRROR = [1, 0, 2, 3, 5, 4]  # the edges after nodes 1 and 2 have changed places


def to_tokens(ops: np.ndarray) -> Tensor:
    """Operation codes (N, 6) → tokens (N, 12), int64."""
    codes = torch.as_tensor(np.asarray(ops, dtype=np.int64)).reshape(-1, len(EDGES))
    return torch.stack([_SOURCES.expand_as(codes), codes + _FIRST_OP], dim=2).flatten(1)


def to_ops(tokens: Tensor) -> np.ndarray:
    """Tokens (N, 12) → operation codes (N, 6), int64. Raises `ValueError` for a string that spells no cell."""
    pairs = tokens.reshape(-1, LENGTH)
    if not bool(legal()[torch.arange(LENGTH), pairs].all()):
        raise ValueError("tokens that are not legal at their position spell no cell")
    found: np.ndarray = (pairs[:, 1::2] - _FIRST_OP).numpy()
    return found


def legal() -> Tensor:
    """Which tokens may stand where (V_r of the paper), (12, 9), bool: an edge's source, then any operation."""
    mask = torch.zeros(LENGTH, VOCABULARY, dtype=torch.bool)
    mask[torch.arange(0, LENGTH, 2), _SOURCES] = True
    mask[1::2, _FIRST_OP:] = True
    return mask


def has_twin(ops: np.ndarray) -> np.ndarray:
    """For codes (N, 6): whether exchanging nodes 1 and 2 gives the same network, (N,), bool.

    It does where nothing flows from node 1 to node 2. Cells that look the same from both nodes are their own twins.
    """
    found: np.ndarray = np.asarray(ops)[..., EDGES.index((2, 1))] == NONE
    return found


def twins(ops: np.ndarray) -> np.ndarray:
    """The codes (N, 6) with nodes 1 and 2 exchanged, or unchanged where that would be another network."""
    ops = np.asarray(ops)
    mirrored: np.ndarray = np.where(has_twin(ops)[..., None], ops[..., _MIRROR], ops)
    return mirrored
