"""Which network shares the weights of which space."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from torch import nn

from nasrepro.errors import UserError
from nasrepro.spaces.base import Space
from nasrepro.supernets.choice import EveryOperation

NETWORKS = {"nb201": "nb201:NB201Network", "darts_cnn": "darts:DartsNetwork"}
"""By name of the space: a class built as `kind(skeleton, mode=…, channels_last=…, precision=…, rng=…)`, whose `forward`
takes images, a choice and perhaps gates."""


def supernet(space: Space[Any], skeleton: Any, *, execution: str = "path", **how: Any) -> nn.Module:
    """The supernet of a space in a skeleton; `how` are mode, channels_last, precision and rng.

    Raises `UserError` for a space that has none.
    """
    if space.name not in NETWORKS:
        raise UserError(f"space '{space.name}' has no supernet; there is one of: {', '.join(NETWORKS)}")
    module, name = NETWORKS[space.name].split(":")
    network: nn.Module = getattr(import_module(f"nasrepro.supernets.{module}"), name)(skeleton, **how)
    if execution == "path":
        return network
    return EveryOperation(network, space.weights, softmax=execution == "softmax")
