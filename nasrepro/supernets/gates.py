"""Hard Gumbel gates: 1 and 0 in value, differentiable in the architecture parameters."""

from __future__ import annotations

from functools import reduce
from typing import Any

import torch
from torch import Tensor


class GatedSum(torch.autograd.Function):
    """Sum of maps under hard Gumbel gates, which are 1 for the chosen operation and 0 for the others.

    The forward value is the plain sum. Backwards, a chosen gate receives ⟨upstream, its map⟩ and every gate
    that was not chosen receives the sum of the upstream gradient, where it enters as a scalar added to the
    whole map (GDAS, Dong & Yang 2019, as released for NAS-Bench-201).
    """

    @staticmethod
    def forward(ctx: Any, chosen: Tensor, others: Tensor, *maps: Tensor) -> Tensor:
        ctx.save_for_backward(*maps)
        return reduce(torch.add, maps) if len(maps) > 1 else maps[0].clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (upstream,) = grads
        maps: tuple[Tensor, ...] = ctx.saved_tensors
        kind = torch.promote_types(upstream.dtype, torch.float32)
        to_chosen = torch.stack([(upstream * item).sum(dtype=kind) for item in maps])
        to_others = upstream.sum(dtype=kind) if ctx.needs_input_grad[1] else None
        return to_chosen, to_others, *([upstream] * len(maps))
