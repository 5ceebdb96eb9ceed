"""What all samplers with one architecture parameter per edge and operation have in common."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Genotype, Path, Space
from nasrepro.training.sampler import Batch, Lessons, Sampler
from nasrepro.training.settings import Settings


class AlphaSettings(Settings):
    """Published for NAS-Bench-201: Adam 3e-4 with betas (0.5, 0.999) and L2 1e-3."""

    published: ClassVar[str] = "Dong & Yang (ICLR 2020), DARTS, GDAS and SETN"

    alpha_lr: float = Field(3e-4, gt=0, description="of alpha's Adam")
    alpha_beta1: float = Field(0.5, ge=0, lt=1, description="decay of the mean gradient")
    alpha_beta2: float = Field(0.999, ge=0, lt=1, description="decay of the mean square")
    alpha_weight_decay: float = Field(1e-3, ge=0, description="L2, added to the gradient")
    alpha_init: float = Field(1e-3, ge=0, description="standard deviation of the initial alpha")


class AlphaSampler(Sampler):
    """One alpha, shared by all cells of a kind, and the Adam that trains it; a matrix (edges, operations) unless it is
    given otherwise."""

    Settings: type[AlphaSettings] = AlphaSettings
    pairs = False
    """Whether a space that picks edges too may pick one of them twice, with two operations."""

    def __init__(self, space: Space[Any], settings: AlphaSettings, seed: int, *, initial: Tensor | None = None) -> None:
        self.space = space
        if initial is None:
            initial = settings.alpha_init * torch.randn(
                space.edges, len(space.operations), generator=torch_rng(seed, "alpha")
            )
        self.alpha = nn.Parameter(initial)
        self._optimizer = torch.optim.Adam(
            [self.alpha],
            lr=settings.alpha_lr,
            betas=(settings.alpha_beta1, settings.alpha_beta2),
            weight_decay=settings.alpha_weight_decay,
        )

    def descend(self, gradient: Tensor) -> None:
        """One Adam step of alpha along `gradient`, of its shape. Weights have no part in it, so nothing of an
        architecture step can leak into the next weight step."""
        self.alpha.grad = gradient
        self._optimizer.step()

    def preferred(self) -> Genotype:
        """What the space derives from alpha's probabilities."""
        found: Genotype = self.space.derive(self.alpha.detach().double().log_softmax(1).numpy(), pairs=self.pairs)
        return found

    def state_dict(self) -> dict[str, Any]:
        return {"alpha": self.alpha.detach().clone(), "optimizer": self._optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        with torch.no_grad():
            self.alpha.copy_(state["alpha"])
        self._optimizer.load_state_dict(state["optimizer"])


class GatedSampler(AlphaSampler):
    """Trains single paths, and alpha through hard gates with the gradient of a soft choice (GDAS, Eq. 3 to 6).

    A path has one operation on every edge, whichever edges a genotype of the space keeps.
    """

    pairs = True

    def soft(self) -> Tensor:
        """The present soft choice (edges, operations), differentiable in alpha; its largest entries are the path."""
        raise NotImplementedError

    def draw(self) -> tuple[Path, Tensor]:
        """A path and its gates (edges, operations): one-hot in value, the soft choice's gradient in alpha."""
        soft = self.soft()
        chosen = soft.argmax(1)
        hard = F.one_hot(chosen, soft.shape[1]).to(soft.dtype)
        return self.space.path_on_edges(chosen.tolist()), hard - soft.detach() + soft

    @torch.no_grad()
    def sample(self) -> Path:
        return self.draw()[0]

    def learn(self, lessons: Lessons, train_batch: Batch) -> int:
        """One step on the validation loss of a fresh draw; only alpha's gradient is computed."""
        x, y = lessons.valid_batch()
        path, gates = self.draw()
        loss = F.cross_entropy(lessons.network(x, path, gates), y)
        self.descend(torch.autograd.grad(loss, [self.alpha])[0])
        return 1


class MixingSampler(AlphaSampler):
    """Learns alpha from the validation loss of the whole mixture."""

    def weights(self) -> Tensor:
        """Softmax of alpha per edge (edges, operations), differentiable."""
        return self.alpha.softmax(1)

    def learn(self, lessons: Lessons, train_batch: Batch) -> int:
        """One first-order step: alpha's gradient at the present weights."""
        x, y = lessons.valid_batch()
        loss = F.cross_entropy(lessons.network(x, self.weights()), y)
        self.descend(torch.autograd.grad(loss, [self.alpha])[0])
        return len(self.space.operations)
