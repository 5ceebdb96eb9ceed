"""Reads pairs of DARTS cells from text: compact ids, and the `Genotype(normal=[…])` that papers and code print.

Nothing is ever executed: the few forms that occur are read token by token, so that an error can say where it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from nasrepro.errors import UserError, unknown
from nasrepro.spaces.darts_genotype import ALL_OPS, Cell, Choice, DartsGenotype, standard_cell

_ID = re.compile(r"darts:([0-9a-f]+)(?:\+([0-9]+))?-([0-9a-f]+)(?:\+([0-9]+))?")
_TOKEN = re.compile(
    r"\s*(?:(?P<word>[A-Za-z_]\w*)|(?P<number>-?\d{1,9})|(?P<text>'[^']*'|\"[^\"]*\")|(?P<mark>[()\[\]=,]))"
)
_DEPTH = 2  # of brackets in a field
_CLOSING = {"(": ")", "[": "]"}
_FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
_FORM = "Genotype(normal=[('OP', STATE), …], normal_concat=[…], reduce=[…], reduce_concat=[…])"

Value = int | str | list["Value"]


def from_id(text: str) -> DartsGenotype:
    """The genotype whose id this is; raises `UserError`."""
    match = _ID.fullmatch(text)
    if not match:
        raise UserError(f"malformed genotype id '{text}'; the form is darts:NORMAL-REDUCE, two digits per choice")
    normal, normal_concat, reduce, reduce_concat = match.groups()
    try:
        return DartsGenotype(_decoded(normal, normal_concat), _decoded(reduce, reduce_concat))
    except ValueError as problem:
        raise UserError(f"malformed genotype id '{text}': {problem}") from None


def _decoded(choices: str, concat: str | None) -> Cell:
    if len(choices) % 4:
        raise ValueError(f"'{choices}' is not two choices of two digits per node")
    nodes = tuple(
        ((int(four[1], 16), int(four[0], 16)), (int(four[3], 16), int(four[2], 16)))
        for four in re.findall("....", choices)
    )
    return standard_cell(nodes) if concat is None else Cell(nodes, tuple(map(int, concat)))


def from_notation(text: str) -> DartsGenotype:
    """The genotype printed as `Genotype(normal=[('sep_conv_3x3', 1), …], normal_concat=range(2, 6), reduce=[…], …)`.

    A leading `NAME =`, spaces and line breaks anywhere, either quotes, trailing commas, tuples for lists, and leaving
    out what is concatenated are all fine. Raises `UserError` saying where it goes wrong.
    """
    fields = _Reader(text).fields()
    for name in ("normal", "reduce"):
        if name not in fields:
            raise UserError(f"malformed genotype: {name}=[…] is missing; the form is {_FORM}")
    return DartsGenotype(*(_cell(name, fields[name], fields.get(f"{name}_concat")) for name in ("normal", "reduce")))


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


class _Reader:
    """A text as tokens, read from front to back."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0

    def fields(self) -> dict[str, Value]:
        """What stands behind each keyword of `[NAME =] Genotype(…)`."""
        if len(self._tokens) > 2 and self._tokens[1].text == "=":
            self._next = 2
        name = self._take()
        if name.text != "Genotype":
            _fail(name, "'Genotype(' is expected")
        opening = self._take("(")
        found: dict[str, Value] = {}
        while self._peek().text != ")":
            field = self._take()
            if field.text not in _FIELDS:
                raise UserError(f"malformed genotype: {unknown('field', field.text, _FIELDS)}")
            if field.text in found:
                _fail(field, f"'{field.text}' is given twice")
            self._take("=")
            found[field.text] = self._value()
            self._separated(opening)
        self._take(")")
        if self._peek().kind != "end":
            _fail(self._peek(), "the genotype has ended before")
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
            _fail(
                token, "a list, a pair, a number or a quoted operation is expected; is a bracket left open before it?"
            )
        if depth == _DEPTH:
            _fail(token, "there are lists of pairs, and nothing deeper")
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
            _fail(opening, "range takes two numbers")
        first, end = bounds
        if not isinstance(first, int) or not isinstance(end, int) or not 0 <= first < end < 100:
            _fail(opening, "range takes two rising numbers below 100")
        return list(range(first, end))

    def _separated(self, opening: _Token) -> None:
        """Steps over the comma that must stand between two values of what was opened."""
        token, closing = self._peek(), _CLOSING[opening.text]
        if token.kind == "end" or token.text in set(_CLOSING.values()) - {closing}:
            _fail(token, f"'{opening.text}' of character {opening.at} is not closed")
        if token.text == ",":
            self._next += 1
        elif token.text != closing:
            _fail(token, f"',' or '{closing}' is expected")

    def _peek(self) -> _Token:
        return self._tokens[min(self._next, len(self._tokens) - 1)]

    def _take(self, wanted: str | None = None) -> _Token:
        token = self._peek()
        if wanted is not None and token.text != wanted:
            _fail(token, f"'{wanted}' is expected")
        self._next += 1
        return token


def _tokens(text: str) -> Iterator[_Token]:
    """Ends with a token of kind `end`; positions are counted from 1."""
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if not match or match.lastgroup is None:
            found = text[at:].lstrip()
            _fail(_Token("", found[0], len(text) - len(found) + 1), "that cannot be part of a genotype")
        yield _Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup) + 1)
        at = match.end()
    yield _Token("end", "", len(text) + 1)


def _fail(token: _Token, problem: str) -> NoReturn:
    where = "its end" if token.kind == "end" else f"'{token.text}' (character {token.at})"
    raise UserError(f"malformed genotype at {where}: {problem}; the form is {_FORM}")


def _cell(name: str, pairs: Value, concat: Value | None) -> Cell:
    if not isinstance(pairs, list) or not pairs:
        raise UserError(f"malformed genotype: {name} is not a list of (operation, state) pairs; the form is {_FORM}")
    if len(pairs) % 2:
        raise UserError(f"malformed genotype: {name} has an odd number of pairs, {len(pairs)}; every node takes two")
    choices = [_choice(f"{name}, pair {place + 1}", place // 2, pair) for place, pair in enumerate(pairs)]
    nodes = tuple(zip(choices[::2], choices[1::2], strict=True))
    try:
        return standard_cell(nodes) if concat is None else Cell(nodes, _states(concat))
    except ValueError as problem:
        raise UserError(f"malformed genotype: {name}: {problem}") from None


def _choice(where: str, node: int, pair: Value) -> Choice:
    if not isinstance(pair, list) or len(pair) != 2:
        raise UserError(f"malformed genotype: {where} is not of the form ('operation', state)")
    op, state = pair
    if not isinstance(op, str) or not isinstance(state, int):
        raise UserError(f"malformed genotype: {where} is not of the form ('operation', state)")
    if op not in ALL_OPS:
        raise UserError(f"malformed genotype: {where}: {unknown('operation', op, ALL_OPS)}")
    if not 0 <= state <= node + 1:
        raise UserError(f"malformed genotype: {where}: node {node} reads states 0 to {node + 1}, not {state}")
    return ALL_OPS.index(op), state


def _states(concat: Value) -> tuple[int, ...]:
    if not isinstance(concat, Sequence) or not all(isinstance(state, int) for state in concat):
        raise ValueError("what is concatenated is a list of states or a range")
    return tuple(state for state in concat if isinstance(state, int))
