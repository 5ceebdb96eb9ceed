"""The rules of the embedded corpus: a probabilistic grammar of an invented language, written so that memory pays.

What a reader has to remember: the topic of a document, which decides most content words; number and kind of a subject
until its verb comes, over prepositional phrases and nested relative clauses; the tense; what a verb wants (the kind of
its object, its preposition); whom a reflexive pronoun refers to; that `if` calls for `then`, `both` for `and`, `either`
for `or`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nasrepro.datasets.grammar_words import KINDS, PREPOSITIONS, Lexicon, Ranked, Topic, Verb
from nasrepro.datasets.text import END

_DEEPEST = 3  # noun phrases within noun phrases
_PREPOSITIONS = Ranked(PREPOSITIONS)
_DETERMINERS = (
    Ranked(("the", "a", "this", "every", "one", "another", "each", "no")),
    Ranked(("the", "these", "some", "many", "two", "several", "most", "three", "few", "all")),
)
_TIMES = (Ranked(("now", "today", "often", "usually")), Ranked(("yesterday", "earlier", "once", "before")))
_BE = (("is", "are"), ("was", "were"))
_DO = (("does", "do"), ("did", "did"))
_SAY = (("says", "say"), ("said", "said"))
_MODALS = Ranked(("will", "can", "would", "may", "must", "could"))
_JOINTS = Ranked(("and", "but", "while", "because", "so"))


@dataclass(frozen=True)
class Subject:
    """What is remembered of a noun phrase: number (1 for plural), reflexive pronoun, and the kind of its noun."""

    plural: int
    reflexive: str
    kind: int


class Writer:
    """Writes documents into `words`; random numbers come from one generator."""

    def __init__(self, words: Lexicon, seed: int) -> None:
        self._words = words
        self._uniform = _uniforms(seed)
        self._topic = words.common
        self._past = False
        self.words: list[str] = []

    def document(self) -> None:
        """Sentences about one topic, mostly in one tense, each ended by `<eos>`."""
        self._topic = self._words.topics.at(next(self._uniform))
        mostly_past = self._chance(0.55)
        while True:
            self._past = mostly_past != self._chance(0.1)
            self._sentence()
            self.words.append(END)
            if self._chance(0.16):
                return

    def _chance(self, share: float) -> bool:
        return next(self._uniform) < share

    def _say(self, *words: str) -> None:
        self.words.extend(words)

    def _sentence(self) -> None:
        if self._chance(0.15):
            self._say(_TIMES[self._past].at(next(self._uniform)), ",")
        kind = next(self._uniform)
        if kind < 0.12:
            self._say("if")
            self._clause()
            self._say(",", "then")
            self._clause()
        elif kind < 0.17:
            self._question()
        else:
            if kind < 0.32:
                speaker = self._subject(2)
                self._say(_SAY[self._past][speaker.plural], "that")
            self._clause()
            while self._chance(0.4):
                self._say(_JOINTS.at(next(self._uniform)))
                self._clause()

    def _question(self) -> None:
        start = len(self.words)
        subject = self._subject(1)
        self.words.insert(start, _DO[self._past][subject.plural])
        self._action(self._verb(subject), base=True, depth=1)
        self._say("?")

    def _clause(self) -> None:
        self._predicate(self._subject(0), 0)

    def _subject(self, depth: int) -> Subject:
        """Say a noun phrase that can do something."""
        kind = next(self._uniform)
        if kind < 0.12:
            name = self._words.names.at(next(self._uniform))
            self._say(name.name)
            return Subject(0, name.reflexive, self._kind())
        if kind < 0.22:
            pronoun, plural, reflexive = _PRONOUNS.at(next(self._uniform))
            self._say(pronoun)
            return Subject(plural, reflexive, self._kind())
        if kind < 0.28:
            self._say("both")
            self._described(self._kind(), _DEEPEST)
            self._say("and")
            return Subject(1, "themselves", self._described(self._kind(), _DEEPEST).kind)
        return self._described(self._kind(), depth)

    def _kind(self) -> int:
        return int(KINDS * next(self._uniform))

    def _described(self, kind: int, depth: int) -> Subject:
        """Say determiner, adjectives, a noun of this kind, and more about it."""
        plural = int(self._chance(0.4))
        self._say(_DETERMINERS[plural].at(next(self._uniform)))
        while self._chance(0.3):
            self._say(self._source().adjectives.at(next(self._uniform)))
        self._say(self._source().nouns[kind].at(next(self._uniform)).form[plural])
        said = Subject(plural, "themselves" if plural else "itself", kind)
        if depth < _DEEPEST:
            more = next(self._uniform)
            if more < 0.26:
                self._prepositional(_PREPOSITIONS.at(next(self._uniform)), depth + 1)
            elif more < 0.4:
                self._say("that")
                self._predicate(said, depth + 1)
            elif more < 0.5:
                self._say("which")
                inner = self._described(self._kind(), depth + 2)
                self._inflected(self._verb(inner), inner)
        return said

    def _source(self) -> Topic:
        return self._topic if self._chance(0.8) else self._words.common

    def _prepositional(self, preposition: str, depth: int) -> None:
        self._say(preposition)
        self._object(self._kind(), depth)

    def _object(self, kind: int, depth: int) -> None:
        if self._chance(0.06):
            self._say("either")
            self._described(kind, _DEEPEST)
            self._say("or")
            self._described(kind, _DEEPEST)
        else:
            self._described(kind, depth)

    def _verb(self, subject: Subject) -> Verb:
        return self._source().verbs[subject.kind].at(next(self._uniform))

    def _inflected(self, verb: Verb, subject: Subject) -> None:
        self._say(verb.past if self._past else verb.present[subject.plural])

    def _predicate(self, subject: Subject, depth: int) -> None:
        """Say what a subject does, agreeing with it."""
        kind = next(self._uniform)
        if kind < 0.12:
            self._say(_BE[self._past][subject.plural], self._source().adjectives.at(next(self._uniform)))
            return
        if kind < 0.24:
            self._say(_MODALS.at(next(self._uniform)))
            self._action(self._verb(subject), base=True, depth=depth)
            return
        if self._chance(0.12):
            self._say(self._words.adverbs.at(next(self._uniform)))
        verb = self._verb(subject)
        self._inflected(verb, subject)
        if kind < 0.32:
            self._say(subject.reflexive)
        else:
            self._action(verb, base=False, depth=depth)

    def _action(self, verb: Verb, *, base: bool, depth: int) -> None:
        """Say the verb's own form if it is not said yet, then its object and its prepositional phrase, if any."""
        if base:
            self._say(verb.present[1])
        if self._chance(0.75):
            self._object(verb.takes if self._chance(0.9) else self._kind(), depth + 1)
        elif self._chance(0.4):
            self._say(self._words.adverbs.at(next(self._uniform)))
        if depth < 2 and self._chance(0.4):
            self._prepositional(verb.preposition, depth + 1)


_PRONOUNS = Ranked(
    (("he", 0, "himself"), ("they", 1, "themselves"), ("it", 0, "itself"), ("she", 0, "herself")),
)


def _uniforms(seed: int) -> Iterator[float]:
    generator = np.random.Generator(np.random.PCG64(seed))
    while True:
        yield from generator.random(1 << 14).tolist()
