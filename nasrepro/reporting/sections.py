"""A page of sections, each with figures and tables: what stands in its folder, written as one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasrepro.reporting.describe import Fact
from nasrepro.reporting.output import refuse_foreign, replaced_folder
from nasrepro.reporting.page import render_page
from nasrepro.reporting.style import Drawing, write_figures
from nasrepro.reporting.table_model import Table
from nasrepro.reporting.writers import to_csv, to_latex, to_markdown, to_rich

if TYPE_CHECKING:
    from rich.console import RenderableType

Tables = Sequence[tuple[str, Table]]
"""Tables in reading order, each with the name of its file."""


@dataclass(frozen=True)
class Section:
    """A heading of the page with what stands below it."""

    title: str
    figures: Sequence[Drawing]
    tables: Tables


@dataclass(frozen=True)
class SectionedPage:
    """Everything that a page says, in words and numbers, without its figures."""

    kind: str
    """Names the page in labels of LaTeX."""
    title: str
    kicker: str
    findings: Sequence[str]
    tables: Tables
    facts: Sequence[Fact]
    numbers: dict[str, Any]
    """Every number of the page, ready for JSON; a missing value is None."""

    def write(self, sections: Sequence[Section], out: Path, *, command: str, names: Sequence[str] = ()) -> Path:
        """Write the page, tables, figures and numbers into the folder `out`, replaced as a whole; return the page.

        `command` is what the reader types to get it again; `names` are tables that such a page may have and this one
        lacks. Raises `UserError` when the folder cannot be written.
        """
        refuse_foreign(out)
        page = render_page(
            "sections.html.j2",
            title=self.title,
            kicker=self.kicker,
            findings=self.findings,
            sections=sections,
            facts=self.facts,
            command=command,
        )
        files = [f"{name}.csv" for name in (*names, *(name for name, _ in self.tables))]
        own = ("index.html", "tables.md", "tables.tex", "numbers.json", "figures", *files)
        with replaced_folder(out, own) as folder:
            (folder / "index.html").write_text(page, encoding="utf-8")
            (folder / "numbers.json").write_text(json.dumps(self.numbers, indent=1) + "\n", encoding="utf-8")
            self._write_tables(folder, command)
            write_figures(folder / "figures", [drawing for section in sections for drawing in section.figures])
        return out / "index.html"

    def terminal(self) -> RenderableType:
        """The tables and what they show for a terminal."""
        from rich.console import Group
        from rich.text import Text

        lines = [Text(f"• {sentence}") for sentence in self.findings]
        return Group(*(to_rich(table) for _, table in self.tables), *lines)

    def _write_tables(self, folder: Path, command: str) -> None:
        for name, table in self.tables:
            (folder / f"{name}.csv").write_text(to_csv(table, references=True), encoding="utf-8")
        lines = [f"# {self.title}", "", "## What the numbers show", "", *(f"* {text}" for text in self.findings), ""]
        lines += [to_markdown(table) for _, table in self.tables]
        lines += [f"Made by `{command}`.", ""]
        (folder / "tables.md").write_text("\n".join(lines), encoding="utf-8")
        floats = [to_latex(table, label=f"tab:{self.kind}-{name}") for name, table in self.tables]
        (folder / "tables.tex").write_text("\n".join(floats), encoding="utf-8")
