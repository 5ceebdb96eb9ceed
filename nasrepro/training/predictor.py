"""The loop that trains an encoder-predictor-decoder on cells and their accuracies, and what can be asked of it then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nasrepro.latent.autoencoder import Autoencoder, moved
from nasrepro.latent.nb201_tokens import to_ops, to_tokens, twins
from nasrepro.training.predictor_settings import PredictorSettings


class Ascent:
    """Cells on their way up the predicted accuracy; the direction is computed once, at the start."""

    def __init__(self, model: Autoencoder, tokens: Tensor) -> None:
        with torch.no_grad():
            self._start = model.encode(tokens)
        self._model, self._direction = model, model.ascent(self._start)

    def cells(self, step: float) -> np.ndarray:
        """Operation codes (N, 6) decoded after a step of that size, in the order of the seeds."""
        return to_ops(self._model.decode(moved(self._start, self._direction, step)))


class CellPredictor:
    """An autoencoder of cells whose embedding predicts accuracy. Weights are kept from one `fit` to the next.

    Everything random comes from the given seeds, on PyTorch's own generator, which is left as it was found.
    """

    def __init__(self, settings: PredictorSettings, seed: int) -> None:
        self.settings = settings
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.model = Autoencoder(
                hidden=settings.hidden, layers=settings.layers, width=settings.width, dropout=settings.dropout
            )
        self.model.eval()
        self._low, self._span = 0.0, 1.0

    def fit(
        self, ops: np.ndarray, accuracy: np.ndarray, seed: int, report: Callable[[], None] = lambda: None
    ) -> list[float]:
        """Train on codes (N, 6) with accuracies (N,); the mean loss per epoch. `report` is called after each.

        Targets are the accuracies brought to 0…1. Raises `ValueError` when all are equal: there is nothing to learn.
        """
        low, high = float(np.min(accuracy)), float(np.max(accuracy))
        if not low < high:
            raise ValueError("cells that are all equally good cannot be told apart")
        self._low, self._span = low, high - low
        targets = torch.as_tensor((accuracy - low) / (high - low), dtype=torch.float32)
        strings = torch.stack([to_tokens(ops), to_tokens(twins(ops) if self.settings.symmetry else ops)])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self._train(strings, targets, report)

    def predict(self, ops: np.ndarray) -> np.ndarray:
        """Predicted accuracies (N,), in the unit of those it was trained on."""
        with torch.no_grad():
            found = self.model.predict(self.model.encode(to_tokens(ops)))
        return found.double().numpy() * self._span + self._low

    def embed(self, ops: np.ndarray) -> np.ndarray:
        """The embeddings H of codes (N, 6), flattened: six unit vectors one after the other, (N, 6·d)."""
        with torch.no_grad():
            found: np.ndarray = self.model.encode(to_tokens(ops)).transpose(0, 1).flatten(1).numpy()
        return found

    def reconstruct(self, ops: np.ndarray) -> np.ndarray:
        """What the decoder makes of the embeddings of codes (N, 6): codes again."""
        with torch.no_grad():
            return to_ops(self.model.decode(self.model.encode(to_tokens(ops))))

    def ascent(self, ops: np.ndarray) -> Ascent:
        """Steps from the embeddings of these cells along the gradient of their predictions."""
        return Ascent(self.model, to_tokens(ops))

    def state_dict(self) -> dict[str, Any]:
        """Weights and the scale of the targets; copies, so that training on does not change them."""
        weights = {name: value.clone() for name, value in self.model.state_dict().items()}
        return {"model": weights, "low": self._low, "span": self._span}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self._low, self._span = state["low"], state["span"]

    def _train(self, strings: Tensor, targets: Tensor, report: Callable[[], None]) -> list[float]:
        """`strings` (2, N, 12): the cells and their mirror images. A new Adam for every call, as released."""
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
