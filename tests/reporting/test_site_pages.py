"""Pages of benchmarks, methods and sources: linked to each other, and changed by no record that they do not show."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import factory
import text_factory

from nasrepro.papers.catalog import item, papers
from nasrepro.papers.ledger import differences
from nasrepro.papers.table import TableItem
from nasrepro.records.record import RunRecord
from nasrepro.reporting.site.benchmark_page import benchmark_pages
from nasrepro.reporting.site.benchmark_part import benchmark_part
from nasrepro.reporting.site.material import (
    BenchmarkMaterial,
    Files,
    Held,
    ItemMaterial,
    MethodMaterial,
    Results,
    SiteMaterial,
)
from nasrepro.reporting.site.method_page import mentions_of, method_pages
from nasrepro.reporting.site.sources_page import sources_page

ELSEWHERE = ("assets/", "papers/", "figures/", "tables/", "records/", "index.html", "claims.html", "ledger.html")
"""What other parts of the site make."""
BENCHMARKS = ("nb201-digits", "rnn2-grammar", "nb201-cifar100")


@cache
def every_record() -> tuple[RunRecord, ...]:
    images = factory.records(["random", "gdas"], 3)
    texts = text_factory.records(["randomnas", "random"], 3, agrees=0.4)
    return (*images, *texts, factory.record("gdas", 3, status="diverged"))


def material_of(records: Sequence[RunRecord]) -> SiteMaterial:
    held = [Held(record, Path(f"{record.key}.json"), fresh=record.spec.seed == 0) for record in records]
    items = papers()["e2nas"].items
    return SiteMaterial(
        papers=(),
        items={own.id: ItemMaterial(own, "reported", ()) for own in items},
        benchmarks=[
            BenchmarkMaterial(
                name, {"What it is": f"about {name}"}, [h for h in held if h.record.spec.benchmark == name]
            )
            for name in BENCHMARKS
        ],
        methods=[
            MethodMaterial(
                name, f"does {name}", "A paper", "one-shot method", {}, {}, ("sound",), differences(method=name)
            )
            for name in ("random", "gdas", "e2nas")
        ],
        ledger=differences(),
        held=held,
        unread=["record 'x.json' cannot be read"],
    )


def pages_of(records: Sequence[RunRecord]) -> Files:
    material = material_of(records)
    results = Results({}, {own.name: benchmark_part(own) for own in material.benchmarks})
    files: Files = {}
    for page in (benchmark_pages, method_pages, sources_page):
        files |= page(material, results)
    return files


@cache
def every_page() -> dict[str, str]:
    return {name: str(content) for name, content in pages_of(every_record()).items()}


def test_there_is_a_page_for_all() -> None:
    expected = {f"benchmarks/{name}.html" for name in (*BENCHMARKS, "index")}
    expected |= {f"methods/{name}.html" for name in ("random", "gdas", "e2nas", "randomnas", "index")}
    assert set(every_page()) == expected | {"sources.html"}


def test_links_between_the_pages_lead_somewhere() -> None:
    pages = every_page()
    ids = {name: set(re.findall(r'\bid="([^"]+)"', text)) for name, text in pages.items()}
    followed = 0
    for name, text in pages.items():
        for path, anchor in re.findall(r'href="([^"#:]*)#?([^":]*)"', text):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
            if target not in pages:
                assert target.startswith(ELSEWHERE), f"{name}: {target}"
                continue
            followed += 1
            assert not anchor or anchor in ids[target], f"{name}: {target}#{anchor}"
    assert followed > 100


def test_a_removed_record_changes_its_benchmark_its_method_and_the_sources_alone() -> None:
    kept = [
        r for r in every_record() if (r.spec.benchmark, r.spec.method, r.spec.seed) != ("rnn2-grammar", "randomnas", 1)
    ]
    assert len(kept) == len(every_record()) - 1
    pages = pages_of(kept)
    changed = {name for name, text in every_page().items() if pages[name] != text}
    assert changed == {
        "benchmarks/rnn2-grammar.html",
        "benchmarks/index.html",
        "methods/randomnas.html",
        "sources.html",
    }


def test_a_method_that_was_not_run_says_so_and_shows_what_papers_print() -> None:
    page = every_page()["methods/e2nas.html"]
    assert "was not run for this site" in page
    assert 'href="../papers/e2nas.html#table-2"' in page
    assert 'href="../ledger.html#' in page


def test_a_method_with_runs_shows_them_with_intervals_and_links() -> None:
    page = every_page()["methods/gdas.html"]
    assert 'href="../benchmarks/nb201-digits.html#method-gdas"' in page
    assert re.search(r"\d\d\.\d\d ± \d\.\d\d<small>\[\d\d\.\d\d, ", page)
    assert "too few seeds" in page
    unknown = every_page()["methods/randomnas.html"]
    assert "no method of that name" in unknown
    assert "Test perplexity" in unknown


def test_mentions_hold_the_printed_characters() -> None:
    table, figure = item("e2nas/table-1"), item("e2nas/figure-1b")
    assert isinstance(table, TableItem)
    printed = next(row for row in table.rows if row.method == "gdas")
    first, second = mentions_of("gdas", [table, figure])
    assert len(first.printed) == len(printed.cells) > 3
    assert all(any(cell.raw in text for text in first.printed) for cell in printed.cells.values())
    assert (second.item, second.printed) == (figure, [])
    assert mentions_of("no-such-method", [table, figure]) == []


def test_sources_list_every_record_once_with_its_file_and_state() -> None:
    page = every_page()["sources.html"]
    for record in every_record():
        assert page.count(f'<tr id="{record.key}">') == 1
        assert f'href="records/{record.key}.json.gz"' in page
    assert "<b>13</b> records" in page
    assert "<b>1</b> diverged" in page
    assert "x.json" in page
    assert page.count("<td>here</td>") == sum(record.spec.seed == 0 for record in every_record())
    assert 'title="' + "f" * 64 + '"' in page
    assert "abcdef012345 " in page


def test_sources_say_in_which_settings_records_of_a_method_differ() -> None:
    same = factory.record("gdas", 0)
    other = factory.with_settings(same, {"channels": 8})
    page = str(sources_page(material_of([same, other]), Results({}, {}))["sources.html"])
    assert "<td>channels=8</td>" in page
    assert "<td>channels=16</td>" in page


def test_a_site_without_records_says_so() -> None:
    page = str(sources_page(material_of([]), Results({}, {}))["sources.html"])
    assert "nothing was run yet" in page
