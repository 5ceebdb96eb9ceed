"""Where a released code computes something else than its paper says, and which of the two our protocols follow.

The entries state differences between a text and a public repository at a named commit. They do not claim that a
paper's numbers were produced by that repository.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, TypeAdapter

from nasrepro.errors import unknown

LEDGER_FILE = "ledger.json"


class Difference(BaseModel):
    """One entry of the ledger."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    paper: str
    """The text that is compared, with venue and year."""
    where: str
    """Repository, commit and part of it that was read."""
    paper_says: str
    release_does: str
    why_it_matters: str
    our_protocol: str
    """What `sound` does and, where it differs, `as-written` and `as-released`."""
    methods: list[str] = []
    """Our names of the methods that are concerned; empty when all are."""
    items: list[str] = []
    """Paper items whose numbers are concerned."""
    evidence: str
    """How it is known: read in code, seen in a log, derived from numbers, or inferred."""


@lru_cache(maxsize=1)
def _load() -> tuple[Difference, ...]:
    text = resources.files("nasrepro.papers").joinpath(LEDGER_FILE).read_text(encoding="utf-8")
    return tuple(TypeAdapter(list[Difference]).validate_json(text))


def differences(*, method: str | None = None, item: str | None = None) -> list[Difference]:
    """The entries in the file's order, restricted to those that concern a method or an item (`e2nas/table-1`)."""
    return [
        entry
        for entry in _load()
        if (method is None or not entry.methods or method in entry.methods) and (item is None or item in entry.items)
    ]


def difference(name: str) -> Difference:
    """The entry called `name`; raises `UserError` with the nearest match and the known ones."""
    known = {entry.id: entry for entry in _load()}
    if name not in known:
        raise unknown("ledger entry", name, known)
    return known[name]
