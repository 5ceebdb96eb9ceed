"""The recurrent cell of DARTS from left to right over a segment, keeping what the way back needs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nasrepro.supernets.darts_rnn_plan import ACTIVE, IDENTITY, RELU, SIGMOID, TANH, Plan, Products, products
from nasrepro.supernets.norm import Norm


class Forward:
    """A segment of T steps with B texts side by side; `outputs` runs it.

    Afterwards `states` (T, n + 1, B, H) are the first state and every node's, `masked` what products got of them,
    `hidden` (T + 1, B, H) the outputs behind the state before them, `first` (T, B, 2H) the first product and `made` (q,
    T, B, 2H) those of each node, whose first half is σ(c); their second half is f(h), or h in a node whose products have
    all operations. `spread` (T, n + 1, H) is what normalization multiplied by.
    """

    def __init__(
        self,
        plan: Plan,
        entered: Tensor,
        entry: Tensor,
        matrices: Sequence[Tensor],
        hidden: Tensor,
        mask: Tensor | None,
        norm: Norm | None,
        weights: Tensor | None,
    ) -> None:
        self.plan, self.mask, self.norm = plan, mask, norm
        self._entered, self._entry, self._matrices = entered, entry, matrices
        self.nodes = products(plan, weights is not None)
        steps, batch, double = entered.shape
        self.steps, self.width = steps, double // 2
        self.states = entered.new_empty(steps, len(self.nodes) + 1, batch, self.width)
        self.masked = self.states if mask is None else torch.empty_like(self.states)
        self.hidden = entered.new_empty(steps + 1, batch, self.width)
        self.hidden[0] = hidden
        self.inner = self.hidden if mask is None else torch.empty_like(self.hidden)
        self.first = torch.empty_like(entered)
        self.made = [buffer(node, entered) for node in self.nodes]
        self.weights = weights_of(self.nodes, weights)
        self.learned_statistics = norm is not None and norm.training
        self.spread = entered.new_empty(steps, len(self.nodes) + 1, self.width) if norm is not None else None

    def outputs(self) -> Tensor:
        """The cell's outputs (T, B, H)."""
        for step in range(self.steps):
            self._first(step)
            for number in range(len(self.nodes)):
                self._node(step, number)
            states = self.states[step, 1:] if self.plan.whole else self.states[step, list(self.plan.concat)]
            torch.mean(states, 0, out=self.hidden[step + 1])
        self._entered = self.first[:0]  # not needed any more
        return self.hidden[1:]

    def _first(self, step: int) -> None:
        hidden, made = self.hidden[step], self.first[step]
        inner = hidden if self.mask is None else torch.mul(hidden, self.mask, out=self.inner[step])
        torch.addmm(self._entered[step], inner, self._entry, out=made)
        gate, value = made.split(self.width, 1)
        self._close(step, 0, torch.lerp(hidden, value.tanh_(), gate.sigmoid_(), out=self.states[step, 0]))

    def _node(self, step: int, number: int) -> None:
        node, made, weights = self.nodes[number], self.made[number][:, step], self.weights[number]
        target = self.states[step, number + 1]
        if not len(node):
            target.zero_()
        elif len(node) == 1 and weights is None:
            torch.mm(self.masked[step, node.states[0]], self._matrices[node.matrices[0]], out=made[0])
            gate, value = made[0].split(self.width, 1)
            activate(value, node.spans[0][0])
            torch.lerp(self.states[step, node.states[0]], value, gate.sigmoid_(), out=target)
        else:
            self._multiply(step, node, made)
            gate, value = made.split(self.width, 2)
            gate.sigmoid_()
            sources = picked(self.states[step], node)
            if node.full:
                assert weights is not None
                value = blended(value, weights)
                share = weights.sum(1).view(-1, 1, 1)
                torch.sum(sources * share + gate * (value - share * sources), 0, out=target)
            else:
                for op, begin, end in node.spans:
                    activate(value[begin:end], op)
                parts = torch.lerp(sources, value, gate)
                torch.sum(parts if weights is None else parts * weights.view(-1, 1, 1), 0, out=target)
        self._close(step, number + 1, target)

    def _multiply(self, step: int, node: Products, made: Tensor) -> None:
        if node.together:
            sources = picked(self.masked[step], node)
            torch.mm(
                sources.reshape(-1, self.width), self._matrices[node.matrices[0]], out=made.view(-1, made.shape[2])
            )
            return
        for place, (state, matrix) in enumerate(zip(node.states, node.matrices, strict=True)):
            torch.mm(self.masked[step, state], self._matrices[matrix], out=made[place])

    def _close(self, step: int, number: int, state: Tensor) -> None:
        """What happens to every state that is done: normalized, and masked where it is read."""
        if self.norm is not None:
            assert self.spread is not None
            self._normalize(self.norm, state, self.spread[step, number])
        if self.mask is not None and number in self.plan.read:
            torch.mul(state, self.mask, out=self.masked[step, number])

    def _normalize(self, norm: Norm, state: Tensor, spread: Tensor) -> None:
        assert norm.mean is not None
        assert norm.var is not None
        if not norm.training:
            spread.copy_(torch.rsqrt(norm.var + norm.eps))
            state.sub_(norm.mean).mul_(spread)
            return
        var, mean = torch.var_mean(state, 0, correction=0)
        torch.rsqrt(var + norm.eps, out=spread)
        state.sub_(mean).mul_(spread)
        norm.mean.lerp_(mean, norm.momentum)
        norm.var.lerp_(var, norm.momentum * len(state) / (len(state) - 1))


def buffer(node: Products, like: Tensor) -> Tensor:
    """Room for the products of a node (q, T, B, 2H), given (T, B, 2H); those that are one product lie together."""
    steps, *rest = like.shape
    if node.together:
        return like.new_empty(steps, len(node), *rest).transpose(0, 1)
    return like.new_empty(len(node), steps, *rest)


def weights_of(nodes: Sequence[Products], weights: Tensor | None) -> list[Tensor | None]:
    """The weights of each node's products, (q,) or, where products have all operations, (q, 4)."""
    if weights is None:
        return [None] * len(nodes)
    parts = weights.split([len(node.order) for node in nodes])
    return [
        part[list(node.order)].view(-1, len(ACTIVE)) if node.full else part[list(node.order)]
        for node, part in zip(nodes, parts, strict=True)
    ]


def picked(states: Tensor, node: Products) -> Tensor:
    """Of states (n + 1, …, H) those that the node's products are made of, (q, …, H)."""
    return states[: len(node)] if node.straight else states[list(node.states)]


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
        return value.tanh()
    if op == RELU:
        return value.relu()
    return value.sigmoid() if op == SIGMOID else value


def blended(value: Tensor, weights: Tensor) -> Tensor:
    """The activations of (q, …, H), weighted with (q, 4) and added up."""
    shape = (len(value), *[1] * (value.ndim - 1))
    factor = {op: weights[:, place].view(shape) for place, op in enumerate(ACTIVE)}
    total = value * factor[IDENTITY]
    for op in (TANH, RELU, SIGMOID):
        total.addcmul_(activated(value, op), factor[op])
    return total
