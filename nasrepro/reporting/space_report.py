"""A ranking of the whole space rendered whole: tables, figures, a page, and everything they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasrepro.reporting.analysis import Analysis, analyze
from nasrepro.reporting.describe import Fact, describe, short_caption
from nasrepro.reporting.figures import tau_figure
from nasrepro.reporting.findings import unfinished
from nasrepro.reporting.output import replaced_folder
from nasrepro.reporting.page import render_page
from nasrepro.reporting.score_file import ScoreFile
from nasrepro.reporting.space_figures import space_figures
from nasrepro.reporting.space_findings import space_findings
from nasrepro.reporting.space_ranking import CELLS, SpaceRanking, rank_space
from nasrepro.reporting.space_sources import FILE, NUMBERS, TRUTH, RankSources, write_sources
from nasrepro.reporting.space_tables import full_space_table, numbers, space_views
from nasrepro.reporting.space_trust import Trust, trust_of
from nasrepro.reporting.style import Drawing, styled, write_figures
from nasrepro.reporting.table_model import Table
from nasrepro.reporting.writers import to_csv, to_latex, to_markdown, to_rich

if TYPE_CHECKING:
    from rich.console import RenderableType

OWN = ("index.html", "table.csv", "table.md", "table.tex", "figures", "records", "scores", NUMBERS, TRUTH, FILE)


@dataclass(frozen=True, eq=False)
class RankReport:
    """One ranking of the whole space, worked out; made with `of`."""

    sources: RankSources
    analysis: Analysis | None
    """Of the records; None where a file was ranked."""
    ranking: SpaceRanking
    trust: Trust

    @classmethod
    def of(cls, sources: RankSources) -> RankReport:
        """Raises `UserError` when the sources cannot be ranked together."""
        analysis = None if sources.file is not None else analyze(sources.records)
        table = replace(sources.table, measured=sources.table.final)  # nothing is compared with shorter trainings
        # records in one order everywhere, which colours depend on
        sources = replace(sources, table=table, records=analysis.records if analysis is not None else ())
        ranking = rank_space(sources.table, sources.runs(), sources.probes)
        return cls(sources, analysis, ranking, trust_of(ranking.table, ranking.cells))

    @property
    def numbers(self) -> dict[str, Any]:
        """Everything the report states, for JSON."""
        return numbers(self.ranking, self.trust)

    @property
    def findings(self) -> list[str]:
        """What the numbers show."""
        sentences = space_findings(self.ranking, self.trust)
        if self.analysis is not None and any(record.truth.unverified for record in self.analysis.records):
            sentences.append("The data behind these numbers are unverified; see the description.")
        return sentences

    @property
    def caption(self) -> str:
        """What every table and figure states."""
        if self.analysis is not None:
            return short_caption(self.analysis.records)
        table, file = self.ranking.table, self._file
        scores = f"{file.name} ({file.sha256[:12]})"
        return f"Benchmark {table.benchmark}; {table.primary}; truth: {table.source.rstrip('.')}; scores: {scores}."

    def write(self, out: Path, *, title: str, command: str, keep_truth: bool = True) -> Path:
        """Write the report into the folder `out` and return its page.

        Writes `table.csv|md|tex`, `numbers.json`, `index.html`, `figures/*.svg|png` and what it is made from: records
        and scores, or the file of scores, and with `keep_truth` the truth; `out` is replaced as a whole. Raises
        `UserError` when the folder cannot be written.
        """
        tables, drawings = self._tables(self.caption), self._drawings()
        about = {"title": title, "command": command, **self.numbers}
        with replaced_folder(out, OWN) as folder:
            self._write_tables(folder, tables, title, command)
            write_figures(folder / "figures", drawings)
            write_sources(folder, self.sources, keep_truth=keep_truth, about=about)
            page = self._page(tables, drawings, title, command)
            (folder / "index.html").write_text(page, encoding="utf-8")
        return out / "index.html"

    def for_terminal(self) -> RenderableType:
        """The tables and what they show."""
        from rich.console import Group
        from rich.text import Text

        lines = [Text(f"• {sentence}") for sentence in self.findings]
        return Group(*(to_rich(table) for table in self._tables("")), *lines, Text(self.caption, style="dim"))

    @property
    def _file(self) -> ScoreFile:
        assert self.sources.file is not None  # there are records or a file
        return self.sources.file

    def _facts(self) -> list[Fact]:
        table = self.ranking.table
        over = f"{self.ranking.sizes[CELLS]:,} of {table.primary.mean.size:,} cells (cells, not classes); Kendall τ-b"
        if self.analysis is not None:
            return describe(self.analysis.records, over)
        file = self._file
        return [
            Fact("Benchmark", table.benchmark),
            Fact("Ground truth", f"{table.source.rstrip('.')}; fingerprint {table.fingerprint[:12]}"),
            Fact("Scored on", str(table.primary)),
            Fact("Scores", f"{file.name}, columns {', '.join(file.columns)}; SHA-256 {file.sha256}"),
            Fact("τ over", over),
        ]

    def _kicker(self) -> str:
        if self.analysis is None:
            return f"{self.ranking.table.benchmark} · scores from {self._file.name}"
        spec = self.analysis.records[0].spec
        return f"{spec.benchmark} · scale {spec.scale} · protocol {spec.protocol}"

    def _tables(self, caption: str) -> list[Table]:
        return space_views(self.ranking, self.trust, caption)

    def _drawings(self) -> list[Drawing]:
        with styled():
            if self.analysis is None:
                return list(space_figures(self.ranking, self.trust, (), self.caption))
            drawings = space_figures(self.ranking, self.trust, self.analysis.records, self.caption)
            during = tau_figure(self.analysis, self.caption)
        return [*drawings, during] if during is not None else list(drawings)

    def _page(self, tables: Sequence[Table], drawings: Sequence[Drawing], title: str, command: str) -> str:
        return render_page(
            "rank.html.j2",
            title=title,
            kicker=self._kicker(),
            findings=self.findings,
            tables=tables,
            drawings=drawings,
            unfinished=unfinished(self.analysis) if self.analysis else [],
            facts=self._facts(),
            methods=self.analysis.methods if self.analysis else [],
            scored=self.sources.scores,
            command=command,
        )

    def _write_tables(self, folder: Path, tables: Sequence[Table], title: str, command: str) -> None:
        full = full_space_table(self.ranking, self.trust)
        (folder / "table.csv").write_text(to_csv(full, references=True), encoding="utf-8")
        lines = [f"# {title}", "", "## What this shows", "", *(f"* {sentence}" for sentence in self.findings), ""]
        body = "\n".join(to_markdown(table) for table in tables)
        (folder / "table.md").write_text("\n".join(lines) + f"\n{body}\nMade by `{command}`.\n", encoding="utf-8")
        floats = [to_latex(table, label=f"tab:rank-{number}") for number, table in enumerate(tables, start=1)]
        (folder / "table.tex").write_text("\n".join(floats), encoding="utf-8")
