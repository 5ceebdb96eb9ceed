"""The recurrent cell of DARTS from left to right over a segment, keeping what the way back needs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nasrepro.placement import places
from nasrepro.supernets.darts_rnn_math import activate, blended, picked
from nasrepro.supernets.darts_rnn_plan import ACTIVE, Plan, Products, products
from nasrepro.supernets.norm import Norm

Views = tuple[Tensor, Tensor, Tensor]
"""Of products in one step: the whole (q, B, 2H) and its halves; where q is 1, (B, 2H)."""


class Forward:
    """A segment of T steps with B texts side by side; `outputs` runs it.

    Afterwards `states` (T, n + 1, B, H) are the first state and every node's, `masked` what products got of them,
    `hidden` (T + 1, B, H) the outputs behind the state before them, `inner` what the first product got of these,
    `first` (T, B, 2H) the first product and `made` (T, q, B, 2H) those of each node, whose first half is σ(c); their
    second half is f(h), or h in a node whose products have all operations. `spread` (T, n + 1, H) is what normalization
    multiplied by. Raises `ValueError` where statistics would be those of one text.
    """

    def __init__(
        self,
        plan: Plan,
        like: Tensor,
        matrices: Sequence[Tensor],
        hidden: Tensor,
        mask: Tensor | None,
        norm: Norm | None,
        weights: Tensor | None,
    ) -> None:
        self.by_batch = norm is not None and (norm.training or not norm.tracks)
        if self.by_batch and len(hidden) < 2:
            raise ValueError("a batch of one text cannot be normalized")
        self.plan, self.mask, self.norm, self._matrices = plan, mask, norm, matrices
        self.nodes = products(plan, weights is not None)
        self.weights = weights_of(self.nodes, weights)
        steps, batch, double = like.shape
        width = double // 2
        self.states = like.new_empty(steps, len(self.nodes) + 1, batch, width)
        self.masked = self.states if mask is None else torch.empty_like(self.states)
        self.hidden = like.new_empty(steps + 1, batch, width)
        self.hidden[0] = hidden
        self.inner = self.hidden if mask is None else torch.empty_like(self.hidden)
        self.first = torch.empty_like(like)
        self.made = [like.new_empty(steps, len(node), batch, double) for node in self.nodes]
        self.spread = None if norm is None else like.new_empty(steps, len(self.nodes) + 1, width)

    def outputs(self, entered: Tensor, entry: Tensor) -> Tensor:
        """Inputs' part of the first product (T, B, 2H) and the hidden state's matrix (H, 2H) → outputs (T, B, H)."""
        hidden, inner, first = self.hidden.unbind(), self.inner.unbind(), views(self.first.unsqueeze(1))
        made = [views(item) for item in self.made]
        spread = None if self.spread is None else [step.unbind() for step in self.spread.unbind()]
        concat = places(self.plan.concat, self.states.device)
        for step, x in enumerate(entered.unbind()):
            states, masked = self.states[step], self.masked[step]
            state, for_products = states.unbind(), masked.unbind()
            scale = None if spread is None else spread[step]
            if self.mask is not None:
                torch.mul(hidden[step], self.mask, out=inner[step])
            product, gate, value = first[step]
            torch.addmm(x, inner[step], entry, out=product)
            torch.lerp(hidden[step], value.tanh_(), gate.sigmoid_(), out=state[0])
            self._close(0, state, for_products, scale)
            for number, node in enumerate(self.nodes):
                if len(node) == 1 and self.weights[number] is None:
                    product, gate, value = made[number][step]
                    torch.mm(for_products[node.states[0]], self._matrices[node.matrices[0]], out=product)
                    activate(value, node.spans[0][0])
                    torch.lerp(state[node.states[0]], value, gate.sigmoid_(), out=state[number + 1])
                else:
                    self._node(number, self.made[number][step], states, masked)
                self._close(number + 1, state, for_products, scale)
            torch.mean(states[1:] if self.plan.whole else states.index_select(0, concat), 0, out=hidden[step + 1])
        return self.hidden[1:]

    def _node(self, number: int, made: Tensor, states: Tensor, masked: Tensor) -> None:
        """A node's state from any number of products (q, B, 2H)."""
        node, weights, target = self.nodes[number], self.weights[number], states[number + 1]
        if not len(node):
            target.zero_()
            return
        if node.together:
            matrix = self._matrices[node.matrices[0]]
            torch.mm(picked(masked, node).reshape(-1, len(matrix)), matrix, out=made.view(-1, made.shape[2]))
        else:
            for place, (state, number_of) in enumerate(zip(node.states, node.matrices, strict=True)):
                torch.mm(masked[state], self._matrices[number_of], out=made[place])
        gate, value = made.chunk(2, 2)
        gate.sigmoid_()
        sources = picked(states, node)
        if node.full:
            assert weights is not None
            kept = sources * weights.sum(1).view(-1, 1, 1)
            torch.sum((blended(value, weights).sub_(kept)).mul_(gate).add_(kept), 0, out=target)
            return
        for op, begin, end in node.spans:
            activate(value[begin:end], op)
        parts = torch.lerp(sources, value, gate)
        torch.sum(parts if weights is None else parts.mul_(weights.view(-1, 1, 1)), 0, out=target)

    def _close(
        self, number: int, states: Sequence[Tensor], masked: Sequence[Tensor], spread: Sequence[Tensor] | None
    ) -> None:
        """What happens to every state that is done: normalized, and masked where it is read."""
        if self.norm is not None:
            assert spread is not None
            if self.by_batch:
                _normalize_by_batch(self.norm, states[number], spread[number])
            else:
                _normalize_by_averages(self.norm, states[number], spread[number])
        if self.mask is not None and number in self.plan.read:
            torch.mul(states[number], self.mask, out=masked[number])


def _normalize_by_averages(norm: Norm, state: Tensor, spread: Tensor) -> None:
    """Normalize (B, H) in place; `spread` becomes what it was multiplied by."""
    assert norm.mean is not None
    assert norm.var is not None
    torch.rsqrt(norm.var + norm.eps, out=spread)
    state.sub_(norm.mean).mul_(spread)


def _normalize_by_batch(norm: Norm, state: Tensor, spread: Tensor) -> None:
    """The same by the statistics of the texts that are read, which running averages follow where there are any."""
    rows = len(state)
    mean = state.mean(0)
    var = state.sub_(mean).square().mean(0)
    torch.rsqrt(var + norm.eps, out=spread)
    state.mul_(spread)
    if norm.mean is not None and norm.var is not None:
        norm.mean.lerp_(mean, norm.momentum)
        norm.var.lerp_(var.mul_(rows / (rows - 1)), norm.momentum)


def views(made: Tensor) -> list[Views]:
    """By step, of products (T, q, B, 2H)."""
    made = made[:, 0] if made.shape[1] == 1 else made
    gate, value = made.chunk(2, -1)
    return list(zip(made.unbind(), gate.unbind(), value.unbind(), strict=True))


def weights_of(nodes: Sequence[Products], weights: Tensor | None) -> list[Tensor | None]:
    """The weights of each node's products, (q,) or, where products have all operations, (q, 4)."""
    if weights is None:
        return [None] * len(nodes)
    parts = weights.split_with_sizes([len(node.order) for node in nodes])
    ordered = [part[places(node.order, part.device)] for node, part in zip(nodes, parts, strict=True)]
    return [part.view(-1, len(ACTIVE)) if node.full else part for node, part in zip(nodes, ordered, strict=True)]
