"""The first page: what was reproduced and what was not, in two minutes."""

from __future__ import annotations

from nasrepro.reporting.site.material import Files, Results, SiteMaterial
from nasrepro.reporting.site.page import render
from nasrepro.reporting.site.paper_page import items_of


def index_page(material: SiteMaterial, results: Results) -> Files:
    """`index.html`."""
    page = render(
        "index.html.j2",
        root="",
        active="overview",
        title="Weight-sharing architecture search, measured again",
        kicker="nasrepro",
        papers=[(paper, items_of(paper, material, results)) for paper in material.papers],
        material=material,
    )
    return {"index.html": page}
