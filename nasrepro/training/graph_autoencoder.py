"""The loop that trains a graph autoencoder on all cells, or on a share of them; resumes from its checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from nasrepro.latent.graph_vae import GraphVAE
from nasrepro.latent.nb201_latents import CellLatents
from nasrepro.seeds import derive, numpy_rng, torch_rng
from nasrepro.spaces.nb201 import op_table
from nasrepro.training import checkpoint
from nasrepro.training.schedule import cosine
from nasrepro.training.settings import Settings

_WARM = 200  # steps until the learning rate is reached


class GraphVAESettings(Settings):
    """The KL weight is the one published (D-VAE); the size is what fits a small file, the rest what reconstructs."""

    published: ClassVar[str] = "Zhang et al. (NeurIPS 2019), D-VAE; as released for E²NAS"
    ours: ClassVar[tuple[str, ...]] = (
        "hidden",
        "latent",
        "epochs",
        "batch_size",
        "lr",
        "noise",
        "kl_rise",
        "clip",
        "share",
    )

    hidden: int = Field(64, ge=2, description="width of a vertex's state; released: 501")
    latent: int = Field(20, ge=1, description="size n of a latent point; released: 30")
    bidirectional: bool = Field(True, description="the encoder also walks from the end to the start")
    epochs: int = Field(40, ge=1, description="passes over the cells; released: 100")
    batch_size: int = Field(64, ge=1, description="cells per step; released: 32")
    lr: float = Field(3e-3, gt=0, description="of Adam, falls to 0 along a cosine; released: 1e-4 with plateaus")
    kl_weight: float = Field(0.005, ge=0, description="of the KL divergence against the reconstruction, both in nats")
    kl_rise: float = Field(0.5, ge=0, le=1, description="share of the training in which its weight rises from 0")
    noise: float = Field(1.0, ge=0, description="of the latent point, in standard deviations; released: 0.01")
    clip: float = Field(1.0, gt=0, description="norm of the gradient")
    share: float = Field(1.0, gt=0, le=1, description="of the cells that are trained on; the others are held out")


OF_SIZE: dict[int, dict[str, Any]] = {20: {}, 30: {"noise": 0.01}}
"""What the autoencoders that come with the project change about the defaults, by latent size: with the released size
comes the released noise, under which an autoencoder hardly is a variational one."""


class GraphAutoencoderTraining:
    """One training; everything random comes from `seed`."""

    def __init__(self, settings: GraphVAESettings, seed: int) -> None:
        self.settings, self.seed = settings, seed
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(seed, "autoencoder", "weights"))
            self.model = GraphVAE(hidden=settings.hidden, latent=settings.latent, bidirectional=settings.bidirectional)
        order = numpy_rng(seed, "autoencoder", "split").permutation(len(op_table()))
        known = round(settings.share * len(order))
        self.shown, self.held_out = op_table()[order[:known]], op_table()[order[known:]]
        self._codes = torch.as_tensor(self.shown, dtype=torch.int64)
        self._adam = torch.optim.Adam(self.model.parameters(), lr=settings.lr, fused=True)
        self._rng = torch_rng(seed, "autoencoder", "steps")
        self._steps_per_epoch = -(-len(self._codes) // settings.batch_size)
        self.epoch, self.seconds = 0, 0.0
        self.losses: list[tuple[float, float]] = []
        """Reconstruction loss and KL divergence by epoch, nats per cell."""

    def run(self, file: Path, report: Callable[[int, int], None] = lambda done, total: None) -> CellLatents:
        """Train to the end and give the map between cells and latent points; `report(done, total)` counts epochs."""
        saved = checkpoint.load(file)
        if saved is not None:
            self.load_state_dict(saved)
        while self.epoch < self.settings.epochs:
            began = time.perf_counter()
            self._epoch()
            self.seconds += time.perf_counter() - began
            checkpoint.save(file, self.state_dict())
            report(self.epoch, self.settings.epochs)
        return CellLatents(deepcopy(self.model))

    def about(self) -> dict[str, str]:
        """What the weights' file says of their training."""
        return {"recipe": self.settings.model_dump_json(), "seed": str(self.seed), "cells": str(len(self.shown))}

    def _epoch(self) -> None:
        totals = torch.zeros(2)
        order = torch.randperm(len(self._codes), generator=self._rng)
        for number, rows in enumerate(torch.split(order, self.settings.batch_size)):
            totals += len(rows) * self._step(self._codes[rows], self.epoch * self._steps_per_epoch + number)
        spelling, divergence = (totals / len(self._codes)).tolist()
        self.losses.append((spelling, divergence))
        self.epoch += 1

    def _step(self, codes: Tensor, step: int) -> Tensor:
        settings, steps = self.settings, self.settings.epochs * self._steps_per_epoch
        for group in self._adam.param_groups:
            group["lr"] = min(1.0, (step + 1) / _WARM) * cosine(settings.lr, 0.0, step, steps)
        rise = min(1.0, step / (settings.kl_rise * steps)) if settings.kl_rise else 1.0
        noise = settings.noise * torch.randn(len(codes), settings.latent, generator=self._rng)
        spelling, divergence = self.model.losses(codes, noise)
        self._adam.zero_grad(set_to_none=True)
        (spelling + rise * settings.kl_weight * divergence).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip)
        self._adam.step()
        return torch.stack([spelling, divergence]).detach()

    def state_dict(self) -> dict[str, Any]:
        """Everything that the rest of the training depends on."""
        return {
            "model": self.model.state_dict(),
            "adam": self._adam.state_dict(),
            "rng": self._rng.get_state(),
            "epoch": self.epoch,
            "losses": self.losses,
            "seconds": self.seconds,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self._adam.load_state_dict(state["adam"])
        self._rng.set_state(state["rng"])
        self.epoch, self.losses, self.seconds = state["epoch"], list(state["losses"]), state["seconds"]
