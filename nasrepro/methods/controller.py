"""What a controller of ENAS (Pham et al. 2018) does, and the one of NAS-Bench-201: one decision per edge."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nasrepro.spaces.base import Path
from nasrepro.spaces.nb201 import EDGES, OPS


@dataclass(frozen=True)
class Drawn:
    """Paths drawn together from a controller."""

    paths: list[Path]
    log_prob: Tensor
    """Of each whole path, (count,)."""
    entropy: Tensor
    """Sum of the entropies of its decisions, (count,), in nats."""


class Drawing(nn.Module, ABC):
    """A controller of any space."""

    @abstractmethod
    def draw(self, count: int, rng: torch.Generator) -> Drawn:
        """`count` independent paths with the gradient of their probabilities."""


class Controller(Drawing):
    """An LSTM that sees the operation it chose last and chooses that of the next edge, in edge order.

    Logits are shaped as `squash` · tanh(z / `temperature`), so no operation can become certain.
    """

    def __init__(self, width: int, layers: int, temperature: float, squash: float, rng: torch.Generator) -> None:
        super().__init__()
        self.temperature, self.squash = temperature, squash
        self.start = nn.Parameter(torch.empty(1, 1, width))
        self.embedding = nn.Embedding(len(OPS), width)
        self.lstm = nn.LSTM(width, width, layers)
        self.decide = nn.Linear(width, len(OPS))
        published = {self.start, self.embedding.weight, self.decide.weight, self.lstm.weight_ih_l0}
        published.add(self.lstm.weight_hh_l0)
        with torch.no_grad():
            for weight in self.parameters():  # PyTorch's default for everything else
                bound = 0.1 if weight in published else width**-0.5
                weight.uniform_(-bound, bound, generator=rng)

    def draw(self, count: int, rng: torch.Generator) -> Drawn:
        """`count` independent paths with the gradient of their probabilities."""
        seen: Tensor = self.start.expand(1, count, -1).contiguous()
        state: tuple[Tensor, Tensor] | None = None
        chosen, log_prob, entropy = [], torch.zeros(count), torch.zeros(count)
        for _ in EDGES:
            out, state = self.lstm(seen, state)
            scores = (self.squash * torch.tanh(self.decide(out[0]) / self.temperature)).log_softmax(1)
            ops = torch.multinomial(scores.detach().exp(), 1, generator=rng)
            log_prob = log_prob + scores.gather(1, ops)[:, 0]
            entropy = entropy - (scores.exp() * scores).sum(1)
            chosen.append(ops[:, 0])
            seen = self.embedding(ops[:, 0])[None]
        return Drawn([tuple(path) for path in torch.stack(chosen, 1).tolist()], log_prob, entropy)
