"""Many recurrent cells over one segment, side by side: each node is a product for every matrix, not for every cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from nasrepro.placement import places
from nasrepro.supernets.darts_rnn_math import activate
from nasrepro.supernets.darts_rnn_plan import TANH, Plan, Term


@dataclass(frozen=True)
class _Node:
    """The same node of all cells, cells in the order of matrix and operation."""

    cells: Tensor
    """In this order."""
    states: Tensor
    """What each reads."""
    matrices: tuple[tuple[int, int, int], ...]
    """(matrix, from, to) of runs in this order."""
    ops: tuple[tuple[int, int, int], ...]


def unroll_many(
    plans: Sequence[Plan], entered: Tensor, entry: Tensor, matrices: Sequence[Tensor], hidden: Tensor
) -> Tensor:
    """Inputs' part of the first product (T, B, 2H) and hidden states (K, B, H) → outputs of K cells (T, K, B, H).

    Every node of every plan has one term, and the mean of all nodes is the output. Without gradients; nothing is
    dropped or normalized.
    """
    count, batch, width = hidden.shape
    nodes = [_node([plan.nodes[number][0] for plan in plans], hidden.device) for number in range(len(plans[0].nodes))]
    outputs = entered.new_empty(len(entered), count, batch, width)
    states = entered.new_empty(count, len(nodes) + 1, batch, width)
    made = entered.new_empty(count, batch, 2 * width)
    for x, output in zip(entered, outputs, strict=True):
        torch.add((hidden.reshape(-1, width) @ entry).view_as(made), x, out=made)
        _mix(hidden, made, ((TANH, 0, count),), states[:, 0])
        for number, node in enumerate(nodes, 1):
            sources = states[node.cells, node.states]
            for matrix, begin, end in node.matrices:
                part = made[begin:end].view(-1, 2 * width)
                torch.mm(sources[begin:end].view(-1, width), matrices[matrix], out=part)
            states[node.cells, number] = _mix(sources, made, node.ops)
        hidden = torch.mean(states[:, 1:], 1, out=output)
    return outputs


def _mix(sources: Tensor, made: Tensor, ops: Sequence[tuple[int, int, int]], out: Tensor | None = None) -> Tensor:
    gate, value = made.chunk(2, 2)
    for op, begin, end in ops:
        activate(value[begin:end], op)
    mixed = torch.lerp(sources, value, gate.sigmoid_())
    return mixed if out is None else out.copy_(mixed)


def _node(terms: Sequence[Term], device: torch.device) -> _Node:
    order = sorted(range(len(terms)), key=lambda cell: (terms[cell].matrix, terms[cell].op))
    return _Node(
        places(order, device),
        places([terms[cell].state for cell in order], device),
        _runs([terms[cell].matrix for cell in order]),
        _runs([terms[cell].op for cell in order]),
    )


def _runs(values: Sequence[int]) -> tuple[tuple[int, int, int], ...]:
    """(value, from, to) of neighbors that are equal."""
    found, begin = [], 0
    for value, run in groupby(values):
        end = begin + len(list(run))
        found.append((value, begin, end))
        begin = end
    return tuple(found)
