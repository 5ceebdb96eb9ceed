"""Gumbel-softmax path sampling with a straight-through gradient (GDAS, Dong & Yang 2019, Eq. 3 to 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Space
from nasrepro.spaces.nb201 import EDGES, OPS
from nasrepro.supernets.nb201_cell import Path
from nasrepro.training.schedule import linear
from nasrepro.training.settings import Settings
from nasrepro.training.supernet import Batch


class GumbelSettings(Settings):
    """Published for NAS-Bench-201: Adam 3e-4 with betas (0.5, 0.999) and L2 1e-3, temperature 10 → 0.1."""

    alpha_lr: float = Field(3e-4, gt=0)
    alpha_beta1: float = Field(0.5, ge=0, lt=1)
    alpha_beta2: float = Field(0.999, ge=0, lt=1)
    alpha_weight_decay: float = Field(1e-3, ge=0)
    alpha_init: float = Field(1e-3, ge=0, description="standard deviation of the initial alpha")
    tau_start: float = Field(10.0, gt=0)
    tau_end: float = Field(0.1, gt=0, description="reached linearly, stepped once per epoch")


class GumbelSampler:
    """One alpha matrix (6, 5) for all cells; a hard Gumbel sample per step, another one to learn from."""

    Settings = GumbelSettings

    def __init__(self, space: Space[Any], settings: GumbelSettings, seed: int) -> None:
        self.settings = settings
        self._rng = torch_rng(seed, "gumbel")
        alpha = settings.alpha_init * torch.randn(len(EDGES), len(OPS), generator=torch_rng(seed, "alpha"))
        self.alpha = nn.Parameter(alpha)
        self.tau = settings.tau_start
        self._optimizer = torch.optim.Adam(
            [self.alpha],
            lr=settings.alpha_lr,
            betas=(settings.alpha_beta1, settings.alpha_beta2),
            weight_decay=settings.alpha_weight_decay,
        )

    def begin_epoch(self, epoch: int, epochs: int) -> None:
        self.tau = linear(self.settings.tau_start, self.settings.tau_end, epoch, epochs)

    def draw(self) -> tuple[Path, Tensor]:
        """A path and its gates (6, 5): one-hot in value, the soft sample's gradient in alpha."""
        exponential = torch.empty_like(self.alpha).exponential_(generator=self._rng)
        gumbel = -exponential.clamp_min(torch.finfo(torch.float32).tiny).log()
        soft = ((self.alpha.log_softmax(1) + gumbel) / self.tau).softmax(1)
        chosen = soft.argmax(1)
        hard = F.one_hot(chosen, len(OPS)).to(soft.dtype)
        return tuple(chosen.tolist()), hard - soft.detach() + soft

    @torch.no_grad()
    def sample(self) -> Path:
        return self.draw()[0]

    def learn(self, network: nn.Module, valid_batch: Callable[[], Batch]) -> int:
        """One Adam step on the validation loss of a fresh sample.

        Only alpha's gradient is computed: weights neither receive nor keep any, so nothing of this step can
        leak into the next weight step.
        """
        x, y = valid_batch()
        path, gates = self.draw()
        loss = F.cross_entropy(network(x, path, gates), y)
        (self.alpha.grad,) = torch.autograd.grad(loss, [self.alpha])
        self._optimizer.step()
        return 1

    def argmax(self) -> Path:
        """The most probable operation per edge, `none` included; ties go to the first."""
        return tuple(self.alpha.detach().argmax(1).tolist())

    def state_dict(self) -> dict[str, Any]:
        return {
            "alpha": self.alpha.detach().clone(),
            "optimizer": self._optimizer.state_dict(),
            "tau": self.tau,
            "rng": self._rng.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        with torch.no_grad():
            self.alpha.copy_(state["alpha"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.tau = state["tau"]
        self._rng.set_state(state["rng"])
