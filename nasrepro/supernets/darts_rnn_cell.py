"""The recurrent cell of DARTS (Liu et al., ICLR 2019) over a whole segment of text.

With s the state that a node reads, [c, h] = s W and an activation f, the node gets s + σ(c) · (f(h) - s), weighted
where there are weights, from each of its terms. The first state is made so from input and hidden state, with f = tanh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from nasrepro.supernets.norm import Norm

TANH, RELU, SIGMOID, IDENTITY = 1, 2, 3, 4
"""Numbers of the operations; 0 is `none`, which contributes nothing and never is a term."""


@dataclass(frozen=True)
class Term:
    """What a node gets from one state: the state's number (0 is the first), the operation, and its matrix's place."""

    state: int
    op: int
    matrix: int


@dataclass(frozen=True)
class Plan:
    """The terms of every node, in order, and which states' mean is the output."""

    nodes: tuple[tuple[Term, ...], ...]
    concat: tuple[int, ...]


def unroll(
    plan: Plan,
    entered: Tensor,
    hidden: Tensor,
    entry: Tensor,
    matrices: Sequence[Tensor],
    *,
    weights: Tensor | None = None,
    mask: Tensor | None = None,
    norm: Norm | None = None,
) -> Tensor:
    """Inputs' part of the first product (T, B, 2H), the hidden state before (B, H) → outputs (T, B, H).

    `entry` (H, 2H) is the hidden state's part of the first product; `weights` has an entry for each term of the plan, node
    by node; `mask` (B, H) multiplies states inside products; `norm` goes over the first state and every node.
    """
    outputs = []
    for x in entered:
        states = [_mixed(hidden, x + _masked(hidden, mask) @ entry, TANH)]
        if norm is not None:
            states[0] = norm(states[0])
        at = 0
        for terms in plan.nodes:
            parts = []
            for term in terms:
                source = states[term.state]
                part = _mixed(source, _masked(source, mask) @ matrices[term.matrix], term.op)
                parts.append(part if weights is None else weights[at] * part)
                at += 1
            state = reduce(torch.add, parts) if parts else torch.zeros_like(hidden)
            states.append(state if norm is None else norm(state))
        hidden = torch.stack([states[number] for number in plan.concat]).mean(0)
        outputs.append(hidden)
    return torch.stack(outputs)


def _masked(state: Tensor, mask: Tensor | None) -> Tensor:
    return state if mask is None else state * mask


def _mixed(state: Tensor, product: Tensor, op: int) -> Tensor:
    gate, value = product.chunk(2, dim=-1)
    return torch.lerp(state, activated(value, op), gate.sigmoid())


def activated(value: Tensor, op: int) -> Tensor:
    """The activation of an operation."""
    if op == TANH:
        return value.tanh()
    if op == RELU:
        return value.relu()
    return value.sigmoid() if op == SIGMOID else value
