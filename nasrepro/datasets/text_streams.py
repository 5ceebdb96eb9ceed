"""A text in segments for truncated backpropagation through time, with the state that is carried between them.

The tokens are laid out in B columns of consecutive text, (rows, B), as language models of this family have it: trimmed
to a multiple of B and cut into B equal pieces. A segment is a few rows; what follows each token is what is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from torch import Tensor

from nasrepro.errors import UserError
from nasrepro.seeds import numpy_rng

Lengths = Literal["fixed", "halved", "random"]

_HALVED = 0.05  # share of segments that are half as long
_SPREAD, _SHORTEST, _LONGER = 5.0, 5, 20  # standard deviation, least length, and what may be added to the usual one


@dataclass(eq=False)
class Segment:
    """A piece of text, what a network needs to read it, and what reading it leaves.

    `tokens` int64 (T, B); `state` is the hidden state (B, H) it starts from, None for zeros. The first pass of a
    network after `begin` leaves its detached last state in `after` and, in training mode, in `penalty` what TAR and AR
    add to the loss (differentiable; None where both are off). Later passes leave nothing.
    """

    tokens: Tensor
    state: Tensor | None = None
    after: Tensor | None = None
    penalty: Tensor | None = None

    def begin(self) -> None:
        """Forget what earlier passes left, so that the next one leaves its own."""
        self.after = None
        self.penalty = None


TextBatch = tuple[Segment, Tensor]
"""A segment of (T, B) tokens and what follows each of them, int64 (T * B,), row by row."""


class TextStream:
    """An endless stream of segments of one split that can be stopped, saved and resumed at the exact segment.

    An epoch reads the columns from top to bottom and starts without a state; every later segment starts from what the
    one before it left. Lengths of the segments, in tokens (DARTS, Liu et al. 2019, released code): "fixed" is `bptt`;
    "halved", for searching, is half of it (rounded down) with probability 0.05; "random", for final training,
    draws from a normal distribution of standard deviation 5 around one of these two, cut to 5 .. `bptt` + 20. The
    last segment of an epoch has what is left. Lengths depend on the seed and the number of the epoch only.
    """

    def __init__(self, tokens: Tensor, batch_size: int, *, bptt: int, lengths: Lengths, seed: int) -> None:
        """`tokens` int64 (N,). Raises `ValueError` where no token is left to guess, or for an empty segment."""
        if bptt < 2:
            raise ValueError(f"segments need a length of at least 2 tokens, not {bptt}")
        self.columns = in_columns(tokens, batch_size)
        self.bptt = bptt
        self.lengths: Lengths = lengths
        self.seed = seed
        self._epoch = 0
        self._step = 0
        self._last: Segment | None = None
        self._plan = self._planned(0)

    def steps_in(self, epoch: int) -> int:
        """Segments of the epoch, counted from 0."""
        return len(self._plan if epoch == self._epoch else self._planned(epoch))

    @property
    def rate(self) -> float:
        """Length of the last segment in units of `bptt`, which its learning rate is multiplied by; 1 before any."""
        return self._plan[self._step - 1][1] / self.bptt if self._step else 1.0

    def next(self) -> TextBatch:
        """The next segment, beginning a new epoch after the last one."""
        if self._step == len(self._plan):
            self._epoch += 1
            self._step = 0
            self._last = None
            self._plan = self._planned(self._epoch)
        tokens, targets = cut(self.columns, *self._plan[self._step])
        segment = Segment(tokens, None if self._last is None else self._last.after)
        self._last = segment
        self._step += 1
        return segment, targets

    def state_dict(self) -> dict[str, Any]:
        """Everything the stream's future depends on, with the state that the last segment left; copied."""
        after = None if self._last is None else self._last.after
        return {
            "epoch": self._epoch,
            "step": self._step,
            "state": None if after is None else after.clone(),
            **self._shape(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue where `state_dict` was taken. Raises `ValueError` if it belongs to a stream cut differently."""
        for what, ours in self._shape().items():
            if state[what] != ours:
                raise ValueError(f"the saved stream has {what}={state[what]}, this one {ours}")
        self._epoch, self._step = int(state["epoch"]), int(state["step"])
        self._plan = self._planned(self._epoch)
        after = state["state"]
        after = None if after is None else after.to(self.columns.device).clone()
        self._last = Segment(self.columns[:0], after=after) if self._step else None

    def _shape(self) -> dict[str, int | str]:
        rows, batch_size = self.columns.shape
        return {"rows": rows, "batch_size": batch_size, "bptt": self.bptt, "lengths": self.lengths, "seed": self.seed}

    def _planned(self, epoch: int) -> list[tuple[int, int]]:
        """First row and length of each segment of an epoch."""
        rows = len(self.columns) - 1
        plan: list[tuple[int, int]] = []
        first = 0
        for length in _drawn(self.bptt, self.lengths, numpy_rng(self.seed, "segments", epoch)):
            plan.append((first, min(length, rows - first)))
            first += length
            if first >= rows:
                break
        return plan


def in_columns(tokens: Tensor, batch_size: int) -> Tensor:
    """Consecutive batching: (N,) to (N // B, B), each column a piece of running text; what is left over is dropped.

    Raises `ValueError` where a column would have fewer than two tokens.
    """
    rows = len(tokens) // batch_size if batch_size > 0 else 0
    if rows < 2:
        raise ValueError(f"{len(tokens):,} tokens cannot be laid out in {batch_size:,} columns of two or more")
    return tokens[: rows * batch_size].view(batch_size, rows).t().contiguous()


def check_columns(what: str, tokens: Tensor, batch_size: int) -> None:
    """Raise `UserError` where `in_columns` would refuse; `what` says which text it is."""
    if len(tokens) < 2 * batch_size:
        raise UserError(f"the {len(tokens):,} words of {what} do not fill {batch_size:,} columns of two")


def cut(columns: Tensor, first: int, length: int) -> tuple[Tensor, Tensor]:
    """Rows `first` .. `first + length` as tokens (T, B), and what follows each of them, (T * B,) row by row."""
    return columns[first : first + length], columns[first + 1 : first + 1 + length].reshape(-1)


def _drawn(bptt: int, lengths: Lengths, rng: np.random.Generator) -> Iterator[int]:
    """Lengths of one segment after another, before the last is cut to what is left."""
    while True:
        if lengths == "fixed":
            yield bptt
            continue
        base = bptt / 2 if rng.random() < _HALVED else float(bptt)
        if lengths == "halved":
            yield int(base)
        else:
            yield min(max(_SHORTEST, int(rng.normal(base, _SPREAD))), bptt + _LONGER)
