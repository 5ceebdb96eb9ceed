"""A benchmark worked out: its methods compared, as files, as the body of its page, and as rows for theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nasrepro.errors import UserError
from nasrepro.reporting.against_random import TITLE as RANDOM_TITLE
from nasrepro.reporting.analysis import Analysis, MethodResult, analyze
from nasrepro.reporting.cell_figure import cell_figure
from nasrepro.reporting.comparison import comparison_tables, written_tables
from nasrepro.reporting.comparison_table import WORTH, scoring_label
from nasrepro.reporting.describe import describe, short_caption
from nasrepro.reporting.figures import accuracy_figure, anytime_figure, tau_figure
from nasrepro.reporting.findings import findings, unfinished
from nasrepro.reporting.grouping import PRIMARY
from nasrepro.reporting.printed import TITLE as PRINTED_TITLE
from nasrepro.reporting.probe_figure import scatter_figure
from nasrepro.reporting.site.benchmark_headline import best_row, headline, rows_by_tau
from nasrepro.reporting.site.benchmark_tables import methods_table, pairs_of, pairs_table, records_anchor
from nasrepro.reporting.site.exports import drawing_files
from nasrepro.reporting.site.material import BenchmarkMaterial, BenchmarkResult, Files, MethodRow
from nasrepro.reporting.site.page import fragment
from nasrepro.reporting.site.words import file_label
from nasrepro.reporting.style import Drawing, styled
from nasrepro.reporting.table_model import Table, finite
from nasrepro.reporting.writers import to_csv

_FIGURES = (accuracy_figure, tau_figure, anytime_figure)
_OPEN = (RANDOM_TITLE, PRINTED_TITLE)
"""Tables that are read first; the others lie folded below them."""


def benchmark_part(material: BenchmarkMaterial) -> BenchmarkResult:
    """The methods that were run on the benchmark, compared; without runs, or where these must not share a table, a body
    that says so."""
    if not material.held:
        body = fragment("benchmark_empty.html.j2", refused="", name=material.name)
        return BenchmarkResult(material.name, {}, body, (), ())
    records = [held.record for held in material.held]
    try:
        analysis = analyze(records, several_protocols=True)
    except UserError as error:
        body = fragment("benchmark_empty.html.j2", refused=str(error), name=material.name)
        return BenchmarkResult(material.name, {}, body, (), ())
    return _worked_out(material, analysis)


def _worked_out(material: BenchmarkMaterial, analysis: Analysis) -> BenchmarkResult:
    provenance = short_caption(analysis.records)
    tables = comparison_tables(analysis, (), provenance)
    pairs = pairs_of(analysis)
    paired = pairs_table(analysis, pairs)
    drawings = [replace(own, name=f"{material.name}-{own.name}") for own in _drawings(analysis, provenance)]
    files = _files(material, analysis, tables, paired)
    # the page tells once how everything on it was measured
    shown = [replace(table, caption="") for table in tables if table.title != WORTH]
    said = findings(analysis)
    body = fragment(
        "benchmark_body.html.j2",
        headline=headline(analysis),
        findings=said,
        methods=methods_table(analysis),
        opened=[table for table in shown if table.title in _OPEN],
        folded=[table for table in shown if table.title not in _OPEN],
        pairs=paired,
        drawings=[replace(own, provenance="") for own in drawings],
        links={r.key: f"#{records_anchor(result)}" for result in analysis.methods for r in result.records},
        results=[(records_anchor(result), result) for result in analysis.methods],
        unfinished=unfinished(analysis),
        facts=describe(analysis.records),
        files=[(path, _label(path, material.name)) for path in files],
    )
    rows = [_row(result, analysis) for result in analysis.methods]
    return BenchmarkResult(material.name, {**files, **drawing_files(drawings)}, body, rows, said)


def _drawings(analysis: Analysis, provenance: str) -> list[Drawing]:
    """What was found, how supernets rank and what a search has at any time; of figures with a panel for each method
    the panels that tell most. Cells are drawn where a table says which are good; papers' figures show others."""
    ranked = _ends_and_middle(analysis)
    first = best_row(analysis)
    best = [first.method] if first is not None else []
    with styled():
        drawn = [draw(analysis, provenance) for draw in _FIGURES]
        drawn.append(scatter_figure(analysis, provenance, ranked))
        if analysis.primary is not None and analysis.primary.optimum is not None:
            drawn.append(cell_figure(analysis, provenance, best))
    made = [drawing for drawing in drawn if drawing is not None]
    return [_saying_which(drawing, ranked, best) for drawing in made]


def _ends_and_middle(analysis: Analysis) -> list[str]:
    """The rows whose supernets rank best, worst, and as the median does."""
    ranked = [result.method for result, _ in rows_by_tau(analysis)]
    places = sorted({0, len(ranked) // 2, len(ranked) - 1}) if ranked else []
    return [ranked[place] for place in places]


def _saying_which(drawing: Drawing, ranked: Sequence[str], best: Sequence[str]) -> Drawing:
    if drawing.name == "cells":
        title = f"The cells that {best[0]} found"
        return replace(drawing, title=title, caption=f"Of the method with the best mean. {drawing.caption}")
    if drawing.name == "one-shot-vs-truth" and len(ranked) == 3:
        which = "Shown are the methods with the highest, the middle and the lowest mean τ."
        return replace(drawing, caption=f"{drawing.caption} {which}")
    return drawing


def _files(material: BenchmarkMaterial, analysis: Analysis, tables: Sequence[Table], paired: Table) -> Files:
    """`tables/NAME.csv|md|tex`, and `tables/NAME-random.csv` and the like for tables with more numbers than these."""
    scale = analysis.records[0].spec.scale
    written = written_tables(
        analysis, tables, title=f"{material.name}, scale {scale}", command="nasrepro site", label=material.name
    )
    files: Files = {f"tables/{_named(material.name, file)}": text for file, text in written.items()}
    if paired.rows:
        files[f"tables/{material.name}-pairs.csv"] = to_csv(paired)
    return files


def _named(benchmark: str, file: str) -> str:
    stem, _, ending = file.partition(".")
    return f"{benchmark}.{ending}" if stem == "table" else f"{benchmark}-{file}"


def _label(path: str, benchmark: str) -> str:
    """`CSV` for the main table, `pairs, CSV` for others."""
    stem, _, ending = path.removeprefix(f"tables/{benchmark}").rpartition(".")
    return f"{stem.removeprefix('-')}, {ending.upper()}" if stem else file_label(path)


def _row(result: MethodResult, analysis: Analysis) -> MethodRow:
    main = analysis.primary
    worth = result.scores.get(PRIMARY)
    tau = result.ranking.tau if result.ranking is not None and result.ranking.tau.n else None
    versus = result.versus_random
    return MethodRow(
        method=result.name,
        benchmark=result.records[0].spec.benchmark,
        scale=result.records[0].spec.scale,
        quantity=scoring_label(main) if main is not None else "",
        higher_is_better=main is None or main.higher_is_better,
        mean=finite(worth.mean) if worth else None,
        std=finite(worth.std) if worth else None,
        low=finite(worth.low) if worth else None,
        high=finite(worth.high) if worth else None,
        n=worth.n if worth else 0,
        tau=finite(tau.mean) if tau else None,
        tau_low=finite(tau.low) if tau else None,
        tau_high=finite(tau.high) if tau else None,
        against_random=finite(versus.comparison.difference) if versus else None,
        p=versus.p if versus else None,
        steps=result.mean_of(lambda record: record.cost.path_steps),
        seconds=result.mean_of(lambda record: record.cost.wall_clock),
        records=[record.key for record in result.records],
    )
