"""The trained autoencoders that come with the project: several per kind, which differ in their training seed only."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from nasrepro.errors import UserError
from nasrepro.home import shipped
from nasrepro.latent.nb201_latents import CellLatents

SEEDS: dict[int, int] = {20: 5, 30: 2}
"""Latent size → number of training seeds shipped, counted from 0."""


def file(latent: int, seed: int) -> Path:
    """Where the weights of a training seed are kept."""
    return shipped(f"autoencoders/nb201-graph-vae-{latent}-{seed}.safetensors")


def chosen_seed(latent: int, seed: int | None, search_seed: int) -> int:
    """The autoencoder's seed: the one asked for, else the search seed modulo the number shipped.

    Raises `UserError` for one that is not shipped.
    """
    if seed is None:
        return search_seed % SEEDS[latent]
    if seed >= SEEDS[latent]:
        raise UserError(f"there is no autoencoder {seed} of latent size {latent}; allowed: 0 to {SEEDS[latent] - 1}")
    return seed


def autoencoder(latent: int, seed: int | None, search_seed: int) -> CellLatents:
    """The autoencoder of a search; raises `UserError` when it is not there."""
    return _loaded(file(latent, chosen_seed(latent, seed, search_seed)))


def fingerprint(latent: int, seed: int | None, search_seed: int) -> str:
    """SHA-256 of the weights that a search uses; raises `UserError` when they are not there."""
    path = file(latent, chosen_seed(latent, seed, search_seed))
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"the autoencoder '{path}' is missing: {error.strerror}") from error


@cache
def _loaded(path: Path) -> CellLatents:
    return CellLatents.load(path)
