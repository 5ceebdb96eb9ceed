"""Reads recurrent cells from text: compact ids, the pairs of numbers of ENAS and NAO, and printed genotypes."""

from __future__ import annotations

import re

from nasrepro.errors import UserError
from nasrepro.spaces.darts_rnn_genotype import ACTIVATIONS, FIRST, FIXED, Node, RnnGenotype, whole_cell
from nasrepro.spaces.notation import Notation, Value, pair_of, states_of

_ID = re.compile(r"rnn(\d{1,2}):([0-9a-f]+)(?:\+([0-9a-f]+))?")
_PAIRS = re.compile(r"\d{1,4}(\s+\d{1,4})+")
_FORM = "Genotype(recurrent=[('OP', STATE), …], concat=[…])"
_NOTATION = Notation(("recurrent", "concat"), _FORM)


def is_written(text: str) -> bool:
    """True for what is meant as one of the forms that `read` reads, and is no name."""
    return bool(re.match(r"rnn\d+:", text) or re.search(r"[(\[=]", text) or _PAIRS.fullmatch(text))


def read(text: str) -> RnnGenotype:
    """The cell written as an id, as pairs of numbers or as a printed genotype; raises `UserError`."""
    if re.match(r"rnn\d+:", text):
        return from_id(text)
    return from_pairs(text) if _PAIRS.fullmatch(text) else from_notation(text)


def from_id(text: str) -> RnnGenotype:
    """The cell whose id this is; raises `UserError`."""
    match = _ID.fullmatch(text)
    if not match:
        raise UserError(f"malformed cell id '{text}'; the form is rnnNODES:CELL, two digits per free node")
    count, code, concat = int(match[1]), match[2], match[3]
    free: tuple[Node, ...] = tuple((int(two[1], 16), int(two[0], 16)) for two in re.findall("..", code))
    fixed = FIXED.get(count, ()) if concat is None and len(free) + len(FIXED.get(count, ())) == count else ()
    nodes = (*fixed, *free)
    try:
        if len(code) % 2 or len(nodes) != count:
            raise ValueError(f"'{code}' is not two digits per node of {count}")
        found = whole_cell(nodes) if concat is None else RnnGenotype(nodes, tuple(int(one, 16) for one in concat))
    except ValueError as problem:
        raise UserError(f"malformed cell id '{text}': {problem}") from None
    if found.id != text:
        raise UserError(f"malformed cell id '{text}'; that cell is called {found.id}")
    return found


def from_pairs(text: str) -> RnnGenotype:
    """The cell written as `0 2 1 0 …`: state and activation of every node, and the output is the mean of all nodes.

    Activations are numbered tanh, relu, sigmoid, identity, as in the language models that were released with NAO and as
    the corrected ENAS; the first release of ENAS has the last two the other way round. Raises `UserError`.
    """
    numbers = [int(number) for number in text.split()]
    if len(numbers) % 2:
        raise UserError(f"malformed cell '{text}': an odd count of numbers, {len(numbers)}; every node takes two")
    for node, (state, activation) in enumerate(zip(numbers[::2], numbers[1::2], strict=True), 1):
        if state >= node:
            raise UserError(f"malformed cell '{text}': node {node} reads states 0 to {node - 1}, not {state}")
        if activation >= len(ACTIVATIONS):
            named = ", ".join(f"{number} {name}" for number, name in enumerate(ACTIVATIONS))
            raise UserError(f"malformed cell '{text}': there is no activation {activation}; allowed: {named}")
    try:
        return whole_cell(tuple((op + FIRST, state) for state, op in zip(numbers[::2], numbers[1::2], strict=True)))
    except ValueError as problem:
        raise UserError(f"malformed cell '{text}': {problem}") from None


def from_notation(text: str) -> RnnGenotype:
    """The cell printed as `Genotype(recurrent=[('sigmoid', 0), …], concat=range(1, 9))`, where the output may be left
    out; raises `UserError` saying where it goes wrong."""
    fields = _NOTATION.read(text)
    pairs, concat = fields.get("recurrent"), fields.get("concat")
    if not isinstance(pairs, list) or not pairs:
        raise UserError(f"malformed genotype: recurrent=[…] is missing or no list of pairs; the form is {_FORM}")
    nodes = tuple(_node(number, pair) for number, pair in enumerate(pairs, 1))
    try:
        return whole_cell(nodes) if concat is None else RnnGenotype(nodes, states_of(concat))
    except ValueError as problem:
        raise UserError(f"malformed genotype: {problem}") from None


def _node(number: int, pair: Value) -> Node:
    op, state = pair_of(f"pair {number}", pair, ACTIVATIONS)
    if not 0 <= state < number:
        raise UserError(f"malformed genotype: node {number} reads states 0 to {number - 1}, not {state}")
    return op + FIRST, state
