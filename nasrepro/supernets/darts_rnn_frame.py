"""What stands around the recurrent cell of DARTS: words in, words out, and all that is dropped on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasrepro.placement import onto
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton

_SPREAD = 0.04  # initial weights are uniform between minus and plus this (Liu et al. 2019, released code)


class Reading(Protocol):
    """A piece of text as networks read it: `tokens` int64 (T, B), `state` the hidden state before it, None for zeros.

    The first pass that finds `after` empty leaves its last state there, detached, and in training mode `penalty`.
    """

    tokens: Tensor
    state: Tensor | None
    after: Tensor | None
    penalty: Tensor | None

    def begin(self) -> None:
        """Forget what earlier passes left."""


@dataclass(frozen=True)
class Dropouts:
    """Probabilities with which, in training, something is dropped; the published names are in brackets.

    Whole `words` of the vocabulary (dropoute), channels of the `embedding` (dropouti), of the cell's `input` (dropoutx)
    and of the `hidden` states inside its products (dropouth), and of its `output` (dropout). A draw holds for a whole
    segment; what is kept makes up for what is dropped.
    """

    words: float = 0.0
    embedding: float = 0.0
    input: float = 0.0
    hidden: float = 0.0
    output: float = 0.0

    def __post_init__(self) -> None:
        for name, rate in vars(self).items():
            if not 0 <= rate < 1:
                raise ValueError(f"the dropout of {name} is a probability below 1, not {rate}")


@dataclass(frozen=True)
class Kept:
    """What one pass keeps: factors 0 or 1 / (1 - rate), None where nothing is dropped."""

    words: Tensor | None
    """(V, 1)"""
    input: Tensor | None
    """(B, H), of embedding and input together."""
    hidden: Tensor | None
    output: Tensor | None


class LanguageModel(nn.Module):
    """Embedding, the first product of a recurrent cell, and the decoder, which shares the embedding's weights.

    `tar` and `ar` are the coefficients of temporal and of plain activation regularization. Masks are drawn from
    `masks`, whose state is part of the `state_dict`, so that a resumed training draws what an uninterrupted one would.
    """

    def __init__(
        self,
        skeleton: RnnSkeleton,
        *,
        dropouts: Dropouts,
        tar: float,
        ar: float,
        rng: torch.Generator,
        masks: torch.Generator,
    ) -> None:
        super().__init__()
        self.hidden, self.dropouts, self.tar, self.ar, self.masks = skeleton.hidden, dropouts, tar, ar, masks
        self.embedding = weight(rng, skeleton.vocabulary, self.hidden)
        self.entry = weight(rng, 2 * self.hidden, 2 * self.hidden)
        self.bias = nn.Parameter(torch.zeros(skeleton.vocabulary))

    def get_extra_state(self) -> Tensor:
        """Of the generator of masks."""
        return self.masks.get_state()

    def set_extra_state(self, state: Tensor) -> None:
        self.masks.set_state(state.cpu())

    def draw(self, columns: int) -> Kept:
        """Masks for a pass over `columns` texts side by side; nothing is drawn for what is never dropped."""
        rates = self.dropouts
        words = self._mask(rates.words, len(self.embedding), 1)
        embedding, inputs, hidden, output = (
            self._mask(rate, columns, self.hidden)
            for rate in (rates.embedding, rates.input, rates.hidden, rates.output)
        )
        both = inputs if embedding is None else embedding if inputs is None else embedding * inputs
        return Kept(words, both, hidden, output)

    def _mask(self, rate: float, *shape: int) -> Tensor | None:
        if not self.training or rate == 0:
            return None
        kept = torch.empty(shape, dtype=self.embedding.dtype)
        return onto(kept.bernoulli_(1 - rate, generator=self.masks).div_(1 - rate), self.embedding.device)

    def entered(self, tokens: Tensor, kept: Kept) -> Tensor:
        """Tokens (T, B) → what the input adds to the cell's first product, of the whole segment at once (T, B, 2H)."""
        x = F.embedding(tokens, self.embedding)
        if kept.words is not None:
            x = x * kept.words[tokens]
        if kept.input is not None:
            x = x * kept.input
        return x @ self.entry[: self.hidden]

    def state(self, x: Reading) -> Tensor:
        """The hidden state (B, H) that a segment starts from."""
        return x.state if x.state is not None else self.embedding.new_zeros(x.tokens.shape[1], self.hidden)

    def finish(self, x: Reading, outputs: Tensor, kept: Kept) -> Tensor:
        """The cell's outputs (T, B, H) → logits (T·B, V); leaves in `x` what a first pass leaves."""
        dropped = outputs if kept.output is None else outputs * kept.output
        if x.after is None:
            x.after = outputs[-1].detach()
            x.penalty = self._penalty(outputs, dropped) if self.training else None
        return self.decoded(dropped)

    def _penalty(self, outputs: Tensor, dropped: Tensor) -> Tensor | None:
        """TAR on what the cell puts out, AR on what the decoder gets (Merity et al. 2017)."""
        terms = []
        if self.tar and len(outputs) > 1:
            terms.append(self.tar * (outputs[1:] - outputs[:-1]).square().mean())
        if self.ar:
            terms.append(self.ar * dropped.square().mean())
        return torch.stack(terms).sum() if terms else None

    def decoded(self, outputs: Tensor) -> Tensor:
        """(…, H) → logits (rows, V)."""
        return F.linear(outputs.reshape(-1, self.hidden), self.embedding, self.bias)


def weight(rng: torch.Generator, *shape: int) -> nn.Parameter:
    """A weight as it is before training."""
    return nn.Parameter(torch.empty(shape).uniform_(-_SPREAD, _SPREAD, generator=rng))
