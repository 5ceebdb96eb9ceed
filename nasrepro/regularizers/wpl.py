"""Weight plasticity loss against multi-model forgetting (WPL, Benyahia et al., ICML 2019, as NSAS quotes it in Eq. 4).

    L(θ) + α/2 Σ_i F_i (θ_i − θ̂_i)²,   i over the weights shared with the path before

F is the diagonal Fisher information of that path and θ̂ are the weights right after it was trained. The text adds the
squared norms of the weights, which are the optimizer's decay.

**To the letter it changes nothing where a path is trained for one step.** θ̂ are then the weights as they are when the
loss is evaluated, so penalty and gradient are zero. (Trained for more steps, θ would have left θ̂ in the second.)

So the default is an online form: the penalties of all earlier paths, each with its own F and θ̂, with weights that decay
by d whenever θ_i is trained. Their sum is again one square per weight, up to a constant, around the mean of the θ̂
weighted by precision:

    P ← d P + (1 − d) F,   θ̂ ← θ̂ + (1 − d) F/P (θ − θ̂)

d = 0 is the letter.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from nasrepro.placement import onto
from nasrepro.seeds import numpy_rng
from nasrepro.spaces.base import Space
from nasrepro.training.regularizer import Regularizer, WeightStep
from nasrepro.training.settings import Settings


class WPLSettings(Settings):
    """NSAS quotes the loss without values; the form that remembers more than one path is ours.

    Strength 10 is the largest power of ten that leaves the training loss of RandomNAS where it is without (nb201-digits
    at laptop scale, two seeds). With 100, tried with one of them, it ends two thirds higher; with 1,000 next to nothing
    is learned.
    """

    published: ClassVar[str] = "Benyahia et al. (ICML 2019), as quoted by Zhang et al. (CVPR 2020), Eq. 4"
    ours: ClassVar[tuple[str, ...]] = ("strength", "memory", "fisher")

    strength: float = Field(10.0, ge=0, description="α; at 1 all earlier paths together count as much as the present")
    memory: float = Field(
        0.9,
        ge=0,
        lt=1,
        description="d, what is left of earlier penalties on a weight when it is trained again; 0 is the path before "
        "alone, whose penalty has no gradient",
    )
    fisher: Literal["signed", "batch"] = Field(
        "signed",
        description="the mean of squared gradients of single images, estimated by adding them with random signs; or "
        "the square of the batch's mean gradient, as is often done, which is too small where images disagree",
    )


class WPL(Regularizer):
    """The path's cross-entropy and a penalty on moving its weights away from where earlier paths left them, in
    proportion to the Fisher information that these paths had on them (weight plasticity loss, NSAS Eq. 4, remembering
    more than one path).

    Each step looks back with one more pass over the batch.
    """

    Settings = WPLSettings

    def __init__(self, space: Space[Any], settings: WPLSettings, seed: int) -> None:
        self.settings = settings
        self.precision: dict[str, Tensor] = {}
        """P of every weight that was trained, by the parameter's name."""
        self.anchor: dict[str, Tensor] = {}
        """θ̂, likewise."""
        self._rng = numpy_rng(seed, "fisher")

    def loss(self, step: WeightStep) -> Tensor:
        own = step.cross_entropy(step.path)
        on_path = _leaves(own)
        known = [
            (weight, name)
            for name, weight in step.network.named_parameters()
            if name in self.precision and weight in on_path
        ]
        if not known or self.settings.strength == 0:
            return own
        squares = [(self.precision[name] * (weight - self.anchor[name]).square()).sum() for weight, name in known]
        return own + self.settings.strength / 2 * torch.stack(squares).sum()

    def after_step(self, step: WeightStep) -> None:
        named = dict(step.network.named_parameters())
        gradients = torch.autograd.grad(self._probe(step), list(named.values()), allow_unused=True)
        for (name, weight), gradient in zip(named.items(), gradients, strict=True):
            if gradient is not None:
                self._remember(name, weight.detach(), gradient.square())

    def _probe(self, step: WeightStep) -> Tensor:
        """A sum of the images' losses whose squared gradient is the Fisher information, or in expectation is.

        With signs s_b = ±1 that are independent of each other, the mean of (Σ s_b g_b)² over signs is Σ g_b². An
        image's gradient g_b is that of its loss in this batch, whose statistics normalize it.
        """
        losses = step.losses(step.path)
        if self.settings.fisher == "batch":
            return losses.mean()
        signs = torch.from_numpy(self._rng.choice((-1.0, 1.0), size=len(losses)))
        return losses @ onto(signs.to(losses.dtype), losses.device) / math.sqrt(len(losses))

    def _remember(self, name: str, weight: Tensor, fisher: Tensor) -> None:
        """Add the penalty of the path just trained to those before it."""
        new = fisher.mul_(1 - self.settings.memory)
        if name not in self.precision:
            self.precision[name], self.anchor[name] = new, weight.clone()
            return
        precision = self.precision[name].mul_(self.settings.memory).add_(new)
        share = new.div_(precision).nan_to_num_(nan=0.0)  # 0 of 0: nothing known of this weight so far
        self.anchor[name].lerp_(weight, share)  # unlike a sum, exactly the weight where the share is 1

    def state_dict(self) -> dict[str, Any]:
        return {"precision": self.precision, "anchor": self.anchor, "rng": self._rng.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        # copies, because these are updated in place
        self.precision, self.anchor = (
            {name: value.clone() for name, value in state[part].items()} for part in ("precision", "anchor")
        )
        self._rng.bit_generator.state = state["rng"]


def _leaves(loss: Tensor) -> set[Tensor]:
    """The weights that a loss depends on: those of the path, and no others may be moved."""
    found: set[Tensor] = set()
    waiting, seen = [loss.grad_fn], {loss.grad_fn}
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        if hasattr(node, "variable"):  # where gradients are accumulated
            found.add(node.variable)
        new = {after for after, _ in node.next_functions} - seen
        seen |= new
        waiting.extend(new)
    return found
