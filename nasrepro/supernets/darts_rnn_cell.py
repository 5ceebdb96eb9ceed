"""The recurrent cell of DARTS (Liu et al., ICLR 2019) over a whole segment of text.

With s the state that a node reads, [c, h] = s W and an activation f, the node gets s + σ(c) · (f(h) - s), weighted
where there are weights, from each of its terms. The first state is made so from input and hidden state, with f = tanh.

States of such cells are small, so most of the time would go into starting operations and recording them. The whole
segment therefore is one function with a backward pass of its own (`Forward`, `Backward`): results are written in place,
everything that needs no earlier time step is computed for many steps at once, the gradients of matrices above all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nasrepro.supernets.darts_rnn_backward import Backward
from nasrepro.supernets.darts_rnn_forward import Forward
from nasrepro.supernets.darts_rnn_plan import Plan
from nasrepro.supernets.norm import Norm


@dataclass(frozen=True)
class Surroundings:
    """What a segment is unrolled with, beside what has gradients: the hidden state before it (B, H), the mask (B, H)
    that multiplies states inside products, and the normalization of the first state and every node."""

    hidden: Tensor
    mask: Tensor | None
    norm: Norm | None


def unroll(
    plan: Plan,
    entered: Tensor,
    entry: Tensor,
    matrices: Sequence[Tensor],
    around: Surroundings,
    weights: Tensor | None = None,
) -> Tensor:
    """Inputs' part of the first product (T, B, 2H) → outputs (T, B, H), differentiable in all tensors but `around`'s.

    `entry` (H, 2H) is the hidden state's part of the first product; `weights` has an entry for each term of the plan,
    node by node. Matrices of no term get no gradient.
    """
    used = [matrices[number] for number in plan.matrices]
    outputs: Tensor = Unrolled.apply(plan, around, entered, entry, weights, *used)  # type: ignore[no-untyped-call]
    return outputs


class Unrolled(torch.autograd.Function):
    """A segment as one differentiable function."""

    @staticmethod
    def forward(
        ctx: Any,
        plan: Plan,
        around: Surroundings,
        entered: Tensor,
        entry: Tensor,
        weights: Tensor | None,
        *matrices: Tensor,
    ) -> Tensor:
        run = Forward(plan, entered, matrices, around.hidden, around.mask, around.norm, weights)
        outputs = run.outputs(entered, entry)
        ctx.run = run
        ctx.save_for_backward(entry, weights, *matrices)  # so that a change before the backward pass is noticed
        return outputs

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        entry, weights, *matrices = ctx.saved_tensors
        needs = ctx.needs_input_grad
        back = Backward(ctx.run, entry, matrices, weights if needs[4] else None, learns=any((needs[3], *needs[5:])))
        entered = back.entered(grads[0])
        return None, None, entered, back.entry, back.weights, *back.matrices
