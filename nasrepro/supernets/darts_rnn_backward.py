"""The recurrent cell of DARTS from right to left over a segment: gradients, by hand.

A term gives w · (s + σ(c) · (f(h) - s)) to its node, whose gradient g it passes on as w · (1 - σ(c)) · g to its state, and as
g times two factors to both halves of its product. The three factors need no other step, so they are made for many steps
at once; what runs step by step are a few products of matrices and sums.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nasrepro.supernets.darts_rnn_forward import Forward, activated, blended, picked
from nasrepro.supernets.darts_rnn_plan import ACTIVE, IDENTITY, RELU, SIGMOID, TANH, Products

_ROWS = 2048  # steps · texts that factors are made for at once: matrices' gradients want many, caches few


class Backward:
    """What a `Forward` that has run gives back. `entered` computes all; the other gradients are there afterwards.

    `weights` are given where they have a gradient. `learns` says whether matrices have one; otherwise it is not computed.
    """

    def __init__(
        self, run: Forward, entry: Tensor, matrices: Sequence[Tensor], weights: Tensor | None, *, learns: bool
    ) -> None:
        self._run, self._entry, self._matrices = run, entry, matrices
        self.entry = torch.zeros_like(entry) if learns else None
        self.matrices = [torch.zeros_like(matrix) if learns else None for matrix in matrices]
        self.weights = None if weights is None else torch.zeros_like(weights)
        shape = run.states.shape[1:]
        self._into = run.states.new_empty(shape)
        self._inner = self._into if run.mask is None else run.states.new_empty(shape)
        """Gradients of the present step's states, and of what products got of them."""
        self._carried = run.states.new_zeros(shape[1:])

    def entered(self, upstream: Tensor) -> Tensor:
        """The gradient of the outputs (T, B, H) → that of the inputs' part of the first product (T, B, 2H)."""
        run = self._run
        result = torch.empty_like(run.first)
        length = max(1, _ROWS // run.first.shape[1])
        for end in range(run.steps, 0, -length):
            steps = slice(max(0, end - length), end)
            self._several(steps, upstream[steps], result[steps])
        return result

    def _several(self, steps: slice, upstream: Tensor, result: Tensor) -> None:
        """Steps that factors are made for at once."""
        run = self._run
        stretch = [_Stretch(run, number, steps, self.weights is not None) for number in range(len(run.nodes))]
        gate, value = run.first[steps].chunk(2, 2)
        kept = 1 - gate
        _factors(gate, value, run.hidden[steps], kept, TANH, result)
        for step in reversed(range(len(upstream))):
            self._spread(upstream[step] + self._carried)
            for number in reversed(range(len(run.nodes))):
                self._node(stretch[number], step, self._arrived(steps.start + step, number + 1))
            gradient = self._arrived(steps.start + step, 0)
            _times(result[step], gradient)
            carried = result[step] @ self._entry.T
            self._carried = torch.mul(gradient, kept[step]).add_(carried if run.mask is None else carried * run.mask)
        if self.entry is not None:
            self.entry.addmm_(_rows(run.inner[steps]).T, _rows(result))
            rows = {state: _rows(run.masked[steps, state]) for state in run.plan.read}
            for part in stretch:
                part.teach(self.matrices, rows)
        if self.weights is not None:
            at = 0
            for part in stretch:
                part.weigh(self.weights[at : at + len(part.node.order)])
                at += len(part.node.order)

    def _spread(self, gradient: Tensor) -> None:
        """The gradient of an output to the states whose mean it is."""
        concat, into = self._run.plan.concat, self._into
        if self._run.plan.whole:
            into[0].zero_()
            torch.mul(gradient, 1 / len(concat), out=into[1]) if len(into) == 2 else into[1:].copy_(gradient).mul_(
                1 / len(concat)
            )
        else:
            into.zero_()
            into[list(concat)] = gradient / len(concat)
        if self._inner is not into:
            self._inner.zero_()

    def _arrived(self, step: int, number: int) -> Tensor:
        """The gradient of what became a state by normalization, all that read it being done."""
        run, gradient = self._run, self._into[number]
        if run.mask is not None and number in run.plan.read:
            gradient.addcmul_(self._inner[number], run.mask)
        if run.spread is not None:
            if run.learned_statistics:
                state = run.states[step, number]
                along = (gradient * state).mean(0)
                gradient.sub_(gradient.mean(0)).addcmul_(state, along, value=-1)
            gradient.mul_(run.spread[step, number])
        return gradient

    def _node(self, part: _Stretch, step: int, gradient: Tensor) -> None:
        node = part.node
        part.keep(step, gradient)
        if len(node) == 1:
            slopes = _times(part.slopes[0, step], gradient)
            state = node.states[0]
            self._into[state].addcmul_(gradient, part.kept[0, step])
            self._inner[state].addmm_(slopes, self._matrices[node.matrices[0]].T)
        elif len(node):
            slopes = _times(part.slopes[:, step], gradient)
            if node.straight:
                self._into[: len(node)].addcmul_(gradient, part.kept[:, step])
            else:
                self._into.index_add_(0, part.states, part.kept[:, step] * gradient)
            self._through(node, part, slopes)

    def _through(self, node: Products, part: _Stretch, slopes: Tensor) -> None:
        """The gradient of a node's products to the states that they are products of."""
        if not node.together:
            for place, (state, matrix) in enumerate(zip(node.states, node.matrices, strict=True)):
                self._inner[state].addmm_(slopes[place], self._matrices[matrix].T)
            return
        back, flat = self._matrices[node.matrices[0]].T, slopes.reshape(-1, slopes.shape[2])
        if node.straight:
            self._inner[: len(node)].view(-1, back.shape[1]).addmm_(flat, back)
        else:
            self._inner.index_add_(0, part.states, (flat @ back).view(len(node), *self._inner.shape[1:]))


class _Stretch:
    """One node over several steps: factors, and what gradients of matrices and weights are made of."""

    def __init__(self, run: Forward, number: int, steps: slice, weighs: bool) -> None:
        self.node, made, weights = run.nodes[number], run.made[number][:, steps], run.weights[number]
        self.slopes = torch.empty_like(made)
        """First both factors of every product, then their gradients (q, steps, B, 2H)."""
        self.states = torch.tensor(self.node.states)
        self._gate, self._value = made.chunk(2, 3)
        self._sources = picked(run.states[steps].transpose(0, 1), self.node)
        self.kept = 1 - self._gate
        if self.node.full:
            assert weights is not None
            self._blend(weights)
        else:
            for op, begin, end in self.node.spans:
                part = slice(begin, end)
                _factors(
                    self._gate[part], self._value[part], self._sources[part], self.kept[part], op, self.slopes[part]
                )
            if weights is not None:
                self.slopes *= weights.view(-1, 1, 1, 1)
                self.kept *= weights.view(-1, 1, 1, 1)
        self._gradients = torch.empty_like(run.states[steps, 0]) if weighs else None

    def _blend(self, weights: Tensor) -> None:
        """Factors where products have all operations, weighted (q, 4)."""
        gate, slopes = self._gate, self.slopes.chunk(2, 3)
        factor = {op: weights[:, place].view(-1, 1, 1, 1) for place, op in enumerate(ACTIVE)}
        share = weights.sum(1).view(-1, 1, 1, 1)
        torch.mul(blended(self._value, weights).sub_(share * self._sources), gate * self.kept, out=slopes[0])
        slope = (self._value > 0) * factor[RELU] + factor[IDENTITY]
        for op in (TANH, SIGMOID):
            slope.addcmul_(_slope(activated(self._value, op), op), factor[op])
        torch.mul(slope, gate, out=slopes[1])
        self.kept *= share

    def keep(self, step: int, gradient: Tensor) -> None:
        """A step's gradient of the node, where weights learn from it."""
        if self._gradients is not None:
            self._gradients[step] = gradient

    def teach(self, matrices: Sequence[Tensor | None], rows: dict[int, Tensor]) -> None:
        """Add to the gradients of the matrices; `rows` are what products got of states (steps · B, H)."""
        for place, (state, matrix) in enumerate(zip(self.node.states, self.node.matrices, strict=True)):
            taught = matrices[matrix]
            assert taught is not None
            taught.addmm_(rows[state].T, _rows(self.slopes[place]))

    def weigh(self, weights: Tensor) -> None:
        """Add to the gradients of the weights of the node's terms: ⟨node's gradient, unweighted contribution⟩."""
        assert self._gradients is not None
        for place in range(len(self.node)):
            source, gate, value = self._sources[place], self._gate[place], self._value[place]
            for at, op in enumerate(ACTIVE if self.node.full else (0,)):
                made = activated(value, op) if op else value
                term = self.node.order[place * len(ACTIVE) + at if self.node.full else place]
                weights[term] += (torch.lerp(source, made, gate) * self._gradients).sum()


def _factors(gate: Tensor, value: Tensor, source: Tensor, kept: Tensor, op: int, into: Tensor) -> None:
    """What a product's gradients are times its node's, given σ(c), f(h), the state and 1 - σ(c)."""
    to_gate, to_value = into.chunk(2, -1)
    torch.sub(value, source, out=to_gate).mul_(gate).mul_(kept)
    if op == IDENTITY:
        to_value.copy_(gate)
    else:
        torch.mul(_slope(value, op), gate, out=to_value)


def _slope(value: Tensor, op: int) -> Tensor:
    """The derivative of an activation where it has the value."""
    if op == TANH:
        return 1 - value * value
    return value > 0 if op == RELU else value * (1 - value)


def _times(factors: Tensor, gradient: Tensor) -> Tensor:
    """(…, B, 2H) times (B, H) in both halves, in place."""
    factors.unflatten(-1, (2, -1)).mul_(gradient.unsqueeze(1))
    return factors


def _rows(steps: Tensor) -> Tensor:
    return steps.reshape(-1, steps.shape[-1])
