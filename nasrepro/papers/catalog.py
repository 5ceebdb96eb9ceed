"""All papers and their items, read from the JSON files of this folder; a new file is a new paper."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from nasrepro.errors import unknown
from nasrepro.papers.ledger import LEDGER_FILE
from nasrepro.papers.model import Paper, PaperItem
from nasrepro.papers.programme import PROGRAMME_FILE

_NO_PAPERS = (LEDGER_FILE, PROGRAMME_FILE)


@dataclass(frozen=True)
class ItemSummary:
    """What a list of items shows of one of them."""

    name: str
    """Such as `e2nas/table-1`."""
    kind: str
    """`table`, `figure`, `drawn` or `schematic`."""
    paper: str
    """Short name, venue and year."""
    title: str
    benchmark: str
    """Empty where nothing is run."""
    methods: tuple[str, ...]
    """Our names of the methods whose runs make it, in its order."""


@lru_cache(maxsize=1)
def _load() -> tuple[Paper, ...]:
    files = [f for f in resources.files("nasrepro.papers").iterdir() if f.name.endswith(".json")]
    texts = [f.read_text(encoding="utf-8") for f in sorted(files, key=lambda f: f.name) if f.name not in _NO_PAPERS]
    return tuple(Paper.model_validate_json(text) for text in texts)


def papers() -> dict[str, Paper]:
    """Every paper by slug."""
    return {paper.slug: paper for paper in _load()}


def paper(slug: str) -> Paper:
    """The paper called `slug`; raises `UserError` naming the known ones."""
    known = papers()
    if slug not in known:
        raise unknown("paper", slug, known)
    return known[slug]


def items() -> list[ItemSummary]:
    """A summary of every item of every paper, for listings."""
    return [_summary(owner, entry) for owner in _load() for entry in owner.items]


def item(name: str) -> PaperItem:
    """The item called `<paper>/<item>`; raises `UserError` with the nearest match and the known ones."""
    known = {entry.id: entry for owner in _load() for entry in owner.items}
    if name not in known:
        raise unknown("paper item", name, known)
    return known[name]


def _summary(owner: Paper, entry: PaperItem) -> ItemSummary:
    source = f"{owner.short} ({owner.venue} {owner.year})"
    kind = "figure" if entry.kind == "cells" else entry.kind
    return ItemSummary(entry.id, kind, source, entry.title, entry.benchmark, entry.methods)
