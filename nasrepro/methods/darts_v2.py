"""Second-order DARTS (Liu et al. 2019, Eq. 5 to 8): alpha's gradient through one unrolled weight step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from nasrepro.methods.alpha import AlphaSettings
from nasrepro.methods.darts import DartsSampler, DartsTraining
from nasrepro.spaces.base import Space
from nasrepro.supernets.norm import kept_statistics
from nasrepro.training.repeatable import full_precision
from nasrepro.training.sampler import Batch, Lessons


class DartsV2Training(DartsTraining):
    """As first-order DARTS, in float32: cast to bfloat16, most weights would not notice the shift of the finite
    difference, and its quotient would be noise."""

    ours: ClassVar[tuple[str, ...]] = ("precision",)

    precision: Literal["fp32"] = Field("fp32", description="a finite difference needs the weights' full precision")


class DartsV2Settings(AlphaSettings):
    """As first-order DARTS, and the length of the finite difference."""

    published: ClassVar[str] = "Liu et al. (ICLR 2019), Section 2.3"

    radius: float = Field(0.01, gt=0, description="norm of the shift of all weights in the finite difference")


class DartsV2Sampler(DartsSampler):
    """As first-order DARTS, but alpha learns before each weight step, through that step unrolled on the same batch."""

    Settings: type[DartsV2Settings] = DartsV2Settings
    learns_first = True

    def __init__(self, space: Space[Any], settings: DartsV2Settings, seed: int) -> None:
        super().__init__(space, settings, seed)
        self._radius = settings.radius

    def learn(self, lessons: Lessons, train_batch: Batch) -> int:
        """One step along dα L_val(θ', α) − lr · dα⟨∇θ L_train(θ, α), v⟩ with θ' the unrolled weights, v = ∇θ' L_val."""
        network, valid_batch = lessons.network, lessons.valid_batch()

        def loss(batch: Batch) -> Tensor:
            return F.cross_entropy(network(batch[0], self.weights()), batch[1])

        with unrolled(lessons.optimizer, lambda: loss(train_batch)) as (weights, rate), kept_statistics(network):
            direct, *direction = torch.autograd.grad(loss(valid_batch), [self.alpha, *weights])
        implicit = hessian_product(lambda: loss(train_batch), self.alpha, weights, direction, self._radius)
        self.descend(direct - rate * implicit)
        return 4 * len(self.space.operations)


@contextmanager
def unrolled(
    optimizer: torch.optim.Optimizer,
    loss: Callable[[], Tensor],
    shorten: Callable[[list[Tensor]], None] | None = None,
) -> Iterator[tuple[list[Tensor], float]]:
    """Inside, the optimizer's weights are one step ahead: θ' = θ − lr (μ·momentum + ∇θ loss + decay·θ).

    Yields the weights and the learning rate; afterwards the weights are what they were, to the last bit. The
    gradient is clipped by `shorten`, in place, where there is such a thing. The step is that of plain momentum, as
    published, though the weights themselves are trained with Nesterov's.
    """
    (group,) = optimizer.param_groups
    weights, rate = list(group["params"]), float(group["lr"])
    before = [weight.detach().clone() for weight in weights]
    step = list(torch.autograd.grad(loss(), weights))
    if shorten is not None:
        shorten(step)
    with torch.no_grad():
        torch._foreach_add_(step, before, alpha=group["weight_decay"])
        for change, weight in zip(step, weights, strict=True):
            buffer = optimizer.state[weight].get("momentum_buffer")
            if buffer is not None:
                change.add_(buffer, alpha=group["momentum"])
        torch._foreach_sub_(weights, step, alpha=rate)
    try:
        yield weights, rate
    finally:
        _restore(weights, before)


def hessian_product(
    loss: Callable[[], Tensor], alpha: Tensor, weights: list[Tensor], direction: list[Tensor], radius: float
) -> Tensor:
    """∂²loss/∂alpha∂weights · direction by a central difference of alpha's gradient, shaped as alpha (Eq. 8).

    The weights are moved by `radius` in norm along `direction` and put back to the last bit.
    """
    length = float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(direction))))
    if not length > 0:
        return torch.zeros_like(alpha)
    reach = radius / length
    before = [weight.detach().clone() for weight in weights]
    gradients = []
    try:
        for signed in (reach, -reach):
            with torch.no_grad():
                torch._foreach_copy_(weights, torch._foreach_add(before, direction, alpha=signed))
            with full_precision():
                gradients.append(torch.autograd.grad(loss(), [alpha])[0])
    finally:
        _restore(weights, before)
    return (gradients[0] - gradients[1]) / (2 * reach)


@torch.no_grad()
def _restore(weights: list[Tensor], before: list[Tensor]) -> None:
    torch._foreach_copy_(weights, before)
