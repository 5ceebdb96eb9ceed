"""A trained graph autoencoder of NAS-Bench-201 cells as a fixed map between cells and latent points."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from nasrepro.errors import UserError
from nasrepro.latent.graph_vae import Feed, GraphVAE
from nasrepro.spaces.nb201 import OPS, op_table

_CHUNK = 4096
_FORMAT = "nasrepro-graph-vae/1"
_EXTENT = "extent."
_SIZES = ("hidden", "latent", "bidirectional")


class Extent(NamedTuple):
    """Where the latent points of all cells lie, and how precisely: three vectors (n,).

    `low` and `high` are the corners of the smallest box, `noise` the encoder's mean standard deviation. In a coordinate
    that the training has found no use for, all cells lie close together and the noise is about 1.
    """

    low: Tensor
    high: Tensor
    noise: Tensor


class CellLatents:
    """Encoder and decoder with fixed weights, in double precision: derivatives of derivatives are asked of them."""

    def __init__(self, model: GraphVAE, extent: Extent | None = None) -> None:
        self.model = model.double().eval().requires_grad_(False)
        self.size = model.latent
        self.extent = extent or self._measured()

    @classmethod
    def load(cls, path: Path) -> CellLatents:
        """Read weights written by `content`; raises `UserError` naming the file when it holds no such thing."""
        told, tensors = _read(path)
        try:
            extent = Extent(*(tensors.pop(_EXTENT + name) for name in Extent._fields))
            hidden, latent, bidirectional = (int(told[name]) for name in _SIZES)
            model = GraphVAE(hidden=hidden, latent=latent, bidirectional=bool(bidirectional))
            model.double().load_state_dict(tensors)
        except (KeyError, ValueError, RuntimeError) as error:
            raise UserError(f"'{path}' is not complete: {' '.join(str(error).split())}") from error
        return cls(model, extent)

    def content(self, about: Mapping[str, Any]) -> bytes:
        """A safetensors file: weights in single precision, sizes, extent, and `about`, in words, of the training."""
        sizes = {name: str(int(getattr(self.model, name))) for name in _SIZES}
        facts = {"format": _FORMAT, **sizes, **{name: str(value) for name, value in about.items()}}
        tensors = {_EXTENT + name: value for name, value in self.extent._asdict().items()}
        tensors |= self.model.state_dict()
        plain = {name: value.detach().float().contiguous() for name, value in tensors.items()}
        return _in_order(save(plain, metadata=facts))

    def encode(self, codes: np.ndarray) -> Tensor:
        """Operation codes (N, 6) → means of their latent points (N, n)."""
        return self._posterior(codes)[0]

    def _posterior(self, codes: np.ndarray) -> tuple[Tensor, Tensor]:
        """Means and log-variances of the latent points of codes (N, 6), (N, n) each."""
        rows = torch.as_tensor(np.asarray(codes, dtype=np.int64)).reshape(-1, 6)
        means, log_variances = zip(*(self.model.encode(part) for part in torch.split(rows, _CHUNK)), strict=True)
        return torch.cat(means), torch.cat(log_variances)

    def _measured(self) -> Extent:
        means, log_variances = self._posterior(op_table())
        return Extent(means.amin(0), means.amax(0), (0.5 * log_variances).exp().mean(0))

    def decode(self, z: Tensor, rng: torch.Generator | None = None) -> np.ndarray:
        """Latent points (N, n) → operation codes (N, 6), int64: the likeliest, or drawn where `rng` is given."""
        with torch.no_grad():
            parts = [self.model.decode(part, rng=rng)[1] for part in torch.split(z.detach(), _CHUNK)]
        found: np.ndarray = torch.cat(parts).numpy()
        return found

    def probabilities(
        self, z: Tensor, codes: Tensor | None = None, *, feed: Feed = "chosen", temperature: float = 1.0
    ) -> Tensor:
        """A latent point (n,) → probabilities (6, 5), differentiable in z; `codes` (6,) are the choices on the way."""
        told = None if codes is None else codes.unsqueeze(0)
        logits, _ = self.model.decode(z.unsqueeze(0), told, feed=feed, temperature=temperature)
        return (logits[0] / temperature).softmax(1)


def about(path: Path) -> dict[str, str]:
    """What a file of weights says of itself; raises `UserError` as `CellLatents.load` does."""
    return _read(path)[0]


def one_hot(path: tuple[int, ...]) -> Tensor:
    """Operation codes of a cell → (30,), float64."""
    return F.one_hot(torch.tensor(path), len(OPS)).double().flatten()


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(str(path), framework="pt") as file:
            told: dict[str, str] = file.metadata() or {}
            tensors = {name: file.get_tensor(name).double() for name in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError) as error:
        raise UserError(f"'{path}' cannot be read as weights of an autoencoder: {error}") from error
    if told.get("format") != _FORMAT:
        raise UserError(f"'{path}' is of format '{told.get('format')}'; allowed: {_FORMAT}")
    return told, tensors


def _in_order(file: bytes) -> bytes:
    """A safetensors file with its metadata sorted: the library writes them in any order, equal ones in equal bytes."""
    begin = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:begin])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of eight bytes
    return len(text).to_bytes(8, "little") + text + file[begin:]
