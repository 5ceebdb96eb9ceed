"""The words of the embedded corpus: invented stems with endings for number and tense, by class and topic."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, product
from typing import Generic, TypeVar

import numpy as np

TOPICS = 12
KINDS = 4
"""Kinds of nouns; a verb takes subjects of one kind and objects of one kind."""

_NOUNS, _VERBS, _ADJECTIVES = 56, 20, 26  # of each topic
_COMMON_NOUNS, _COMMON_VERBS, _COMMON_ADJECTIVES = 72, 30, 40  # of no topic
_NAMES, _ADVERBS = 120, 60
_SEED = 812

T = TypeVar("T")


class Ranked(Generic[T]):
    """Words of which the one at rank r (from 0) is drawn in proportion to 1 / (r + 1.7): Zipf's law with a flat head.

    Weights are whole numbers, so that a draw is the same on every machine.
    """

    def __init__(self, items: Sequence[T]) -> None:
        self.items = tuple(items)
        sums = list(accumulate(10**9 // (10 * rank + 17) for rank in range(len(self.items))))
        self._shares = [value / sums[-1] for value in sums]

    def at(self, share: float) -> T:
        """The word at `share` in [0, 1) of all occurrences, the most frequent first."""
        return self.items[bisect_right(self._shares, share)]


@dataclass(frozen=True)
class Noun:
    """Both forms; `form[plural]`."""

    form: tuple[str, str]


@dataclass(frozen=True)
class Verb:
    """`present[plural]` agrees with the subject; `past` does not. `takes` is the kind of its objects."""

    present: tuple[str, str]
    past: str
    takes: int
    preposition: str


@dataclass(frozen=True)
class Name:
    """A person, with the words that stand for one."""

    name: str
    pronoun: str
    reflexive: str


@dataclass(frozen=True)
class Topic:
    """The words that a text about something prefers; nouns by kind, verbs by the kind of their subject."""

    nouns: tuple[Ranked[Noun], ...]
    verbs: tuple[Ranked[Verb], ...]
    adjectives: Ranked[str]


@dataclass(frozen=True)
class Lexicon:
    """All invented words. `common` belongs to no topic."""

    topics: Ranked[Topic]
    common: Topic
    names: Ranked[Name]
    adverbs: Ranked[str]


PREPOSITIONS = (
    "of",
    "in",
    "for",
    "with",
    "on",
    "by",
    "from",
    "at",
    "under",
    "about",
    "near",
    "after",
    "between",
    "over",
)
_OF_VERBS = PREPOSITIONS[1:9]  # that verbs insist on


def lexicon() -> Lexicon:
    """The same words every time: about 2,900 forms, not counting function words."""
    stems = _stems()
    topics = [_topic(stems, _NOUNS, _VERBS, _ADJECTIVES) for _ in range(TOPICS)]
    common = _topic(stems, _COMMON_NOUNS, _COMMON_VERBS, _COMMON_ADJECTIVES)
    people = (("he", "himself"), ("she", "herself"))
    names = [Name(next(stems).capitalize(), *people[index % 2]) for index in range(_NAMES)]
    adverbs = [next(stems) + "ly" for _ in range(_ADVERBS)]
    return Lexicon(Ranked(topics), common, Ranked(names), Ranked(adverbs))


def _topic(stems: Iterator[str], nouns: int, verbs: int, adjectives: int) -> Topic:
    named = [Noun((stem, stem + "s")) for stem in (next(stems) for _ in range(nouns))]
    acting = [_verb(next(stems), index) for index in range(verbs)]
    described = [next(stems) + "ic" for _ in range(adjectives)]
    return Topic(_by_kind(named), _by_kind(acting), Ranked(described))


def _by_kind(words: Sequence[T]) -> tuple[Ranked[T], ...]:
    return tuple(Ranked(words[kind::KINDS]) for kind in range(KINDS))


def _verb(stem: str, index: int) -> Verb:
    preposition = _OF_VERBS[(3 * index + index // len(_OF_VERBS)) % len(_OF_VERBS)]
    takes = (index // KINDS + index) % KINDS  # all kinds among the verbs of one kind of subject
    return Verb((stem + "et", stem + "en"), stem + "ado", takes, preposition)


def _stems() -> Iterator[str]:
    """Pronounceable stems of five letters, all different, in an order without a pattern."""
    first, second, vowels, last = "bdfgklmnprstvz", "bdgklmnprtvz", "aeiou", "dklmnprt"
    every = ["".join(letters) for letters in product(first, vowels, second, vowels, last)]
    keys = np.random.Generator(np.random.PCG64(_SEED)).random(len(every))
    return (every[index] for index in np.argsort(keys, kind="stable").tolist())
