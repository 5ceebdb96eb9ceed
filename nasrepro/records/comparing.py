"""Where two records of one run differ, and what the earlier one is too old to say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from nasrepro.records.record import RunRecord

ADDED_LATER: dict[str, JsonValue] = {
    "probes.truth_std": [],
    "probes.truth_trials": [],
    "probes.truth_std_of": "",
    "cost.forward_passes": 0,
    "series": {},
    "visited": [],
    "watched": None,
    "cost.scored_cells": 0,
}
"""Fields that records have not always had, and what is read where a file is without them."""


@dataclass(frozen=True)
class Deviation:
    """One value that two records do not share."""

    where: str
    """As in `trace.3.genotype`."""
    before: JsonValue
    again: JsonValue
    """Of lists of different lengths these are the lengths, in words."""


@dataclass(frozen=True)
class Comparison:
    """What became of comparing two records."""

    deviations: tuple[Deviation, ...]
    """In the order of the fields; empty when the runs are equal."""
    lacking: tuple[str, ...]
    """Of `ADDED_LATER`, what the earlier record does not hold and the later one does; left out of the comparison."""


def compare_records(before: RunRecord, again: RunRecord) -> Comparison:
    """Hold a record against that of the same run made again. Seconds, host, command and time of day do not count."""
    first, second = before.comparable(), again.comparable()
    lacking = [name for name, empty in ADDED_LATER.items() if _at(first, name) == empty != _at(second, name)]
    for name in lacking:
        *owners, last = name.split(".")
        owner = _at(second, ".".join(owners)) if owners else second
        owner[last] = ADDED_LATER[name]
    return Comparison(tuple(_deviations(first, second, "")), tuple(lacking))


def _at(content: Any, name: str) -> Any:
    """The value of a dotted name; None below what is None."""
    for part in name.split("."):
        content = None if content is None else content[part]
    return content


def _deviations(before: Any, again: Any, where: str) -> Iterator[Deviation]:
    if before == again:
        return
    if isinstance(before, dict) and isinstance(again, dict):
        for name in {**before, **again}:
            yield from _deviations(before.get(name), again.get(name), f"{where}.{name}" if where else name)
    elif isinstance(before, list) and isinstance(again, list) and len(before) == len(again):
        for position, (one, other) in enumerate(zip(before, again, strict=True)):
            yield from _deviations(one, other, f"{where}.{position}")
    elif isinstance(before, list) and isinstance(again, list):
        yield Deviation(where, f"{len(before)} entries", f"{len(again)} entries")
    else:
        yield Deviation(where, before, again)
