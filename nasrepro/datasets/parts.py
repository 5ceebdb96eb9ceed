"""A batch that is cut: the pieces are as equal as possible, and everything random is drawn for the whole."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Part(NamedTuple):
    """Images `start` up to, not including, `stop` of a batch of `whole`."""

    start: int
    stop: int
    whole: int

    @property
    def share(self) -> float:
        """Of the batch, in [0, 1]."""
        return (self.stop - self.start) / self.whole

    def of(self, batch: Tensor) -> Tensor:
        """The images of this part, as a view."""
        return batch[self.start : self.stop]


class Cut(NamedTuple):
    """Piece `number` of `pieces`, of any batch."""

    number: int
    pieces: int

    def part(self, whole: int) -> Part:
        """Of a batch of so many images; the first pieces are one image larger where they cannot all be equal."""
        size, larger = divmod(whole, self.pieces)
        start = self.number * size + min(self.number, larger)
        return Part(start, start + size + (self.number < larger), whole)


WHOLE = Cut(0, 1)


def parts(whole: int, pieces: int) -> list[Part]:
    """All pieces of a batch of `whole` images."""
    return [Cut(number, pieces).part(whole) for number in range(pieces)]
