"""Which network shares the weights of which space."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from torch import nn

from nasrepro.errors import UserError
from nasrepro.spaces.base import Space
from nasrepro.supernets.choice import EveryOperation

NETWORKS = {
    "nb201": "nb201:NB201Network",
    "darts_cnn": "darts:DartsNetwork",
    **{f"darts_rnn{nodes}": "darts_rnn:RnnNetwork" for nodes in (8, 2, 3)},
}
"""By name of the space: a class built as `kind(skeleton, rng=…, …)`, whose `forward` takes images or a segment of text,
a choice and perhaps gates."""


def supernet(space: Space[Any], skeleton: Any, *, execution: str = "path", **how: Any) -> nn.Module:
    """The supernet of a space in a skeleton; `how` is all else that its class is built with.

    Raises `UserError` for a space that has none.
    """
    if space.name not in NETWORKS:
        raise UserError(f"space '{space.name}' has no supernet; there is one of: {', '.join(NETWORKS)}")
    module, name = NETWORKS[space.name].split(":")
    network: nn.Module = getattr(import_module(f"nasrepro.supernets.{module}"), name)(skeleton, **how)
    if execution == "path":
        return network
    return EveryOperation(network, space.weights, softmax=execution == "softmax")
