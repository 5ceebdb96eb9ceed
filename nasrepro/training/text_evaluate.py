"""Scores of language models on a fixed text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from nasrepro.datasets.text_streams import Segment, cut, in_columns
from nasrepro.spaces.base import Path
from nasrepro.training.evaluate import TextScore, evaluation_mode, judged, told


class ManyPaths(Protocol):
    """A supernet that runs several paths over one segment."""

    def many(self, x: Segment, paths: Sequence[Path]) -> Tensor:
        """Logits (K, T * B, V); leaves the K states in `x.after`, (K, B, H)."""


class TextEvaluator:
    """Scores networks on one text, laid out in `batch_size` columns, the hidden state carried from top to bottom.

    In evaluation mode a state carries everything that is known of the text before it, so `bptt` is a matter of memory
    only. All tokens of a column but the first are guessed, and the loss is the plain mean over them. Released code of
    this family divides by the number of tokens, with the first: its perplexities are PPL^((rows - 1) / rows).
    """

    def __init__(self, tokens: Tensor, batch_size: int, bptt: int) -> None:
        """`tokens` int64 (N,). Raises `ValueError` where no token is left to guess, or for an empty segment."""
        columns = in_columns(tokens, batch_size)
        if bptt < 1:
            raise ValueError(f"segments need a length of at least 1 token, not {bptt}")
        guessed = len(columns) - 1
        self.segments = [cut(columns, first, min(bptt, guessed - first)) for first in range(0, guessed, bptt)]
        self.units = guessed * batch_size
        """Number of guessed tokens."""

    def score(self, network: nn.Module, forward: Callable[[Segment], Tensor]) -> TextScore:
        """Evaluate `forward`, which gives logits (T * B, V), with the network in evaluation mode, and put it back into
        its mode."""
        return self._scored(network, lambda segment: forward(segment)[None], 1)[0]

    def score_many(self, network: nn.Module, paths: Sequence[Path]) -> list[TextScore]:
        """Every path of a supernet (`ManyPaths`), all of them in one pass over the text, each with its own state."""
        supernet = cast(ManyPaths, network)
        return self._scored(network, lambda segment: supernet.many(segment, paths), len(paths))

    @torch.inference_mode()
    def _scored(self, network: nn.Module, forward: Callable[[Segment], Tensor], count: int) -> list[TextScore]:
        correct, loss = [0.0] * count, [0.0] * count
        found: list[Tensor] = []
        state: Tensor | None = None
        with evaluation_mode(network):
            for tokens, targets in self.segments:
                segment = Segment(tokens, state)
                found += [judged(logits, targets) for logits in forward(segment)]
                state = segment.after
        for number, (hits, error) in enumerate(told(found)):
            correct[number % count] += hits
            loss[number % count] += error
        return [TextScore(100 * c / self.units, e / self.units) for c, e in zip(correct, loss, strict=True)]
