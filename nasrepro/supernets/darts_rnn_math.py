"""Activations, their slopes and their mixtures, written into given memory where that saves time."""

from __future__ import annotations

import torch
from torch import Tensor

from nasrepro.placement import places
from nasrepro.supernets.darts_rnn_plan import ACTIVE, IDENTITY, RELU, SIGMOID, TANH, Products

_ATEN = torch.ops.aten


def activate(value: Tensor, op: int) -> None:
    """Apply an operation's activation in place."""
    if op == TANH:
        value.tanh_()
    elif op == RELU:
        value.relu_()
    elif op == SIGMOID:
        value.sigmoid_()


def activated(value: Tensor, op: int) -> Tensor:
    """An operation's activation."""
    if op == TANH:
        return hyperbolic(value)
    if op == RELU:
        return value.relu()
    return value.sigmoid() if op == SIGMOID else value


def hyperbolic(value: Tensor) -> Tensor:
    """tanh as 2 σ(2x) - 1, which takes a quarter of the time. Its absolute error is one rounding at 1, no more than
    that of the logistic function beside it in a mixture."""
    return (value * 2).sigmoid_().mul_(2).sub_(1)


def blended(value: Tensor, weights: Tensor) -> Tensor:
    """The activations of (q, …, H), weighted with (q, 4) and added up."""
    factor = _factors(value, weights)
    total = value * factor[IDENTITY]
    for op in (TANH, RELU, SIGMOID):
        total.addcmul_(activated(value, op), factor[op])
    return total


def blended_slope(value: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """What `blended` gives, and its derivative."""
    factor = _factors(value, weights)
    curve, logistic = hyperbolic(value), value.sigmoid()
    total = (value * factor[IDENTITY]).addcmul_(curve, factor[TANH]).addcmul_(logistic, factor[SIGMOID])
    total.addcmul_(value.relu(), factor[RELU])
    slope = curve.square_().neg_().add_(1).mul_(factor[TANH])
    slope.addcmul_(logistic, factor[SIGMOID]).addcmul_(logistic.square_(), factor[SIGMOID], value=-1)
    slope.add_(_ATEN.threshold_backward(factor[RELU].expand_as(value), value, 0)).add_(factor[IDENTITY])
    return total, slope


def _factors(value: Tensor, weights: Tensor) -> dict[int, Tensor]:
    shape = (len(value), *[1] * (value.ndim - 1))
    return {op: weights[:, place].view(shape) for place, op in enumerate(ACTIVE)}


def slopes(gate: Tensor, value: Tensor, source: Tensor, op: int, into: Tensor) -> None:
    """The derivative of s + σ(c) · (f(h) - s) in c and in h, given σ(c), f(h) and s, into halves of the last axis."""
    to_gate, to_value = into.chunk(2, -1)
    torch.sub(value, source, out=to_gate)
    _ATEN.sigmoid_backward.grad_input(to_gate, gate, grad_input=to_gate)
    if op == IDENTITY:
        to_value.copy_(gate)
    elif op == TANH:
        _ATEN.tanh_backward.grad_input(gate, value, grad_input=to_value)
    elif op == SIGMOID:
        _ATEN.sigmoid_backward.grad_input(gate, value, grad_input=to_value)
    else:
        _ATEN.threshold_backward.grad_input(gate, value, 0, grad_input=to_value)


def picked(states: Tensor, node: Products) -> Tensor:
    """Of states (n + 1, …) those that the node's products are made of, (q, …)."""
    return states[: len(node)] if node.straight else states[places(node.states, states.device)]
