r"""The site's tables in LaTeX: well formed, and compiled where there is a LaTeX."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from nasrepro.reporting.table_model import Cell, Column, Row, Table
from nasrepro.reporting.writers import to_latex

ENGINE = next((path for name in ("pdflatex", "lualatex", "xelatex") if (path := shutil.which(name))), None)
_FINDER = shutil.which("kpsewhich")
_PACKAGES = ("booktabs.sty", "graphicx.sty")
PREAMBLE = r"""\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{booktabs}
\usepackage{graphicx}
\begin{document}
"""
HARD = 'a & b_c % $ # { } ~ ^ \\ < > | " [x] ± − – × ↑ ≥ τ Δ α ² · … † “q” é 漢'
"""What a name, a note or a printed number may hold, and more."""


def hard_table() -> Table:
    columns = (Column("name", HARD, "text"), Column("value", "[v]"))
    rows = tuple(
        Row({"name": Cell(text=text), "value": Cell(value=1.0, std=0.5, low=0.0, high=2.0, n=3, marks=("†",))})
        for text in (HARD, "[begins with a bracket]", "*", "")
    )
    return Table(columns, rows, title=HARD, caption=HARD, notes=(HARD, "[note]"))


@pytest.fixture(scope="module")
def tables(site: Path) -> dict[str, str]:
    """Every LaTeX file of the site, and a hard one, by name."""
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted((site / "tables").glob("*.tex"))}
    return found | {"hard.tex": to_latex(hard_table(), label="tab:hard")}


def test_every_table_of_the_site_is_there_in_every_format(site: Path) -> None:
    names = {ending: {path.stem for path in (site / "tables").glob(f"*.{ending}")} for ending in ("csv", "md", "tex")}
    assert names["md"] == names["tex"]
    assert {"claims", "e2nas-table-1", "nao-table-1", "nsas-figure-5", "nb201-digits"} <= names["tex"]
    assert names["tex"] <= names["csv"]


def test_every_environment_ends_and_every_row_has_all_of_its_cells(tables: dict[str, str]) -> None:
    for name, text in tables.items():
        opened: list[str] = []
        for kind, environment in re.findall(r"\\(begin|end)\{(\w+)\}", text):
            if kind == "begin":
                opened.append(environment)
            else:
                assert opened.pop() == environment, name
        assert opened == [], name
        plain = re.sub(r"\\[{}\\]", "", text)
        assert plain.count("{") == plain.count("}"), name
        for columns, body in re.findall(r"\\begin\{tabular\}\{([lr]+)\}(.*?)\\end\{tabular\}", text, flags=re.DOTALL):
            rows = [line for line in body.splitlines() if line.endswith(r" \\")]
            assert rows, name
            for row in rows:
                assert len(re.findall(r"(?<!\\)&", row)) == len(columns) - 1, f"{name}: {row}"


def test_no_label_is_used_twice(tables: dict[str, str]) -> None:
    labels = [label for text in tables.values() for label in re.findall(r"\\label\{([^}]*)\}", text)]
    assert len(set(labels)) == len(labels)


def test_only_ascii_and_letters_of_europe_are_left(tables: dict[str, str]) -> None:
    assert {char for text in tables.values() for char in text if ord(char) >= 0x180} == set()


@pytest.mark.skipif(ENGINE is None or _FINDER is None, reason="needs LaTeX")
def test_every_table_compiles(tables: dict[str, str], tmp_path: Path) -> None:
    assert ENGINE is not None
    assert _FINDER is not None
    found = subprocess.run([_FINDER, *_PACKAGES], capture_output=True, text=True, check=False).stdout.split()
    if len(found) < len(_PACKAGES):
        pytest.skip(f"this LaTeX lacks one of {', '.join(_PACKAGES)}")
    body = []
    for name, text in tables.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        body.append(rf"\input{{{name}}}\clearpage")
    (tmp_path / "all.tex").write_text("\n".join([PREAMBLE, *body, r"\end{document}"]), encoding="utf-8")
    done = subprocess.run(
        [ENGINE, "-halt-on-error", "-interaction=nonstopmode", "all.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    log = (tmp_path / "all.log").read_text(encoding="utf-8", errors="replace")
    assert "Missing character" not in log
    pages = re.search(r"Output written on all\.pdf \((\d+) page", log.replace("\n", ""))
    assert pages
    assert int(pages[1]) >= len(tables)
