"""What a user types to name methods and their settings, read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from nasrepro.errors import UserError, unknown
from nasrepro.methods import catalog
from nasrepro.methods.composing import SEPARATOR, parts_of
from nasrepro.methods.method import SELECTORS
from nasrepro.records.variant import Variant

Overrides = dict[str, dict[str, Any]]
_PAIRS = {"[": "]", "{": "}"}
_FORM = "METHOD[BLOCK.NAME=VALUE;…], as in gdas[sampler.tau_start=5]"


def parse_overrides(assignments: Sequence[str]) -> Overrides:
    """`["training.epochs=3"]` → `{"training": {"epochs": 3}}`; values are JSON, or text where they are not.

    The last value of a setting counts. Raises `UserError` for what is no assignment.
    """
    overrides: Overrides = {}
    for assignment in assignments:
        match = re.fullmatch(r"([\w-]+)\.([\w-]+)=(.*)", assignment)
        if not match:
            raise UserError(
                f"setting '{assignment}' cannot be read; the form is BLOCK.NAME=VALUE, as in training.epochs=3"
            )
        try:
            value = json.loads(match[3])
        except ValueError:
            value = match[3]
        overrides.setdefault(match[1], {})[match[2]] = value
    return overrides


def parse_variants(text: str, selector: str | None = None) -> list[Variant]:
    """`rea,gdas[sampler.tau_start=5;training.lr=0.1]` → variants in the order given, those of one-shot methods with
    the selector, if one is named.

    Raises `UserError` for what cannot be read, for a selector that does not exist, that none of the methods can use, or
    that a method was composed with another of.
    """
    named = [part.strip() for part in split_outside_brackets(text, ",")]
    found = [parse_variant(part) for part in named if part]
    if not found:
        raise UserError(f"no method is named in '{text}'; allowed: names separated by commas, such as random,gdas")
    return found if selector is None else _with_selector(found, selector)


def parse_variant(text: str) -> Variant:
    """`gdas`, or `gdas+rs[sampler.tau_start=5]`; raises `UserError` for what is neither, and for parts that no method
    can have."""
    match = re.fullmatch(r"([^\[\]=;]+?)\s*(?:\[(.*)\])?", text, flags=re.DOTALL)
    if not match:
        raise UserError(f"method '{text}' cannot be read; the form is {_FORM}")
    assignments = [part.strip() for part in split_outside_brackets(match[2] or "", ";")]
    if match[2] is not None and not all(assignments):
        raise UserError(f"method '{text}' has an empty setting; the form is {_FORM}")
    named = [assignment.split("=")[0] for assignment in assignments if assignment]
    if repeated := [name for name in named if named.count(name) > 1]:
        raise UserError(f"method '{text}' states '{repeated[0]}' more than once")
    try:
        return canonical(Variant(method=match[1], settings=parse_overrides(assignments) if match[2] else {}))
    except UserError as error:
        raise UserError(f"method '{text}': {error}") from error


def canonical(variant: Variant) -> Variant:
    """The same with the one name that a composed method has: runs of equal methods must have equal keys.

    Raises `UserError` for a composition that is none.
    """
    return _called(variant, catalog.get(variant.method).name) if parts_of(variant.method) else variant


def _with_selector(variants: Sequence[Variant], selector: str) -> list[Variant]:
    if selector not in SELECTORS:
        raise unknown("selector", selector, SELECTORS)
    able = {variant.method for variant in variants if catalog.get(variant.method).one_shot}
    if not able:
        named = ", ".join(dict.fromkeys(variant.method for variant in variants))
        raise UserError(
            f"selector '{selector}' has nothing to select from: no method of '{named}' trains a supernet; allowed: "
            "methods with weight sharing, such as randomnas"
        )
    return [
        canonical(_called(variant, f"{variant.method}{SEPARATOR}{selector}")) if variant.method in able else variant
        for variant in variants
    ]


def _called(variant: Variant, method: str) -> Variant:
    return variant.model_copy(update={"method": method})


def split_outside_brackets(text: str, separator: str) -> list[str]:
    """The parts of the text between separators that stand in no brackets; raises `UserError` for an open bracket."""
    parts, closing, place = [""], "", 0
    while place < len(text):
        letter = text[place]
        if closing and letter == closing[-1]:
            closing = closing[:-1]
        elif letter in _PAIRS:
            closing += _PAIRS[letter]
        if not closing and text.startswith(separator, place):
            parts.append("")
            place += len(separator)
        else:
            parts[-1] += letter
            place += 1
    if closing:
        raise UserError(f"'{text}' lacks a '{closing[-1]}'; the form is {_FORM}")
    return parts
