"""E²NAS: a walk through the latent space of a graph autoencoder (Zhang et al., NeurIPS 2020, Algorithm 1).

The architecture parameter is a latent point z. Its decoded cell is the path that is trained; z follows the validation
loss and the novelty of where it stands (Eq. 3). How the loss of a discrete cell gets a gradient in z is not written in
the paper; see `E2NASSettings.relaxation`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor

from nasrepro.latent.nb201_latents import CellLatents, one_hot
from nasrepro.latent.novelty import FREE, LatentNovelty
from nasrepro.latent.shipped import autoencoder, fingerprint
from nasrepro.methods.alpha import AlphaSampler, AlphaSettings
from nasrepro.seeds import numpy_rng, torch_rng
from nasrepro.spaces.base import Genotype, Path, Space
from nasrepro.spaces.nb201 import EDGES
from nasrepro.training.sampler import Batch, Lessons

_FLOOR = 1e-12  # below it a gradient has no direction


class E2NASSettings(AlphaSettings):
    """Adam as released, whose weight decay is left out: it pulls z to the origin, which is no better than elsewhere."""

    published: ClassVar[str] = "Zhang et al. (NeurIPS 2020), E²NAS; as released where the paper is silent"
    ours: ClassVar[tuple[str, ...]] = (
        "alpha_weight_decay",
        "autoencoder",
        "latent",
        "start",
        "relaxation",
        "temperature",
        "decoding",
        "novelty",
        "balanced",
        "bounded",
    )

    alpha_weight_decay: float = Field(0.0, ge=0, description="L2, added to the gradient")
    gamma: float | None = Field(
        None, ge=0, le=1, description="weight of novelty against the validation loss; null follows the sigmoid"
    )
    gamma_slope: float = Field(10.0, ge=0, description="r of Sig_γ(r), which falls from novelty to validation loss")
    archive: int = Field(50, ge=2, description="latent points that novelty remembers")
    autoencoder: int | None = Field(
        None, ge=0, description="training seed of the autoencoder; null takes search seed modulo the number shipped"
    )
    latent: Literal[20, 30] = Field(20, description="size n of a latent point; 30 is the released one")
    start: Literal["cell", "prior", "origin"] = Field(
        "cell",
        description="z at first: the encoding of a random cell, a draw from N(0, I), or alpha_init times such a draw",
    )
    relaxation: Literal["straight-through", "linearized", "mixture", "coordinates"] = Field(
        "straight-through",
        description="gradient of the loss in z: through the decoder's probabilities behind hard choices, with GDAS's "
        "stand-in for operations that were not run; the same with all of them run; of the loss of the mixture that the "
        "probabilities describe; or, as released, of softmax(z) taken for the choices, past the decoder",
    )
    temperature: float = Field(
        5.0,
        gt=0,
        description="of the decoder's probabilities where they are differentiated; trained, it is all too sure",
    )
    decoding: Literal["likeliest", "drawn"] = Field(
        "likeliest", description="which cell z stands for; drawn anew at every use as released"
    )
    novelty: Literal["sought", "as-printed", "constant"] = Field(
        "sought",
        description="novelty raises, as Eq. 3 prints the sign it lowers; as released it has no gradient in z",
    )
    balanced: bool = Field(True, description="bring both gradients to length 1 before γ weighs them")
    bounded: bool = Field(True, description="keep z in the box of all encoded cells")

    @model_validator(mode="after")
    def _novelty_needs_a_small_space(self) -> Self:
        if self.latent >= FREE and self.novelty != "constant" and self.gamma != 0:
            raise ValueError(
                f"novelty needs a latent space of fewer than {FREE} dimensions; with latent={self.latent} set "
                "novelty=constant or gamma=0"
            )
        return self


class LatentSampler(AlphaSampler):
    """Trains the cell that z decodes to; alpha is z."""

    Settings = E2NASSettings

    def __init__(self, space: Space[Any], settings: E2NASSettings, seed: int) -> None:
        self.settings, self._seed = settings, seed
        self.latents = autoencoder(settings.latent, settings.autoencoder, seed)
        super().__init__(space, settings, seed, initial=_start(space, self.latents, settings, seed))
        self.gamma = 0.0
        self._rng = torch_rng(seed, "decode")
        self._archive = LatentNovelty(self._along, self.latents.extent.noise, settings.archive)
        self._sums: dict[str, float] = {}
        self._steps = self._epochs = 0
        self._curves: dict[str, list[tuple[float, float]]] = {}

    def begin_epoch(self, epoch: int, epochs: int) -> None:
        fixed = self.settings.gamma
        self.gamma = sigmoid_gamma(self.settings.gamma_slope, epoch, epochs) if fixed is None else fixed

    def argmax(self) -> Path:
        """The cell that z decodes to, as an answer; where decoding is `drawn`, one draw per epoch. Asking for it does
        not touch what is trained."""
        return self._decoded(torch_rng(self._seed, "answer", self._epochs))

    def preferred(self) -> Genotype:
        found: Genotype = self.space.from_genes(self.argmax())
        return found

    def sample(self) -> Path:
        return self._decoded(self._rng)

    def _decoded(self, rng: torch.Generator) -> Path:
        drawn = rng if self.settings.decoding == "drawn" else None
        return tuple(self.latents.decode(self.alpha.unsqueeze(0), drawn)[0].tolist())

    def learn(self, lessons: Lessons, train_batch: Batch) -> int:
        """One step of Eq. 3: z moves along the gradients of validation loss and novelty."""
        path = self.sample()
        of_loss, paths = self._of_loss(lessons, path)
        gradient = (1 - self.gamma) * self._scaled(of_loss)
        if self.gamma and self.settings.novelty != "constant":
            of_novelty = self._of_novelty(path)
            sign = -1 if self.settings.novelty == "sought" else 1
            gradient = gradient + sign * self.gamma * self._scaled(of_novelty)
        self.descend(gradient)
        if self.settings.bounded:
            with torch.no_grad():
                self.alpha.clamp_(self.latents.extent.low, self.latents.extent.high)
        self._steps += 1
        return paths

    def end_epoch(self, lessons: Lessons, epoch: int, epochs: int) -> int:
        """Close the epoch's curves: means over its steps, and γ."""
        for name, total in {**self._sums, "γ": self.gamma * self._steps}.items():
            self._curves.setdefault(name, []).append((float(epoch + 1), total / self._steps))
        self._sums, self._steps, self._epochs = {}, 0, epoch + 1
        return 0

    def _of_loss(self, lessons: Lessons, path: Path) -> tuple[Tensor, int]:
        """The gradient of the validation loss in z (n,), and how many paths that took."""
        x, y = lessons.valid_batch()
        assert isinstance(x, Tensor)  # its cells are of images
        if self.settings.relaxation == "mixture":
            soft = self.latents.probabilities(self.alpha, feed="soft", temperature=self.settings.temperature)
            loss, paths = F.cross_entropy(lessons.network(x, soft.to(x.dtype)), y), soft.shape[1]
        else:
            hard = one_hot(path).view(len(EDGES), -1)
            soft = self.alpha.softmax(0) if self.settings.relaxation == "coordinates" else self._along(self.alpha, hard)
            gates = (hard - soft.detach().view_as(hard) + soft.view_as(hard)).to(x.dtype)
            everything = self.settings.relaxation == "linearized"  # a mixture whose weights are 0 and 1
            logits = lessons.network(x, gates) if everything else lessons.network(x, path, gates)
            loss, paths = F.cross_entropy(logits, y), gates.shape[1] if everything else 1
        (gradient,) = torch.autograd.grad(loss, [self.alpha])
        self._note({"validation loss": float(loss.detach()), "gradient of the loss": float(gradient.norm())})
        return gradient, paths

    def _of_novelty(self, path: Path) -> Tensor:
        """The gradient of N in z (n,), nothing while the archive is too small; z joins the archive."""
        measured = self._archive.measure(self.alpha, one_hot(path))
        (gradient,) = torch.autograd.grad(measured.value, [self.alpha])
        if not self._archive.ready:
            gradient = torch.zeros_like(gradient)
        self._archive.visit(self.alpha, measured)
        self._note({"novelty": float(measured.value.detach()), "gradient of novelty": float(gradient.norm())})
        return gradient

    def _along(self, z: Tensor, chosen: Tensor) -> Tensor:
        """D(z) with the choices of an architecture, one-hot (6, 5) or (30,), held fixed: probabilities (30,)."""
        codes = chosen.view(len(EDGES), -1).argmax(1)
        return self.latents.probabilities(z, codes, temperature=self.settings.temperature).flatten()

    def _scaled(self, gradient: Tensor) -> Tensor:
        return gradient / gradient.norm().clamp_min(_FLOOR) if self.settings.balanced else gradient

    def _note(self, seen: dict[str, float]) -> None:
        for name, value in seen.items():
            self._sums[name] = self._sums.get(name, 0.0) + value

    def curves(self) -> dict[str, list[tuple[float, float]]]:
        """By epoch: γ, the validation loss and novelty of where z stood, and the lengths of their gradients."""
        return self._curves

    def state_dict(self) -> dict[str, Any]:
        """Taken between epochs, when no sum is open."""
        own = {"archive": self._archive.state_dict(), "rng": self._rng.get_state(), "curves": self._curves}
        own["epochs"] = self._epochs
        return {**super().state_dict(), **own}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self._archive.load_state_dict(state["archive"])
        self._rng.set_state(state["rng"])
        self._epochs = state["epochs"]
        self._curves = state["curves"]


def weights_read(settings: Mapping[str, Any], seed: int) -> dict[str, str]:
    """SHA-256 of the autoencoder that a search of these resolved settings and this seed reads."""
    sampler = E2NASSettings.model_validate(settings["sampler"])
    return {"autoencoder": fingerprint(sampler.latent, sampler.autoencoder, seed)}


def sigmoid_gamma(slope: float, epoch: int, epochs: int) -> float:
    """Sig_γ(r) in epoch t = `epoch` of T = `epochs`, counted from 0: 1 − σ(r (2t/T − 1)), as released (Appendix D)."""
    return 1 / (1 + math.exp(slope * (2 * epoch / epochs - 1)))


def _start(space: Space[Any], latents: CellLatents, settings: E2NASSettings, seed: int) -> Tensor:
    """The first latent point (n,), float64."""
    if settings.start == "cell":
        cell = space.sample(numpy_rng(seed, "start"))
        return latents.encode(np.array([cell.ops]))[0]
    drawn = torch.randn(latents.size, generator=torch_rng(seed, "alpha"), dtype=torch.float64)
    return drawn if settings.start == "prior" else settings.alpha_init * drawn
