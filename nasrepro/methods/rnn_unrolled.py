"""Second-order DARTS on text, with the clipping of its weight step (Liu et al. 2019, released code for PTB)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from nasrepro.methods.darts_v2 import DartsV2Sampler, DartsV2Settings, hessian_product, unrolled
from nasrepro.spaces.base import Space
from nasrepro.supernets.darts_rnn_frame import LanguageModel
from nasrepro.supernets.norm import kept_statistics
from nasrepro.training.sampler import Batch, Lessons

_TINY = 1e-6  # added to a norm before it divides


class RnnUnrolledSettings(DartsV2Settings):
    """As on images, and the clipping of the unrolled step."""

    published: ClassVar[str] = "released code of Liu et al. (ICLR 2019), Penn Treebank"
    ours: ClassVar[tuple[str, ...]] = ("capped", "masks")

    unrolled_clip: float = Field(
        0.25, gt=0, description="norm of the training gradient in the unrolled step, and of the validation gradient"
    )
    capped: bool = Field(
        True,
        description="whether a training gradient that is shorter than that counts as it is; as released it is "
        "lengthened to it in the implicit term, though not in the step",
    )
    masks: Literal["kept", "fresh"] = Field(
        "kept",
        description="what the passes over the training segment drop: all of them the same, so that the finite "
        "difference is one of weights; or, as released, each something else",
    )


class RnnUnrolledSampler(DartsV2Sampler):
    """Alpha learns through the weight step that is clipped as the real one; without momentum, which is not used."""

    Settings = RnnUnrolledSettings

    def __init__(self, space: Space[Any], settings: RnnUnrolledSettings, seed: int) -> None:
        super().__init__(space, settings, seed)
        self.settings = settings

    def learn(self, lessons: Lessons, train_batch: Batch) -> int:
        """One step along dα L_val(θ') − lr · c · dα⟨∇θ L_train(θ, α), v⟩.

        θ' = θ − lr (c · ∇θ L_train + decay · θ), c is what clipping multiplies the training gradient with, and v the
        clipped validation gradient at θ'. How c itself changes with α is left out, as published. The rate is that of
        the segment. Losses are plain cross-entropies.
        """
        network, valid_batch, found = lessons.network, lessons.valid_batch(), [1.0]
        replay = _Replay(network) if self.settings.masks == "kept" else _once

        def loss(batch: Batch) -> Tensor:
            return F.cross_entropy(network(batch[0], self.weights()), batch[1])

        def train_loss() -> Tensor:
            return replay(lambda: loss(train_batch))

        def clipped(gradient: list[Tensor]) -> None:
            found[0] = clip(gradient, self.settings.unrolled_clip)

        with unrolled(lessons.optimizer, train_loss, clipped) as (weights, rate), kept_statistics(network):
            direct, *direction = torch.autograd.grad(loss(valid_batch), [self.alpha, *weights])
        clip(direction, self.settings.unrolled_clip)
        implicit = hessian_product(train_loss, self.alpha, weights, direction, self._radius)
        scale = min(1.0, found[0]) if self.settings.capped else found[0]
        self.descend(direct - rate * scale * implicit)
        return 4 * len(self.space.operations)


def clip(gradient: list[Tensor], limit: float) -> float:
    """Shorten a gradient in place where it is longer than `limit`; what it would take to make it as long."""
    length = float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradient))))
    factor = limit / (length + _TINY)
    if factor < 1:
        torch._foreach_mul_(gradient, factor)
    return factor


def _once(run: Callable[[], Tensor]) -> Tensor:
    return run()


class _Replay:
    """Runs passes that all drop what the first of them drops."""

    def __init__(self, network: nn.Module) -> None:
        self._generators = [module.masks for module in network.modules() if isinstance(module, LanguageModel)]
        self._states: list[Tensor] | None = None

    def __call__(self, run: Callable[[], Tensor]) -> Tensor:
        now = [generator.get_state() for generator in self._generators]
        if self._states is None:
            self._states = now
            return run()
        for generator, state in zip(self._generators, self._states, strict=True):
            generator.set_state(state)
        loss = run()
        for generator, state in zip(self._generators, now, strict=True):
            generator.set_state(state)  # the next masks are fresh ones again
        return loss
