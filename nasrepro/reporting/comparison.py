"""One comparison rendered whole: tables, figures, a page, and the records they come from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nasrepro.records.record import RunRecord
from nasrepro.records.store import write_record
from nasrepro.reporting.analysis import Analysis, analyze
from nasrepro.reporting.comparison_table import full_table, pair_table, views
from nasrepro.reporting.describe import caption, describe, protocol_words, short_caption
from nasrepro.reporting.figures import all_figures
from nasrepro.reporting.findings import findings, unfinished
from nasrepro.reporting.output import replaced_folder
from nasrepro.reporting.page import render_page
from nasrepro.reporting.style import Drawing, styled
from nasrepro.reporting.table_model import Table
from nasrepro.reporting.writers import to_csv, to_latex, to_markdown, to_rich

if TYPE_CHECKING:
    from rich.console import RenderableType

OWN = ("index.html", "table.csv", "table.md", "table.tex", "figures", "records")


def render_comparison(records: Sequence[RunRecord], out: Path, *, title: str, command: str) -> Path:
    """Write the report of `records` into the folder `out` and return its page.

    Writes `table.csv`, `table.md`, `table.tex`, `index.html`, `figures/*.svg|png` and `records/*.json`; `out` is
    replaced as a whole. `command` is what the reader types to get it again. Raises `UserError` when the records must
    not share a table or the folder cannot be written.
    """
    analysis = analyze(records, several_protocols=True)
    provenance = short_caption(analysis.records)
    tables = views(analysis, provenance)
    with styled():
        drawings = all_figures(analysis, provenance)
    with replaced_folder(out, OWN) as folder:
        _write_tables(folder, analysis, tables, title, command)
        write_figures(folder / "figures", drawings)
        for record in analysis.records:
            write_record(folder / "records" / f"{record.key}.json", record)
        page = _page(analysis, tables, drawings, title, command)
        (folder / "index.html").write_text(page, encoding="utf-8")
    return out / "index.html"


def terminal_comparison(records: Sequence[RunRecord]) -> RenderableType:
    """The main tables and the findings for a terminal; raises `UserError` when the records must not share a table."""
    from rich.console import Group
    from rich.text import Text

    analysis = analyze(records, several_protocols=True)
    lines = [Text(f"• {sentence}") for sentence in findings(analysis)]
    return Group(
        *(to_rich(table) for table in views(analysis, "")), *lines, Text(caption(analysis.records), style="dim")
    )


def _write_tables(folder: Path, analysis: Analysis, tables: Sequence[Table], title: str, command: str) -> None:
    (folder / "table.csv").write_text(to_csv(full_table(analysis)), encoding="utf-8")
    lines = [f"# {title}", "", "## What this shows", "", *(f"* {sentence}" for sentence in findings(analysis)), ""]
    body = "\n".join(to_markdown(table) for table in (*tables, *_pairs(analysis)))
    failed = [f"* {method}, seed {seed}: {status}: {reason}" for method, seed, status, reason in unfinished(analysis)]
    tail = ["", "### Runs without a result", "", *failed] if failed else []
    tail += ["", f"Made by `{command}`.", ""]
    (folder / "table.md").write_text("\n".join(lines) + "\n" + body + "\n".join(tail), encoding="utf-8")
    floats = [to_latex(table, label=f"tab:comparison-{number}") for number, table in enumerate(tables, start=1)]
    (folder / "table.tex").write_text("\n".join(floats), encoding="utf-8")


def _pairs(analysis: Analysis) -> list[Table]:
    return [pair_table(analysis)] if analysis.pairs else []


def write_figures(folder: Path, drawings: Sequence[Drawing]) -> None:
    """Every figure as SVG and PNG."""
    folder.mkdir()
    for drawing in drawings:
        (folder / f"{drawing.name}.svg").write_text(drawing.svg, encoding="utf-8")
        (folder / f"{drawing.name}.png").write_bytes(drawing.png)


def _page(analysis: Analysis, tables: Sequence[Table], drawings: Sequence[Drawing], title: str, command: str) -> str:
    first = analysis.records[0]
    return render_page(
        "comparison.html.j2",
        title=title,
        kicker=f"{first.spec.benchmark} · scale {first.spec.scale} · {protocol_words(analysis.records)}",
        findings=findings(analysis),
        tables=tables,
        pairs=_pairs(analysis),
        drawings=drawings,
        unfinished=unfinished(analysis),
        facts=describe(analysis.records),
        methods=analysis.methods,
        command=command,
    )
