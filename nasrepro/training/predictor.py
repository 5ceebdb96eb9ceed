"""The loop that trains an encoder-predictor-decoder on cells and their worth, and what can be asked of it then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nasrepro.latent.autoencoder import Autoencoder, moved
from nasrepro.latent.nb201_tokens import NB201
from nasrepro.latent.tokens import Tokens
from nasrepro.training.predictor_settings import PredictorSettings


class Ascent:
    """Cells on their way up the predicted worth; the direction is computed once, at the start."""

    def __init__(self, model: Autoencoder, tokens: Tensor) -> None:
        with torch.no_grad():
            self._start = model.encode(tokens)
        self._model, self._direction = model, model.ascent(self._start)

    def cells(self, step: float) -> np.ndarray:
        """Codes (N, genes) decoded after a step of that size, in the order of the seeds."""
        return self._model.tokens.read(self._model.decode(moved(self._start, self._direction, step)))


class CellPredictor:
    """An autoencoder of cells whose embedding predicts what they are worth, such as accuracy: higher is better. Weights
    are kept from one `fit` to the next.

    Cells are given by their codes (N, genes), as `tokens` reads them. Everything random comes from the given seeds, on
    PyTorch's own generator, which is left as it was found.
    """

    def __init__(self, settings: PredictorSettings, seed: int, tokens: Tokens = NB201) -> None:
        self.settings, self.tokens = settings, tokens
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.model = Autoencoder(
                tokens, hidden=settings.hidden, layers=settings.layers, width=settings.width, dropout=settings.dropout
            )
        self.model.eval()
        self._low, self._span = 0.0, 1.0

    def fit(
        self, codes: np.ndarray, worth: np.ndarray, seed: int, report: Callable[[], None] = lambda: None
    ) -> list[float]:
        """Train on codes (N, genes) worth so much (N,); the mean loss per epoch. `report` is called after each.

        Targets are what they are worth, brought to 0…1. Raises `ValueError` when all are equally good: there is
        nothing to learn.
        """
        low, high = float(np.min(worth)), float(np.max(worth))
        if not low < high:
            raise ValueError("cells that are all equally good cannot be told apart")
        self._low, self._span = low, high - low
        targets = torch.as_tensor((worth - low) / (high - low), dtype=torch.float32)
        shown = self.tokens.twins(codes) if self.settings.symmetry else codes
        strings = torch.stack([self.tokens.spelled(codes), self.tokens.spelled(shown)])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self._train(strings, targets, report)

    def predict(self, codes: np.ndarray) -> np.ndarray:
        """Predicted worth (N,), in the unit of those it was trained on."""
        with torch.no_grad():
            found = self.model.predict(self.model.encode(self.tokens.spelled(codes)))
        return found.double().numpy() * self._span + self._low

    def embed(self, codes: np.ndarray) -> np.ndarray:
        """The embeddings H of codes (N, genes), flattened: their unit vectors one after the other, (N, S·d)."""
        with torch.no_grad():
            found: np.ndarray = self.model.encode(self.tokens.spelled(codes)).transpose(0, 1).flatten(1).numpy()
        return found

    def reconstruct(self, codes: np.ndarray) -> np.ndarray:
        """What the decoder makes of the embeddings of codes (N, genes): codes again."""
        with torch.no_grad():
            return self.tokens.read(self.model.decode(self.model.encode(self.tokens.spelled(codes))))

    def ascent(self, codes: np.ndarray) -> Ascent:
        """Steps from the embeddings of these cells along the gradient of their predictions."""
        return Ascent(self.model, self.tokens.spelled(codes))

    def state_dict(self) -> dict[str, Any]:
        """Weights and the scale of the targets; copies, so that training on does not change them."""
        weights = {name: value.clone() for name, value in self.model.state_dict().items()}
        return {"model": weights, "low": self._low, "span": self._span}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self._low, self._span = state["low"], state["span"]

    def _train(self, strings: Tensor, targets: Tensor, report: Callable[[], None]) -> list[float]:
        """`strings` (2, N, length): the cells and their mirror images. A new Adam for every call, as released."""
        settings, weights = self.settings, _joined(self.model)
        adam = torch.optim.Adam(
            [weights], lr=settings.predictor_lr, weight_decay=settings.predictor_weight_decay, fused=True
        )
        found = []
        self.model.train()
        for _ in range(settings.predictor_epochs):
            total = torch.zeros(())
            shown = strings[torch.randint(2, (len(targets),)), torch.arange(len(targets))]
            for rows in torch.split(torch.randperm(len(targets)), settings.predictor_batch):
                adam.zero_grad(set_to_none=False)
                error, spelling = self.model.losses(shown[rows], targets[rows])
                loss = settings.trade_off * error + (1 - settings.trade_off) * spelling
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(weights, settings.predictor_clip)
                adam.step()
                total += loss.detach() * len(rows)
            found.append(float(total) / len(targets))
            report()
        self.model.eval()
        return found


def _joined(model: nn.Module) -> nn.Parameter:
    """One vector that all parameters of the model become views of, gradients too.

    There are twenty small ones: clipping and stepping one vector takes a tenth of the time.
    """
    parts = list(model.parameters())
    joined = nn.Parameter(torch.cat([part.detach().flatten() for part in parts]))
    joined.grad = torch.zeros_like(joined)
    sizes = [part.numel() for part in parts]
    pieces = torch.split(joined.detach(), sizes), torch.split(joined.grad, sizes)
    for part, values, gradient in zip(parts, *pieces, strict=True):
        part.data = values.view_as(part)
        part.grad = gradient.view_as(part)
    return joined
