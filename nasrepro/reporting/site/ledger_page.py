"""The page of differences: where a released code computes something else than its paper says, and what we do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nasrepro.papers.ledger import Difference
from nasrepro.papers.model import Paper
from nasrepro.reporting.site.material import Files, Results, SiteMaterial
from nasrepro.reporting.site.page import render

_END_OF_NAME = re.compile(r" \(|,|:| on | as | and | space\b")
"""What follows a paper's or a benchmark's name where an entry says which text it compares."""


@dataclass(frozen=True)
class Subject:
    """What several entries are about."""

    name: str
    """Of a paper, a method or a benchmark, as the entries call it first."""
    anchor: str
    slug: str
    """Of the paper, where it is one of those that have a page; else empty."""
    entries: Sequence[Difference]


def subjects(ledger: Sequence[Difference], papers: Sequence[Paper]) -> list[Subject]:
    """Entries by what they are about: the papers of the site in their order, then others by how many there are."""
    by_name: dict[str, list[Difference]] = {}
    for entry in ledger:
        by_name.setdefault(_END_OF_NAME.split(entry.paper, maxsplit=1)[0], []).append(entry)
    slugs = {paper.short: paper.slug for paper in papers}
    order = [name for name in slugs if name in by_name]
    order += sorted((name for name in by_name if name not in slugs), key=lambda name: (-len(by_name[name]), name))
    return [Subject(name, _anchor(name, slugs), slugs.get(name, ""), by_name[name]) for name in order]


def _anchor(name: str, slugs: dict[str, str]) -> str:
    """Of a group's heading; entries keep their own ids as anchors."""
    plain = slugs.get(name) or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"about-{plain}"


def ledger_page(material: SiteMaterial, results: Results) -> Files:
    """`ledger.html`; what our runs say has no part in it, so `results` is not asked."""
    page = render(
        "ledger_page.html.j2",
        root="",
        active="ledger",
        title="Paper versus code",
        kicker="Ledger",
        subjects=subjects(material.ledger, material.papers),
        count=len(material.ledger),
        known_items=set(material.items),
        known_methods={method.name for method in material.methods},
    )
    return {"ledger.html": page}
