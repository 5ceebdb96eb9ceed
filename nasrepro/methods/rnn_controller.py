"""The controller of ENAS for recurrent cells (Pham et al. 2018), as its authors corrected it: a state and an activation
for node after node."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from nasrepro.methods.controller import Drawing, Drawn
from nasrepro.spaces.base import Space
from nasrepro.spaces.darts_rnn_genotype import ACTIVATIONS, FIRST, FIXED

_BOUND = 0.01  # of initial weights
_NEARNESS = 6.0  # the logit of a state i − j nodes back is lowered by (i − j)² / 6
_NEAR = 0.1  # what was thought when state j was made is fed back divided by this plus i − j


class RnnController(Drawing):
    """An LSTM that chooses for every node the state it reads, by attention over its own thoughts at earlier nodes, and
    then the activation, by the likeness of its thought to the activations' embeddings.

    Logits are shaped as `squash` · tanh(z / `temperature`); a prior for near states is added after that. State 0 is a
    thought of zeros. Nodes that the space fixes are read, not chosen.
    """

    def __init__(self, space: Space[Any], width: int, temperature: float, squash: float, rng: torch.Generator) -> None:
        super().__init__()
        self.space, self.temperature, self.squash = space, temperature, squash
        self.nodes = max(space.gene_sizes[::2])  # the last node reads one of as many states
        self.fixed = FIXED.get(self.nodes, ())
        self.start = nn.Parameter(torch.empty(1, width))
        self.embedding = nn.Parameter(torch.empty(len(ACTIVATIONS), width))
        self.lstm = nn.LSTMCell(width, width, bias=False)
        self.of_earlier = nn.Linear(width, width, bias=False)
        self.of_present = nn.Linear(width, width, bias=False)
        self.attend = nn.Linear(width, 1, bias=False)
        with torch.no_grad():
            for weight in self.parameters():
                weight.uniform_(-_BOUND, _BOUND, generator=rng)

    def draw(self, count: int, rng: torch.Generator) -> Drawn:
        draws = _Draws(count, rng)
        seen = self.start.expand(count, -1)
        hidden = cell = torch.zeros_like(seen)
        thoughts = [hidden]
        for node in range(1, self.nodes + 1):
            op, read = self.fixed[node - 1] if node <= len(self.fixed) else (None, None)
            hidden, cell = self.lstm(seen, (hidden, cell))
            earlier = torch.stack(thoughts, dim=1)
            back = node - torch.arange(node)
            scores = self.attend(torch.tanh(self.of_earlier(earlier) + self.of_present(hidden)[:, None]))[..., 0]
            state = draws.chosen(self._shaped(scores) - back**2 / _NEARNESS, read)
            thoughts.append(hidden)
            seen = earlier[torch.arange(count), state] / (_NEAR + node - state)[:, None]
            hidden, cell = self.lstm(seen, (hidden, cell))
            scores = hidden @ self.embedding.t()
            activation = draws.chosen(self._shaped(scores), None if op is None else op - FIRST)
            seen = self.embedding[activation]
        genes = torch.stack(draws.made[2 * len(self.fixed) :], dim=1).tolist()
        paths = [self.space.from_genes(row).path for row in genes]
        return Drawn(paths, draws.log_prob, draws.entropy)

    def _shaped(self, scores: Tensor) -> Tensor:
        return self.squash * torch.tanh(scores / self.temperature)


class _Draws:
    """The decisions of `count` cells that are drawn side by side."""

    def __init__(self, count: int, rng: torch.Generator) -> None:
        self._rng = rng
        self.made: list[Tensor] = []
        self.log_prob, self.entropy = torch.zeros(count), torch.zeros(count)

    def chosen(self, logits: Tensor, fixed: int | None) -> Tensor:
        """One option per cell, (count,), by the softmax of the logits (count, options); or the fixed one, which is
        certain."""
        if fixed is not None:
            self.made.append(torch.full((len(logits),), fixed))
            return self.made[-1]
        scores = logits.log_softmax(1)
        options = torch.multinomial(scores.detach().exp(), 1, generator=self._rng)
        self.log_prob = self.log_prob + scores.gather(1, options)[:, 0]
        self.entropy = self.entropy - (scores.exp() * scores).sum(1)
        self.made.append(options[:, 0])
        return self.made[-1]
