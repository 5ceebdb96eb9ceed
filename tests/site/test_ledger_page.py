"""Differences of papers and released code as a page."""

from __future__ import annotations

import re

from nasrepro.papers.catalog import papers
from nasrepro.papers.ledger import Difference, differences
from nasrepro.reporting.page import codes
from nasrepro.reporting.site.ledger_page import ledger_page, subjects
from nasrepro.reporting.site.material import ItemMaterial, MethodMaterial, Results, SiteMaterial


def page_of(*methods: str) -> str:
    items = {item.id: ItemMaterial(item, "missing", ()) for paper in papers().values() for item in paper.items}
    material = SiteMaterial(
        papers=list(papers().values()),
        items=items,
        benchmarks=(),
        methods=[MethodMaterial(name, "", "", "", {}, {}, (), ()) for name in methods],
        ledger=differences(),
        held=(),
    )
    return str(ledger_page(material, Results({}, {}))["ledger.html"])


def entry(paper: str) -> Difference:
    text = dict.fromkeys(("where", "paper_says", "release_does", "why_it_matters", "our_protocol", "evidence"), "-")
    return Difference(id=paper.lower(), paper=paper, **text)


def test_entries_are_grouped_by_what_they_are_about_papers_first() -> None:
    texts = [
        "GDAS (CVPR 2019)",
        "DARTS (ICLR 2019) and others",
        "DARTS space: cells",
        "NSAS on NAS-Bench-201",
        "E²NAS, Eq. 1",
    ]
    found = subjects([entry(text) for text in texts], list(papers().values()))
    assert [(own.name, len(own.entries)) for own in found] == [("E²NAS", 1), ("NSAS", 1), ("DARTS", 2), ("GDAS", 1)]
    assert [own.slug for own in found] == ["e2nas", "nsas", "", ""]


def test_every_entry_is_there_once_under_an_anchor_of_its_own() -> None:
    anchors = re.findall(r'\bid="([^"]+)"', page_of())
    assert len(set(anchors)) == len(anchors)
    assert {own.id for own in differences()} <= set(anchors)


def test_methods_and_items_are_links_where_they_have_a_page() -> None:
    assert 'href="methods/gdas.html"' not in page_of()
    page = page_of("gdas")
    assert 'href="methods/gdas.html"' in page
    assert 'href="papers/e2nas.html#table-1"' in page


def test_backticks_make_code_and_nothing_else_is_read_as_html() -> None:
    assert codes("`a<b` & c") == "<code>a&lt;b</code> &amp; c"
    assert codes("it`s <b>") == "it`s &lt;b&gt;"
