"""Reads pairs of DARTS cells from text: compact ids, and the `Genotype(normal=[…])` that papers and code print."""

from __future__ import annotations

import re

from nasrepro.errors import UserError
from nasrepro.spaces.darts_genotype import ALL_OPS, Cell, Choice, DartsGenotype, standard_cell
from nasrepro.spaces.notation import Notation, Value, pair_of, states_of

_ID = re.compile(r"darts:([0-9a-f]+)(?:\+([0-9]+))?-([0-9a-f]+)(?:\+([0-9]+))?")
_FORM = "Genotype(normal=[('OP', STATE), …], normal_concat=[…], reduce=[…], reduce_concat=[…])"
_NOTATION = Notation(("normal", "normal_concat", "reduce", "reduce_concat"), _FORM)


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
    fields = _NOTATION.read(text)
    for name in ("normal", "reduce"):
        if name not in fields:
            raise UserError(f"malformed genotype: {name}=[…] is missing; the form is {_FORM}")
    return DartsGenotype(*(_cell(name, fields[name], fields.get(f"{name}_concat")) for name in ("normal", "reduce")))


def _cell(name: str, pairs: Value, concat: Value | None) -> Cell:
    if not isinstance(pairs, list) or not pairs:
        raise UserError(f"malformed genotype: {name} is not a list of (operation, state) pairs; the form is {_FORM}")
    if len(pairs) % 2:
        raise UserError(f"malformed genotype: {name} has an odd number of pairs, {len(pairs)}; every node takes two")
    choices = [_choice(f"{name}, pair {place + 1}", place // 2, pair) for place, pair in enumerate(pairs)]
    nodes = tuple(zip(choices[::2], choices[1::2], strict=True))
    try:
        return standard_cell(nodes) if concat is None else Cell(nodes, states_of(concat))
    except ValueError as problem:
        raise UserError(f"malformed genotype: {name}: {problem}") from None


def _choice(where: str, node: int, pair: Value) -> Choice:
    op, state = pair_of(where, pair, ALL_OPS)
    if not 0 <= state <= node + 1:
        raise UserError(f"malformed genotype: {where}: node {node} reads states 0 to {node + 1}, not {state}")
    return op, state
