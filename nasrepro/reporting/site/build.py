"""The whole site from its material: every part once, possibly in several processes, then the pages, all or nothing."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any

from nasrepro.garbage import without_collection
from nasrepro.records.store import copy_record
from nasrepro.reporting.output import replaced_folder
from nasrepro.reporting.site.benchmark_page import benchmark_pages
from nasrepro.reporting.site.benchmark_part import benchmark_part
from nasrepro.reporting.site.claims_page import claims_page
from nasrepro.reporting.site.index_page import index_page
from nasrepro.reporting.site.item_part import item_part
from nasrepro.reporting.site.ledger_page import ledger_page
from nasrepro.reporting.site.material import (
    BenchmarkResult,
    Files,
    Held,
    ItemMaterial,
    ItemResult,
    Results,
    SiteMaterial,
)
from nasrepro.reporting.site.method_page import method_pages
from nasrepro.reporting.site.page import PageFunction
from nasrepro.reporting.site.paper_page import paper_pages
from nasrepro.reporting.site.sources_page import sources_page
from nasrepro.reporting.site.summary import site_summary

OWN = (
    *("index.html", "claims.html", "ledger.html", "sources.html", "site.json"),
    *("papers", "methods", "benchmarks", "assets", "tables", "figures", "records"),
)
"""What a site consists of; anything else in its folder is left there."""

PAGES: tuple[PageFunction, ...] = (
    *(index_page, paper_pages, benchmark_pages, method_pages),
    *(claims_page, ledger_page, sources_page),
)

Job = tuple[Callable[[Any], ItemResult | BenchmarkResult], Any]
"""The function of a part, and its material."""

_jobs: Sequence[Job] = ()
"""What forked processes find in their memory, so that records need not be sent to them."""


def build_site(material: SiteMaterial, out: Path, *, workers: int | None = None) -> Path:
    """Write the site into the folder `out`, which is replaced as a whole, and return its first page.

    Parts are worked out in `workers` processes (as many as cores, unless said) where the platform can fork; the files
    are the same whatever their number. Raises `UserError` when the folder cannot be written or is no site.
    """
    with replaced_folder(out, OWN) as folder, without_collection():
        results = worked_out(material, workers if workers is not None else os.cpu_count() or 1)
        files = _assets() | {"site.json": json.dumps(site_summary(material, results), indent=1, ensure_ascii=False)}
        for item in results.items.values():
            files |= item.files
        for benchmark in results.benchmarks.values():
            files |= benchmark.files
        for page in PAGES:
            files |= page(material, results)
        _write(folder, files)
        _copy_records(folder / "records", material.held)
    return out / "index.html"


def worked_out(material: SiteMaterial, workers: int) -> Results:
    """Every part, in the order of the material."""
    # what takes longest, benchmarks and figures of many runs, is begun first: no process waits for another at the end
    benchmarks = sorted(material.benchmarks, key=lambda own: -len(own.held))
    items = sorted(material.items.values(), key=lambda own: (own.item.kind == "table", -_runs(own)))
    jobs: list[Job] = [(benchmark_part, own) for own in benchmarks]
    jobs += [(item_part, own) for own in items]
    made = _all(jobs, workers)
    worked = {result.id: result for result in made if isinstance(result, ItemResult)}
    compared = {result.name: result for result in made if isinstance(result, BenchmarkResult)}
    return Results(
        items={name: worked[name] for name in material.items},
        benchmarks={own.name: compared[own.name] for own in material.benchmarks},
    )


def _runs(own: ItemMaterial) -> int:
    return sum(len(place.held) for place in own.places)


def _all(jobs: Sequence[Job], workers: int) -> list[ItemResult | BenchmarkResult]:
    # a fork of a process that runs a graphical toolkit or Objective-C threads may hang, as on macOS
    forks = sys.platform != "darwin" and "fork" in multiprocessing.get_all_start_methods()
    if workers < 2 or len(jobs) < 2 or not forks:
        return [function(own) for function, own in jobs]
    global _jobs
    _jobs = jobs
    try:
        with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=multiprocessing.get_context("fork")) as pool:
            return list(pool.map(_one, range(len(jobs))))
    finally:
        _jobs = ()


def _one(number: int) -> ItemResult | BenchmarkResult:
    function, own = _jobs[number]
    return function(own)


def _assets() -> Files:
    """The style sheet, which begins with that of every report, and the script."""
    templates = resources.files("nasrepro.reporting") / "templates"
    styles = (templates / "style.css", templates / "site" / "site.css")
    return {
        "assets/site.css": "\n".join(style.read_text(encoding="utf-8") for style in styles),
        "assets/site.js": (templates / "site" / "site.js").read_text(encoding="utf-8"),
    }


def _write(folder: Path, files: Files) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def _copy_records(folder: Path, held: Sequence[Held]) -> None:
    folder.mkdir()
    for own in held:
        copy_record(own.path, folder / f"{own.record.key}.json.gz")
