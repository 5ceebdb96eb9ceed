"""ENAS (Pham et al. 2018): a controller is rewarded by one-shot validation scores. Settings as on NAS-Bench-201."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from nasrepro.methods.controller import Controller, Drawing
from nasrepro.methods.rewards import reward
from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Genotype, Path, Space
from nasrepro.training.sampler import Lessons, Sampler
from nasrepro.training.schedule import cosine
from nasrepro.training.settings import Settings, SupernetSettings

_AHEAD = 64


class EnasTraining(SupernetSettings):
    """The shared-weight training that Dong & Yang (2020) give ENAS: larger batches and a swinging learning rate."""

    published: ClassVar[str] = "Dong & Yang (ICLR 2020), ENAS"
    ours: ClassVar[tuple[str, ...]] = ("bn",)

    batch_size: int = Field(128, ge=2, description="images per weight step and per reward")
    lr: float = Field(0.05, gt=0, description="initial learning rate of SGD with Nesterov momentum")
    lr_min: float = Field(5e-4, ge=0, description="the lower end of every swing")
    weight_decay: float = Field(2.5e-4, ge=0, description="of weights on the path")
    bn: Literal["batch", "running"] = Field(
        "batch",
        description="statistics at evaluation, rewards included: the batch's own, or running averages over all paths",
    )
    lr_swings: int = Field(25, ge=1, description="half periods of the cosine; odd numbers end low")

    def learning_rate(self, epoch: int) -> float:
        """A cosine that swings between its ends, stepped once per epoch, without jumps: every 10 epochs from one
        end to the other as published."""
        return cosine(self.lr, self.lr_min, epoch * self.lr_swings, self.epochs)


class EnasSettings(Settings):
    """Published for NAS-Bench-201: after each epoch 50 updates by 20 paths each."""

    published: ClassVar[str] = "Dong & Yang (ICLR 2020), ENAS"

    width: int = Field(32, ge=1, description="of the controller's LSTM and embeddings")
    layers: int = Field(2, ge=1, description="of the LSTM")
    temperature: float = Field(5.0, gt=0, description="logits are divided by it before the tanh")
    squash: float = Field(2.5, gt=0, description="logits stay within this distance of 0")
    updates: int = Field(50, ge=1, description="controller steps after each epoch")
    samples: int = Field(20, ge=1, description="paths behind a controller step, each rewarded on its own batch")
    entropy_weight: float = Field(1e-4, ge=0, description="of a path's entropy in nats, added to its reward")
    baseline: Literal["moving", "per-epoch"] = Field(
        "moving",
        description="a moving average of rewards, or, as released, the last epoch's last value moved by one reward",
    )
    baseline_decay: float = Field(0.99, ge=0, lt=1, description="of past rewards in the baseline")
    controller_lr: float = Field(1e-3, gt=0, description="of the controller's Adam")
    controller_beta1: float = Field(0.0, ge=0, lt=1, description="decay of the mean gradient")
    controller_beta2: float = Field(0.999, ge=0, lt=1, description="decay of the mean square")
    controller_eps: float = Field(1e-3, gt=0, description="added to the root of the mean square")
    controller_clip: float = Field(5.0, gt=0, description="norm of the controller's gradient")


class ControllerSampler(Sampler):
    """Weights learn on the controller's paths, then the controller learns by REINFORCE which paths score well."""

    Settings: type[EnasSettings] = EnasSettings

    def __init__(self, space: Space[Any], settings: EnasSettings, seed: int) -> None:
        self.space, self.settings = space, settings
        self.controller: Drawing = self._controller(torch_rng(seed, "controller"))
        self._rng = torch_rng(seed, "controller-draws")
        self._ahead: list[Path] = []
        self.baseline: float | None = None
        self._optimizer = torch.optim.Adam(
            self.controller.parameters(),
            lr=settings.controller_lr,
            betas=(settings.controller_beta1, settings.controller_beta2),
            eps=settings.controller_eps,
        )

    def _controller(self, rng: torch.Generator) -> Drawing:
        """With fresh weights from the generator."""
        settings = self.settings
        return Controller(settings.width, settings.layers, settings.temperature, settings.squash, rng)

    @torch.no_grad()
    def sample(self) -> Path:
        if not self._ahead:  # the controller stands still within an epoch, and many paths cost as much as one
            self._ahead = self.controller.draw(_AHEAD, self._rng).paths
        return self._ahead.pop()

    def end_epoch(self, lessons: Lessons, epoch: int, epochs: int) -> int:
        """All controller updates of an epoch; every path is scored on one fresh validation batch."""
        self._ahead = []
        before = self.baseline
        for _ in range(self.settings.updates):
            drawn = self.controller.draw(self.settings.samples, self._rng)
            bare = torch.tensor([reward(lessons, path) for path in drawn.paths])
            rewards = bare + self.settings.entropy_weight * drawn.entropy.detach()
            advantages = rewards - self._baselines(rewards.tolist(), bare.tolist(), before)
            self._ascend(drawn.log_prob, advantages)
        return self.settings.updates * self.settings.samples

    def _baselines(self, rewards: list[float], bare: list[float], before: float | None) -> Tensor:
        """What each reward is compared with; leaves the last of them as the present baseline."""
        found = []
        for value, first in zip(rewards, bare, strict=True):
            past = self.baseline if self.settings.baseline == "moving" else before
            self.baseline = first if past is None else past - (1 - self.settings.baseline_decay) * (past - value)
            found.append(self.baseline)
        return torch.tensor(found)

    def _ascend(self, log_prob: Tensor, advantages: Tensor) -> None:
        self._optimizer.zero_grad()
        loss = -(log_prob * advantages).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.controller.parameters(), self.settings.controller_clip)
        self._optimizer.step()

    @torch.no_grad()
    def propose(self, count: int, rng: np.random.Generator) -> list[Genotype]:
        """`count` independent draws of the present controller."""
        own = torch.Generator().manual_seed(int(rng.integers(2**63)))
        return [self.space.parse(self.space.path_id(path)) for path in self.controller.draw(count, own).paths]

    def state_dict(self) -> dict[str, Any]:
        return {
            "controller": self.controller.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "baseline": self.baseline,
            "rng": self._rng.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.controller.load_state_dict(state["controller"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.baseline = state["baseline"]
        self._rng.set_state(state["rng"])
