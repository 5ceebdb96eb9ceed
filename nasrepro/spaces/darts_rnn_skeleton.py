"""The language model around a recurrent cell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RnnSkeleton:
    """A language model of one recurrent layer (Liu et al., ICLR 2019).

    `hidden` is the width of the hidden state and of the word vectors, which are the decoder's weights too; `vocabulary`
    the number of words. `nodes` is the number of nodes of a supernet's cell; stand-alone networks have those of their
    genotype.

    Raises `ValueError` for sizes of which no network can be built.
    """

    hidden: int
    vocabulary: int
    nodes: int = 8

    def __post_init__(self) -> None:
        if min(self.sizes().values()) < 1:
            raise ValueError(f"every size of a skeleton is at least 1: {self}")
        if self.vocabulary < 2:
            raise ValueError(f"there is nothing to predict with a vocabulary of one word: {self}")

    def sizes(self) -> dict[str, int]:
        """Everything a supernet's skeleton is made of."""
        return dict(vars(self))


PENN_TREEBANK = RnnSkeleton(850, 10_000)
"""As cells are trained from scratch on PTB (Liu et al., ICLR 2019)."""
WIKITEXT_2 = RnnSkeleton(700, 33_278)
"""The same on WikiText-2."""
