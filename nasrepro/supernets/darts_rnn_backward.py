"""The recurrent cell of DARTS from right to left over a segment: gradients, by hand.

A term gives w · (s + σ(c) · (f(h) - s)) to its node. The gradient g of the node goes on as w · (1 - σ(c)) · g to the
state and as g times two factors to both halves of its product. The three factors need no other step, so they are made
for many steps at once; what runs step by step are a few products of matrices and sums.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nasrepro.placement import places
from nasrepro.supernets.darts_rnn_forward import Forward
from nasrepro.supernets.darts_rnn_math import activated, blended_slope, picked, slopes
from nasrepro.supernets.darts_rnn_plan import ACTIVE, TANH

_NUMBERS = (
    2**17
)  # of a node's products, in steps that factors are made for at once: many are faster while caches hold them


class Backward:
    """What a `Forward` that has run gives back. `entered` computes all; the other gradients are there afterwards.

    `weights` are given where they have a gradient. `learns` says whether matrices have one; otherwise it is not
    computed.
    """

    def __init__(
        self, run: Forward, entry: Tensor, matrices: Sequence[Tensor], weights: Tensor | None, *, learns: bool
    ) -> None:
        self._run, self._back, self._backs = run, entry.T, [matrix.T for matrix in matrices]
        self.entry = torch.zeros_like(entry) if learns else None
        self.matrices = [torch.zeros_like(matrix) if learns else None for matrix in matrices]
        self.weights = None if weights is None else torch.zeros_like(weights)
        self._into = run.states.new_empty(run.states.shape[1:])
        self._inner = self._into if run.mask is None else torch.empty_like(self._into)
        """Gradients of the present step's states, and of what products got of them."""
        self._state, self._product = self._into.unbind(), self._inner.unbind()
        self._carried = torch.zeros_like(self._into[0])

    def entered(self, upstream: Tensor) -> Tensor:
        """The gradient of the outputs (T, B, H) → that of the inputs' part of the first product (T, B, 2H)."""
        run = self._run
        result = torch.empty_like(run.first)
        widest = max(1, *(len(node) for node in run.nodes))
        length = max(1, _NUMBERS // (widest * self._carried.numel()))
        for end in range(len(upstream), 0, -length):
            steps = slice(max(0, end - length), end)
            self._several(steps, upstream[steps], result[steps])
        return result

    def _several(self, steps: slice, upstream: Tensor, result: Tensor) -> None:
        """Steps that factors are made for at once."""
        run = self._run
        stretches = [Stretch(run, number, steps, self.weights is not None) for number in range(len(run.nodes))]
        gate, value = run.first[steps].chunk(2, 2)
        slopes(gate, value, run.hidden[steps], TANH, result)
        kept, first, halves = (1 - gate).unbind(), result.unbind(), result.unflatten(2, (2, -1)).unbind()  # type: ignore[no-untyped-call]
        for step in reversed(range(len(upstream))):
            self._spread(self._carried.add_(upstream[step]))
            for number in reversed(range(len(run.nodes))):
                if len(run.nodes[number]):
                    self._node(stretches[number], step, self._arrived(steps.start + step, number + 1))
            gradient = self._arrived(steps.start + step, 0)
            halves[step].mul_(gradient.unsqueeze(1))
            torch.mul(gradient, kept[step], out=self._carried)
            if run.mask is None:
                self._carried.addmm_(first[step], self._back)
            else:
                self._carried.addcmul_(first[step] @ self._back, run.mask)
        if self.entry is not None:
            self.entry.addmm_(rows(run.inner[steps]).T, rows(result))
            for stretch in stretches:
                stretch.teach(self.matrices, run.masked[steps])
        if self.weights is not None:
            at = 0
            for stretch in stretches:
                stretch.weigh(self.weights[at : at + len(stretch.node.order)])
                at += len(stretch.node.order)

    def _spread(self, gradient: Tensor) -> None:
        """The gradient of an output (B, H) to the states whose mean it is."""
        concat = self._run.plan.concat
        if self._run.plan.whole:
            self._state[0].zero_()
            torch.mul(gradient.expand(len(concat), -1, -1), 1 / len(concat), out=self._into[1:])
        else:
            self._into.zero_()
            self._into[places(concat, gradient.device)] = gradient / len(concat)
        if self._inner is not self._into:
            self._inner.zero_()

    def _arrived(self, step: int, number: int) -> Tensor:
        """The gradient of what became a state by normalization, all that read it being done."""
        run, gradient = self._run, self._state[number]
        if run.mask is not None and number in run.plan.read:
            gradient.addcmul_(self._product[number], run.mask)
        if run.spread is not None:
            if run.by_batch:
                state = run.states[step, number]
                along = (gradient * state).mean(0)
                gradient.sub_(gradient.mean(0)).addcmul_(state, along, value=-1)
            gradient.mul_(run.spread[step, number])
        return gradient

    def _node(self, stretch: Stretch, step: int, gradient: Tensor) -> None:
        """A node's gradient (B, H) to the states that it reads."""
        node, made, kept = stretch.node, stretch.made[step], stretch.kept[step]
        stretch.keep(step, gradient)
        stretch.halves[step].mul_(gradient.unsqueeze(1))
        if node.straight:
            self._into[: len(node)].addcmul_(kept, gradient)
        elif len(node) == 1:
            self._state[node.states[0]].addcmul_(kept[0], gradient)
        else:
            self._into.index_add_(0, stretch.states, kept * gradient)
        if not node.together:
            for place, (state, matrix) in enumerate(zip(node.states, node.matrices, strict=True)):
                self._product[state].addmm_(made[place], self._backs[matrix])
            return
        back = self._backs[node.matrices[0]]
        if node.straight:
            self._inner[: len(node)].view(-1, back.shape[1]).addmm_(made.view(-1, len(back)), back)
        else:
            through = made.view(-1, len(back)) @ back
            self._inner.index_add_(0, stretch.states, through.view(len(node), *gradient.shape))


class Stretch:
    """One node over several steps: factors, and what gradients of matrices and weights are made of."""

    def __init__(self, run: Forward, number: int, steps: slice, weighs: bool) -> None:
        self.node, weights = run.nodes[number], run.weights[number]
        self._made = torch.empty_like(run.made[number][steps])
        self.made = self._made.unbind()
        """By step, first both factors of every product, then their gradients (q, B, 2H)."""
        self.halves = self._made.unflatten(3, (2, -1)).unbind()  # type: ignore[no-untyped-call]
        self.states = places(self.node.states, run.states.device)
        self._sources = picked(run.states[steps].transpose(0, 1), self.node)
        self._gate, self._value = run.made[number][steps].transpose(0, 1).chunk(2, 3)
        kept = 1 - self._gate
        made = self._made.transpose(0, 1)
        if self.node.full:
            assert weights is not None
            share = weights.sum(1).view(-1, 1, 1, 1)
            total, slope = blended_slope(self._value, weights)
            torch.mul(total.sub_(self._sources * share).mul_(self._gate), kept, out=made.chunk(2, 3)[0])
            torch.mul(slope, self._gate, out=made.chunk(2, 3)[1])
            kept *= share
        else:
            for op, begin, end in self.node.spans:
                part = slice(begin, end)
                slopes(self._gate[part], self._value[part], self._sources[part], op, made[part])
            if weights is not None:
                made *= weights.view(-1, 1, 1, 1)
                kept *= weights.view(-1, 1, 1, 1)
        self.kept = kept.unbind(1)
        """By step, the factor of what goes to the states (q, B, H)."""
        self._gradients = torch.empty_like(run.states[steps, 0]) if weighs else None

    def keep(self, step: int, gradient: Tensor) -> None:
        """A step's gradient of the node, where weights learn from it."""
        if self._gradients is not None:
            self._gradients[step] = gradient

    def teach(self, matrices: Sequence[Tensor | None], masked: Tensor) -> None:
        """Add to the gradients of the matrices, given what products got of states (steps, n + 1, B, H)."""
        node = self.node
        if node.together:
            self._teach(matrices, node.matrices[0], picked(masked.transpose(0, 1), node).transpose(0, 1), self._made)
            return
        for place, (state, matrix) in enumerate(zip(node.states, node.matrices, strict=True)):
            self._teach(matrices, matrix, masked[:, state], self._made[:, place])

    def _teach(self, matrices: Sequence[Tensor | None], matrix: int, sources: Tensor, gradients: Tensor) -> None:
        taught = matrices[matrix]
        assert taught is not None
        taught.addmm_(rows(sources).T, rows(gradients))

    def weigh(self, weights: Tensor) -> None:
        """Add to the gradients of the weights of the node's terms: ⟨node's gradient, unweighted contribution⟩."""
        assert self._gradients is not None
        each = ACTIVE if self.node.full else (0,)
        for place in range(len(self.node)):
            source, gate, value = self._sources[place], self._gate[place], self._value[place]
            for at, op in enumerate(each):
                made = activated(value, op) if op else value
                term = self.node.order[place * len(each) + at]
                weights[term] += (torch.lerp(source, made, gate) * self._gradients).sum()


def rows(steps: Tensor) -> Tensor:
    """(…, H) → (rows, H)."""
    return steps.reshape(-1, steps.shape[-1])
