"""Gumbel-softmax path sampling with a straight-through gradient (GDAS, Dong & Yang 2019, Eq. 3 to 6)."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from nasrepro.methods.alpha import AlphaSettings, GatedSampler
from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Space
from nasrepro.training.schedule import linear


class GumbelSettings(AlphaSettings):
    """Published for NAS-Bench-201: Adam 3e-4 with betas (0.5, 0.999) and L2 1e-3, temperature 10 → 0.1."""

    published: ClassVar[str] = "Dong & Yang (ICLR 2020), GDAS"

    tau_start: float = Field(10.0, gt=0, description="temperature of the first epoch")
    tau_end: float = Field(0.1, gt=0, description="reached linearly, stepped once per epoch")


class GumbelSampler(GatedSampler):
    """A hard Gumbel sample per step, another one to learn from."""

    Settings = GumbelSettings

    def __init__(self, space: Space[Any], settings: GumbelSettings, seed: int) -> None:
        super().__init__(space, settings, seed)
        self.settings = settings
        self._rng = torch_rng(seed, "gumbel")
        self.tau = settings.tau_start

    def begin_epoch(self, epoch: int, epochs: int) -> None:
        self.tau = linear(self.settings.tau_start, self.settings.tau_end, epoch, epochs)

    def soft(self) -> Tensor:
        exponential = torch.empty_like(self.alpha).exponential_(generator=self._rng)
        gumbel = -exponential.clamp_min(torch.finfo(torch.float32).tiny).log()
        return ((self.alpha.log_softmax(1) + gumbel) / self.tau).softmax(1)

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "tau": self.tau, "rng": self._rng.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.tau = state["tau"]
        self._rng.set_state(state["rng"])
