"""Tables and figures as the files that lie beside the pages."""

from __future__ import annotations

from collections.abc import Sequence

from nasrepro.reporting.site.material import Files
from nasrepro.reporting.style import Drawing
from nasrepro.reporting.table_model import Table
from nasrepro.reporting.writers import to_csv, to_latex, to_markdown


def table_files(name: str, full: Table, shown: Table) -> Files:
    """`full` for machines as CSV; `shown`, with what fits a page, as Markdown and LaTeX."""
    return {
        f"tables/{name}.csv": to_csv(full, references=True),
        f"tables/{name}.md": to_markdown(shown),
        f"tables/{name}.tex": to_latex(shown, label=f"tab:{name}"),
    }


def drawing_files(drawings: Sequence[Drawing]) -> Files:
    """Every figure in its three formats, under its own name."""
    files: Files = {}
    for drawing in drawings:
        files[f"figures/{drawing.name}.svg"] = drawing.svg
        files[f"figures/{drawing.name}.png"] = drawing.png
        files[f"figures/{drawing.name}.pdf"] = drawing.pdf
    return files
