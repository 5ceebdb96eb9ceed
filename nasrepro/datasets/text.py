"""A text as whole numbers: a dictionary, and the tokens of three splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nasrepro.errors import UserError

UNKNOWN = "<unk>"
END = "<eos>"
"""Ends every line of a text."""


@dataclass(frozen=True)
class TextData:
    """One corpus: the words by index, and the tokens of each split, int64 (N,), in the order of the text.

    `hashes` are SHA-256 of what was read, by file; `verified` says whether they are the official ones.
    Raises `ValueError` for a split that is not int64 (N,) or has a token without a word.
    """

    name: str
    vocabulary: tuple[str, ...]
    train: Tensor
    valid: Tensor
    test: Tensor
    hashes: Mapping[str, str]
    verified: bool

    def __post_init__(self) -> None:
        for tokens in (self.train, self.valid, self.test):
            if tokens.dtype != torch.int64 or tokens.ndim != 1:
                raise ValueError(f"tokens must be int64 (N,), got {tokens.dtype} {tuple(tokens.shape)}")
            if len(tokens) and not 0 <= int(tokens.min()) <= int(tokens.max()) < len(self.vocabulary):
                raise ValueError(f"there are tokens outside the dictionary of {len(self.vocabulary):,} words")

    def without_test(self) -> TextData:
        """For those who must not see the test text."""
        return replace(self, test=self.test[:0])

    def to(self, device: torch.device | str) -> TextData:
        """The same text on another device."""
        return replace(self, train=self.train.to(device), valid=self.valid.to(device), test=self.test.to(device))

    def limited(self, train: int | None = None, valid: int | None = None, test: int | None = None) -> TextData:
        """The first so many tokens of each split, None for all; the dictionary stays.

        Raises `UserError` for fewer than two tokens: one is read, the next is guessed.
        """
        return replace(
            self, train=_first(self.train, train), valid=_first(self.valid, valid), test=_first(self.test, test)
        )

    def with_vocabulary(self, size: int) -> TextData:
        """The same text with a dictionary of `size` entries: `<unk>` and the words most frequent in training.

        All other words become `<unk>`. Of equally frequent words those that appear first are kept. Words stay in their
        order; a new `<unk>` comes last. A dictionary that is not larger is left as it is. It is the training split as
        it is now that is counted: searches and trainings count all of it and limit the text afterwards, so that a size
        means one dictionary, however much is read. Raises `UserError` for a size below 2.
        """
        if size < 2:
            raise UserError(f"a dictionary needs at least 2 entries, '{UNKNOWN}' and a word, not {size}")
        if size >= len(self.vocabulary):
            return self
        counts = torch.bincount(self.train, minlength=len(self.vocabulary))
        if UNKNOWN in self.vocabulary:
            counts[self.vocabulary.index(UNKNOWN)] = len(self.train) + 1  # kept in any case
            words = size
        else:
            words = size - 1
        kept = counts.argsort(descending=True, stable=True)[:words].sort().values
        vocabulary = tuple(self.vocabulary[index] for index in kept.tolist())
        vocabulary = vocabulary if UNKNOWN in vocabulary else (*vocabulary, UNKNOWN)
        renumbered = torch.full_like(counts, vocabulary.index(UNKNOWN))
        renumbered[kept] = torch.arange(words, device=kept.device)
        return replace(
            self,
            vocabulary=vocabulary,
            train=renumbered[self.train],
            valid=renumbered[self.valid],
            test=renumbered[self.test],
        )


def _first(tokens: Tensor, count: int | None) -> Tensor:
    if count is not None and count < 2:
        raise UserError(f"a part of a text needs at least 2 tokens, not {count}")
    return tokens if count is None else tokens[:count]
