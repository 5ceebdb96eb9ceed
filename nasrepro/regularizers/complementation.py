"""Architecture complementation against multi-model forgetting (E²NAS, Zhang et al. 2020, Section 3.2 and Eq. 7)."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor

from nasrepro.seeds import numpy_rng
from nasrepro.spaces.base import Path, Space
from nasrepro.training.regularizer import Regularizer, WeightStep
from nasrepro.training.settings import Settings


class ComplementationSettings(Settings):
    """The paper recommends ε = 0.2 or 0.5; its main table and the released code take 0.5."""

    published: ClassVar[str] = "Zhang et al. (NeurIPS 2020), Section 4.4 and released code"
    ours: ClassVar[tuple[str, ...]] = ("detached",)

    epsilon: float = Field(0.5, ge=0, le=1, description="ε, the weight of replay; 0 is plain cross-entropy")
    weighting: Literal["normalized", "as-printed"] = Field(
        "normalized",
        description="of the two replayed losses: ε/2 each, as released, which keeps the loss at the scale of "
        "plain cross-entropy, or ε each, as Eq. 7 is printed",
    )
    detached: bool = Field(
        False,
        description="count the replayed losses as numbers, as the released E²NAS does: the gradient is then that of "
        "plain cross-entropy, so nothing is replayed and ε changes nothing",
    )


class Complementation(Regularizer):
    """(1 − ε) times the path's cross-entropy and, weighted by ε, those of two more paths on the same batch: the path of
    the step before, and a complement, which has the present operation wherever that differs from the one before and
    some other one elsewhere (E²NAS, Eq. 7).

    In the very first step the present path stands in for the one before.
    """

    Settings = ComplementationSettings

    def __init__(self, space: Space[Any], settings: ComplementationSettings, seed: int) -> None:
        self.settings, self._space = settings, space
        self.previous: Path | None = None
        self._rng = numpy_rng(seed, "complement")

    def loss(self, step: WeightStep) -> Tensor:
        own, epsilon = step.cross_entropy(step.path), self.settings.epsilon
        if epsilon == 0 or self.settings.detached:
            return own
        previous = step.path if self.previous is None else self.previous
        other = self._space.complement(step.path, previous, self._rng)
        share = epsilon / 2 if self.settings.weighting == "normalized" else epsilon
        return (1 - epsilon) * own + share * (step.cross_entropy(previous) + step.cross_entropy(other))

    def after_step(self, step: WeightStep) -> None:
        self.previous = step.path

    def state_dict(self) -> dict[str, Any]:
        return {"previous": self.previous, "rng": self._rng.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.previous = state["previous"]
        self._rng.bit_generator.state = state["rng"]
