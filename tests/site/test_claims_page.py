"""Statements of the papers beside what our runs say of each, from rows as the items' parts hand them over."""

from __future__ import annotations

import re
from typing import Any

import pytest

from nasrepro.papers.catalog import papers
from nasrepro.papers.cells_figure import CellsItem
from nasrepro.papers.model import Paper
from nasrepro.reporting.site.claims_figure import claims_figure, standing
from nasrepro.reporting.site.claims_page import claims_page
from nasrepro.reporting.site.claims_rows import placed_claims
from nasrepro.reporting.site.material import ClaimRow, ItemMaterial, ItemResult, Results, SiteMaterial

PAPER = papers()["evaluating-search"]
ITEM = next(item for item in PAPER.items if item.item == "figure-4")
assert isinstance(ITEM, CellsItem)
FIRST = ITEM.claims[0]


def row(**changes: Any) -> ClaimRow:
    facts = {
        "paper": PAPER.slug,
        "item": ITEM.id,
        "says": FIRST.says,
        "measured": FIRST.measured,
        "source": "ours, rnn2-grammar, scale laptop",
        "benchmark": "rnn2-grammar",
        "scale": "laptop",
        "effect": 0.5,
        "low": 0.4,
        "high": 0.6,
        "bound": 0.2,
        "n": 10,
        "p": 0.004,
        "verdict": "holds",
        "records": ("a" * 64,),
        "relation": "above",
    }
    return ClaimRow(**{**facts, **changes})


def made(*rows: ClaimRow, paper: Paper = PAPER) -> tuple[SiteMaterial, Results]:
    items = {item.id: ItemMaterial(item, "missing", ()) for item in paper.items}
    results = {name: ItemResult(name, {}, "", [own for own in rows if own.item == name], ()) for name in items}
    material = SiteMaterial(papers=[paper], items=items, benchmarks=(), methods=(), ledger=(), held=())
    return material, Results(items=results, benchmarks={})


def test_a_statement_has_a_row_per_place_and_one_where_nothing_was_run() -> None:
    (own,) = placed_claims(*made(row(), row(benchmark="rnn2-ptb", verdict="inconclusive", p=0.2)))
    stated = sum(len(getattr(item, "claims", ())) for item in PAPER.items)
    assert len({claim.number for claim in own.claims}) == stated
    assert len(own.claims) == stated + 1
    placed = [claim for claim in own.claims if claim.sought]
    assert [(claim.row.benchmark, claim.again) for claim in placed] == [("rnn2-grammar", False), ("rnn2-ptb", True)]
    assert len({claim.anchor for claim in own.claims}) == len(own.claims)
    assert own.counts == {"holds": 1, "inconclusive": 1, "not measured": stated - 1}


def test_only_the_papers_scale_reproduces() -> None:
    words = {
        (scale, verdict): placed_claims(*made(row(scale=scale, verdict=verdict)))[0].counts
        for scale in ("laptop", "paper")
        for verdict in ("holds", "contradicted", "inconclusive")
    }
    assert words["laptop", "holds"].get("holds") == 1
    assert words["paper", "holds"].get("reproduced") == 1
    assert words["paper", "contradicted"].get("not reproduced") == 1
    assert words["paper", "inconclusive"].get("inconclusive") == 1


@pytest.mark.parametrize(
    ("relation", "low", "high", "mean"),
    [("above", 2.0, 4.0, 3.0), ("below", -4.0, -2.0, -3.0)],
)
def test_a_distance_is_counted_in_half_widths_and_turned_to_the_stated_side(
    relation: str, low: float, high: float, mean: float
) -> None:
    (own,) = placed_claims(*made(row(relation=relation)))
    place = standing(next(claim for claim in own.claims if claim.sought))
    assert place is not None
    assert (place.low, place.mean, place.high) == pytest.approx((low, mean, high))


@pytest.mark.parametrize("changes", [{"n": 9}, {"low": 0.5, "high": 0.5}, {"low": None}, {"bound": None}])
def test_what_cannot_be_judged_is_not_drawn_but_counted(changes: dict[str, Any]) -> None:
    material, results = made(row(**changes), row(benchmark="rnn2-ptb"))
    papers_ = placed_claims(material, results)
    drawing = claims_figure(papers_)
    assert drawing is not None
    assert ("Not drawn: 1 of 2 measured" in drawing.caption) == ("bound" not in changes)
    assert claims_figure(placed_claims(*made(row(**changes)))) is None


def test_the_page_links_each_row_and_carries_its_numbers() -> None:
    files = claims_page(*made(row(), row(benchmark="rnn2-ptb", verdict="inconclusive", n=2, p=None)))
    page = str(files["claims.html"])
    assert 'href="papers/evaluating-search.html#figure-4"' in page
    assert f'href="sources.html#{"a" * 64}"' in page
    assert "[0.40, 0.60]" in page.replace("\u00a0", " ")
    assert "too few seeds" in page
    assert re.search(r'data-kind="inconclusive" class="again"', page)
    assert "1 holds, 1 inconclusive" in page
    table = str(files["tables/claims.csv"]).splitlines()
    assert sum("rnn2-ptb" in line for line in table) == 1
    assert {name for name in files if name.startswith("figures/")} == {
        f"figures/claims.{e}" for e in ("svg", "png", "pdf")
    }


def test_papers_without_a_single_run_have_a_page_too() -> None:
    files = claims_page(*made())
    assert "figures/claims.svg" not in files
    assert "0 were met by runs" in str(files["claims.html"])
