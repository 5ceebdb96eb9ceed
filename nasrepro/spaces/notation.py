"""Reads genotypes that are printed as `Genotype(field=[('op', 1), …], …)`.

Nothing is ever executed: the few forms that occur are read token by token, so that an error can say where it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from nasrepro.errors import UserError, unknown

_TOKEN = re.compile(
    r"\s*(?:(?P<word>[A-Za-z_]\w*)|(?P<number>-?\d{1,9})|(?P<text>'[^']*'|\"[^\"]*\")|(?P<mark>[()\[\]=,]))"
)
_DEPTH = 2  # of brackets in a field
_CLOSING = {"(": ")", "[": "]"}

Value = int | str | list["Value"]


@dataclass(frozen=True)
class Notation:
    """The fields of one kind of genotype."""

    fields: tuple[str, ...]
    form: str
    """An example of it, for errors."""

    def read(self, text: str) -> dict[str, Value]:
        """What stands behind each field of `[NAME =] Genotype(…)`.

        A leading `NAME =`, spaces and line breaks anywhere, either quotes, trailing commas, tuples for lists and
        leaving fields out are all fine. Raises `UserError` saying where it goes wrong.
        """
        return _Reader(text, self).fields()


def pair_of(where: str, pair: Value, ops: Sequence[str]) -> tuple[int, int]:
    """Code of the operation, and state, of `('operation', state)`; raises `UserError`."""
    if not isinstance(pair, list) or len(pair) != 2:
        raise UserError(f"malformed genotype: {where} is not of the form ('operation', state)")
    op, state = pair
    if not isinstance(op, str) or not isinstance(state, int):
        raise UserError(f"malformed genotype: {where} is not of the form ('operation', state)")
    if op not in ops:
        raise UserError(f"malformed genotype: {where}: {unknown('operation', op, ops)}")
    return ops.index(op), state


def states_of(concat: Value) -> tuple[int, ...]:
    """The states that a field lists; raises `ValueError`."""
    if not isinstance(concat, Sequence) or not all(isinstance(state, int) for state in concat):
        raise ValueError("what is concatenated is a list of states or a range")
    return tuple(state for state in concat if isinstance(state, int))


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


class _Reader:
    """A text as tokens, read from front to back."""

    def __init__(self, text: str, notation: Notation) -> None:
        self._notation = notation
        self._tokens = list(self._cut(text))
        self._next = 0

    def fields(self) -> dict[str, Value]:
        """What stands behind each keyword of `[NAME =] Genotype(…)`."""
        if len(self._tokens) > 2 and self._tokens[1].text == "=":
            self._next = 2
        name = self._take()
        if name.text != "Genotype":
            self._fail(name, "'Genotype(' is expected")
        opening = self._take("(")
        found: dict[str, Value] = {}
        while self._peek().text != ")":
            field = self._take()
            if field.text not in self._notation.fields:
                raise UserError(f"malformed genotype: {unknown('field', field.text, self._notation.fields)}")
            if field.text in found:
                self._fail(field, f"'{field.text}' is given twice")
            self._take("=")
            found[field.text] = self._value()
            self._separated(opening)
        self._take(")")
        if self._peek().kind != "end":
            self._fail(self._peek(), "the genotype has ended before")
        return found

    def _value(self, depth: int = 0) -> Value:
        token = self._take()
        if token.kind == "number":
            return int(token.text)
        if token.kind == "text":
            return token.text[1:-1]
        if token.text == "range":
            return self._range()
        if token.text not in _CLOSING:
            self._fail(
                token, "a list, a pair, a number or a quoted operation is expected; is a bracket left open before it?"
            )
        if depth == _DEPTH:
            self._fail(token, "there are lists of pairs, and nothing deeper")
        values: list[Value] = []
        while self._peek().text != _CLOSING[token.text]:
            values.append(self._value(depth + 1))
            self._separated(token)
        self._next += 1
        return values

    def _range(self) -> Value:
        opening = self._peek()
        bounds = self._value()
        if not isinstance(bounds, list) or len(bounds) != 2:
            self._fail(opening, "range takes two numbers")
        first, end = bounds
        if not isinstance(first, int) or not isinstance(end, int) or not 0 <= first < end < 100:
            self._fail(opening, "range takes two rising numbers below 100")
        return list(range(first, end))

    def _separated(self, opening: _Token) -> None:
        """Steps over the comma that must stand between two values of what was opened."""
        token, closing = self._peek(), _CLOSING[opening.text]
        if token.kind == "end" or token.text in set(_CLOSING.values()) - {closing}:
            self._fail(token, f"'{opening.text}' of character {opening.at} is not closed")
        if token.text == ",":
            self._next += 1
        elif token.text != closing:
            self._fail(token, f"',' or '{closing}' is expected")

    def _peek(self) -> _Token:
        return self._tokens[min(self._next, len(self._tokens) - 1)]

    def _take(self, wanted: str | None = None) -> _Token:
        token = self._peek()
        if wanted is not None and token.text != wanted:
            self._fail(token, f"'{wanted}' is expected")
        self._next += 1
        return token

    def _cut(self, text: str) -> Iterator[_Token]:
        """Ends with a token of kind `end`; positions are counted from 1."""
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if not match or match.lastgroup is None:
                found = text[at:].lstrip()
                self._fail(_Token("", found[0], len(text) - len(found) + 1), "that cannot be part of a genotype")
            yield _Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup) + 1)
            at = match.end()
        yield _Token("end", "", len(text) + 1)

    def _fail(self, token: _Token, problem: str) -> NoReturn:
        where = "its end" if token.kind == "end" else f"'{token.text}' (character {token.at})"
        raise UserError(f"malformed genotype at {where}: {problem}; the form is {self._notation.form}")
