"""Which tokens spell the cells of a space."""

from __future__ import annotations

from typing import Any

from nasrepro.latent.nb201_tokens import NB201
from nasrepro.latent.rnn_tokens import RnnTokens
from nasrepro.latent.tokens import Tokens
from nasrepro.spaces.base import Space


def tokens_of(space: Space[Any]) -> Tokens:
    """Raises `ValueError` for a space whose cells have no spelling."""
    if space.name == "nb201":
        return NB201
    if space.name.startswith("darts_rnn"):
        return RnnTokens(space.gene_sizes)
    raise ValueError(f"no tokens spell the cells of space '{space.name}'")
