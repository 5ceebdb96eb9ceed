"""One comparison rendered whole: tables, figures, a page, and the records they come from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nasrepro.records.contrast import CONTRASTS_FILE, Contrast, contrasts_text
from nasrepro.records.record import RunRecord
from nasrepro.records.store import write_copies
from nasrepro.reporting.against_random_table import FILE as RANDOM_FILE
from nasrepro.reporting.against_random_table import random_files, random_views
from nasrepro.reporting.analysis import Analysis, analyze
from nasrepro.reporting.comparison_table import WORTH, full_table, pair_table, views
from nasrepro.reporting.contrast_table import contrast_file, contrast_tables
from nasrepro.reporting.contrasts import Answer, answers
from nasrepro.reporting.describe import caption, describe, protocol_words, short_caption
from nasrepro.reporting.figures import all_figures
from nasrepro.reporting.findings import findings, unfinished
from nasrepro.reporting.forgetting_tables import FILES as FORGETTING_FILES
from nasrepro.reporting.forgetting_tables import forgetting_files, forgetting_views
from nasrepro.reporting.output import replaced_folder
from nasrepro.reporting.page import render_page
from nasrepro.reporting.printed import FILE as PRINTED_FILE
from nasrepro.reporting.printed import printed_files, printed_views
from nasrepro.reporting.style import Drawing, styled, write_figures
from nasrepro.reporting.table_model import NumbersFile, Table
from nasrepro.reporting.writers import to_csv, to_latex, to_markdown, to_rich

if TYPE_CHECKING:
    from rich.console import RenderableType

CONTRASTS_TABLE = "contrasts.csv"
OWN = (
    *("index.html", "table.csv", "table.md", "table.tex", CONTRASTS_TABLE, CONTRASTS_FILE, PRINTED_FILE, RANDOM_FILE),
    *(*FORGETTING_FILES, "figures", "records"),
)


def render_comparison(
    records: Sequence[RunRecord], out: Path, *, title: str, command: str, contrasts: Sequence[Contrast] = ()
) -> Path:
    """Write the report of `records` into the folder `out` and return its page.

    Writes `table.csv`, `table.md`, `table.tex`, `index.html`, `figures/*.svg|png|pdf` and `records/*.json.gz`; `out`
    is replaced as a whole. With `contrasts` the page begins with their answers, `contrasts.csv` has these for machines,
    and `contrasts.json` keeps the questions for the next rendering; where runs watched cells, `forgetting.csv` and
    `sharing.csv` tell of them, where `random` is among the methods `random.csv` compares each with it, and where papers
    print numbers of these methods on the benchmark, `printed.csv` has them beside ours. `command` is what the reader
    types to get it again. Raises `UserError` when the records must not share a table or the folder cannot be written.
    """
    analysis = analyze(records, several_protocols=True)
    answered = answers(analysis, contrasts)
    provenance = short_caption(analysis.records)
    tables = comparison_tables(analysis, answered, provenance)
    with styled():
        drawings = all_figures(analysis, provenance, answered)
    with replaced_folder(out, OWN) as folder:
        written = written_tables(analysis, tables, title=title, command=command, answered=answered)
        for name, text in written.items():
            (folder / name).write_text(text, encoding="utf-8")
        write_figures(folder / "figures", drawings)
        write_copies(folder / "records", analysis.records)
        if contrasts:
            (folder / CONTRASTS_FILE).write_text(contrasts_text(contrasts), encoding="utf-8")
        page = _page(analysis, answered, tables, drawings, title, command)
        (folder / "index.html").write_text(page, encoding="utf-8")
    return out / "index.html"


def comparison_tables(analysis: Analysis, answered: Sequence[Answer], caption: str) -> list[Table]:
    """The tables people read; first the answers, where something was asked."""
    asked = contrast_tables(answered, analysis, caption) if answered else []
    worth, *others = views(analysis, caption)
    return [
        *asked,
        worth,
        *random_views(analysis, caption),
        *others,
        *printed_views(analysis, caption),
        *forgetting_views(analysis, caption),
    ]


def _numbers_files(analysis: Analysis, answered: Sequence[Answer]) -> list[NumbersFile]:
    """Tables for machines beside `table.csv`."""
    asked = [contrast_file(answered, CONTRASTS_TABLE)] if answered else []
    return [*asked, *random_files(analysis), *printed_files(analysis), *forgetting_files(analysis)]


def terminal_comparison(records: Sequence[RunRecord], contrasts: Sequence[Contrast] = ()) -> RenderableType:
    """The main tables and the findings for a terminal; raises `UserError` when the records must not share a table."""
    from rich.console import Group
    from rich.text import Text

    analysis = analyze(records, several_protocols=True)
    answered = answers(analysis, contrasts)
    lines = [Text(f"• {sentence}") for sentence in findings(analysis, answered)]
    return Group(
        *(to_rich(table) for table in comparison_tables(analysis, answered, "")),
        *lines,
        Text(caption(analysis.records), style="dim"),
    )


def written_tables(
    analysis: Analysis,
    tables: Sequence[Table],
    *,
    title: str,
    command: str,
    answered: Sequence[Answer] = (),
    label: str = "comparison",
) -> dict[str, str]:
    """By file name: `table.csv` with everything, `table.md` and `table.tex` with the `tables` people read, and a CSV
    for each of those that has more numbers than fit it. Labels of LaTeX begin with `tab:` and `label`."""
    written = {"table.csv": to_csv(full_table(analysis))}
    written |= {file.name: to_csv(file.table) for file in _numbers_files(analysis, answered)}
    shown = [f"* {sentence}" for sentence in findings(analysis, answered)]
    lines = [f"# {title}", "", "## What this shows", "", *shown, ""]
    body = "\n".join(to_markdown(table) for table in (*tables, *_pairs(analysis)))
    failed = [f"* {method}, seed {seed}: {status}: {reason}" for method, seed, status, reason in unfinished(analysis)]
    tail = ["", "### Runs without a result", "", *failed] if failed else []
    tail += ["", f"Made by `{command}`.", ""]
    floats = [to_latex(table, label=f"tab:{label}-{number}") for number, table in enumerate(tables, start=1)]
    written["table.md"] = "\n".join(lines) + "\n" + body + "\n".join(tail)
    written["table.tex"] = "\n".join(floats)
    return written


def _pairs(analysis: Analysis) -> list[Table]:
    return [pair_table(analysis)] if analysis.pairs else []


def _page(
    analysis: Analysis,
    answered: Sequence[Answer],
    tables: Sequence[Table],
    drawings: Sequence[Drawing],
    title: str,
    command: str,
) -> str:
    first = analysis.records[0]
    return render_page(
        "comparison.html.j2",
        title=title,
        kicker=f"{first.spec.benchmark} · scale {first.spec.scale} · {protocol_words(analysis.records)}",
        findings=findings(analysis, answered),
        tables=tables,
        main=WORTH,
        numbers={file.title: file.name for file in _numbers_files(analysis, answered)},
        pairs=_pairs(analysis),
        drawings=drawings,
        unfinished=unfinished(analysis),
        facts=describe(analysis.records),
        methods=analysis.methods,
        command=command,
    )
