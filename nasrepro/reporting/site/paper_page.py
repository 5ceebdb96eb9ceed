"""A page per paper: every item with its state, paper beside ours, and what its text says in numbers."""

from __future__ import annotations

from nasrepro.papers.model import Paper
from nasrepro.reporting.site.material import Files, ItemMaterial, ItemResult, Results, SiteMaterial
from nasrepro.reporting.site.page import render
from nasrepro.reporting.site.words import counted


def paper_pages(material: SiteMaterial, results: Results) -> Files:
    """`papers/<slug>.html` for every paper, and `papers/index.html`."""
    files: Files = {f"papers/{paper.slug}.html": _page(paper, material, results) for paper in material.papers}
    shown = [(paper, items_of(paper, material, results)) for paper in material.papers]
    files["papers/index.html"] = render(
        "papers.html.j2", root="../", active="papers", title="The papers", kicker="Papers", papers=shown
    )
    return files


def items_of(paper: Paper, material: SiteMaterial, results: Results) -> list[tuple[ItemMaterial, ItemResult]]:
    """The paper's items that the site shows, in its order."""
    return [(material.items[item.id], results.items[item.id]) for item in paper.items if item.id in material.items]


def _page(paper: Paper, material: SiteMaterial, results: Results) -> str:
    items = items_of(paper, material, results)
    return render(
        "paper.html.j2",
        root="../",
        active="papers",
        title=paper.title,
        kicker=f"{paper.short}, {paper.venue} {paper.year}",
        paper=paper,
        items=items,
        verdicts=counted(claim for _, result in items for claim in result.claims),
    )
