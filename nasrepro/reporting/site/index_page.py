"""The first page: what was reproduced and what was not, in two minutes."""

from __future__ import annotations

from nasrepro.reporting.site.headlines import clearest, inventory, side_by_side
from nasrepro.reporting.site.material import Files, ItemMaterial, Results, SiteMaterial
from nasrepro.reporting.site.page import render
from nasrepro.reporting.site.paper_page import items_of
from nasrepro.reporting.site.words import STATES, counted
from nasrepro.reporting.table_model import join_words


def index_page(material: SiteMaterial, results: Results) -> Files:
    """`index.html`."""
    shown = [(paper, items_of(paper, material, results)) for paper in material.papers]
    claims = [claim for result in results.items.values() for claim in result.claims]
    states = [own.state for own in material.items.values()]
    scales = sorted({held.record.spec.scale for held in material.held})
    page = render(
        "index.html.j2",
        root="",
        active="overview",
        title="Weight-sharing architecture search, measured again",
        kicker="nasrepro · five papers, every table and figure, ours beside theirs",
        papers=shown,
        verdicts={paper.slug: counted(own for own in claims if own.paper == paper.slug) for paper in material.papers},
        all_verdicts=counted(claims),
        states=[(state, states.count(state), meaning) for state, meaning in STATES.items() if state in states],
        there=inventory(material),
        scales=join_words(scales),
        clearest=clearest(results),
        beside=side_by_side(results),
        names={paper.slug: paper.short for paper in material.papers},
        places={name: places(own) for name, own in material.items.items()},
        known=list(results.benchmarks),
        unread=material.unread,
        command=material.command,
    )
    return {"index.html": page}


def places(own: ItemMaterial) -> list[tuple[str, str]]:
    """Where an item was run: the benchmark, and seeds, scale and how much is there."""
    return [
        (
            runs.place.benchmark,
            f"scale {runs.place.scale}, seeds {runs.place.seeds}"
            + ("" if runs.state == "done" else f", {runs.done} of {runs.wanted} runs"),
        )
        for runs in own.places
    ]
