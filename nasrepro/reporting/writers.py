"""The neutral table in five formats. Each writer only writes; every number is decided before."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from nasrepro.reporting.table_model import Cell, Column, Row, Table, interval_text, main_text

if TYPE_CHECKING:
    from rich.table import Table as RichTable
    from rich.text import Text


def to_csv(table: Table, *, references: bool = False) -> str:
    """For machines: every statistic split into its parts, missing values empty; reference rows only if asked for."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([name for column in table.columns for name in _csv_names(column)])
    for row in table.rows:
        if references or not row.reference:
            writer.writerow([value for column in table.columns for value in _csv_values(row[column.key], column)])
    return out.getvalue()


def _csv_names(column: Column) -> list[str]:
    return [f"{column.key}.{part}" for part in column.parts] if column.kind == "stat" else [column.key]


def _csv_values(cell: Cell, column: Column) -> list[str]:
    if column.kind == "stat":
        return [_csv_number(cell.part(part)) for part in column.parts]
    return [cell.text if cell.text is not None else _csv_number(cell.value)]


def _csv_number(value: float | None) -> str:
    return "" if value is None else format(value, ".10g")


def _small_lines(cell: Cell, column: Column) -> list[str]:
    """What stands small below the number: its interval and the lines of its note."""
    return [line for line in (interval_text(cell, column), *cell.note.split("\n")) if line]


def to_markdown(table: Table) -> str:
    """A GitHub table with its title above and caption and notes below."""
    lines = [f"### {table.title}", ""] if table.title else []
    lines.append("| " + " | ".join(_markdown_escape(column.heading) for column in table.columns) + " |")
    lines.append("|" + "|".join(" :-- " if column.kind == "text" else " --: " for column in table.columns) + "|")
    for row in table.rows:
        lines.append("| " + " | ".join(_markdown_cell(row, column) for column in table.columns) + " |")
    for text in (table.caption, *table.notes):
        if text:
            lines += ["", _markdown_escape(text)]
    return "\n".join(lines) + "\n"


def _markdown_cell(row: Row, column: Column) -> str:
    cell = row[column.key]
    text = _markdown_escape(main_text(cell, column))
    if cell.bold:
        text = f"**{text}**"
    elif row.reference:
        text = f"*{text}*"
    extra = [_markdown_escape(part) for part in _small_lines(cell, column)]
    return "<br>".join([text + _superscript(cell), *extra])


def _superscript(cell: Cell) -> str:
    return "".join(f"<sup>{escape(mark)}</sup>" for mark in cell.marks)


def _markdown_escape(text: str) -> str:
    return re.sub(r"([|*_<>`\[\]])", r"\\\1", text)


_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "[": "{[}",
    "]": "{]}",
    "±": r"$\pm$",
    "−": r"$-$",
    "–": "--",
    "—": "---",
    "×": r"$\times$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "≈": r"$\approx$",
    "τ": r"$\tau$",
    "Δ": r"$\Delta$",
    "α": r"$\alpha$",
    "ε": r"$\varepsilon$",
    "γ": r"$\gamma$",
    "ρ": r"$\rho$",
    "²": r"$^{2}$",
    "³": r"$^{3}$",
    "·": r"$\cdot$",
    "…": r"\ldots{}",
    "†": r"$\dagger$",
    "‡": r"$\ddagger$",
    "’": "'",
    "“": "``",
    "”": "''",
    "\u00a0": "~",
    "\u202f": r"\,",
}


def latex_escape(text: str) -> str:
    """Text that LaTeX prints as it is; a character it cannot be sure to have becomes a question mark."""
    return "".join(_LATEX.get(char, char if ord(char) < 0x180 else "?") for char in text)


def to_latex(table: Table, *, label: str) -> str:
    r"""A `table` environment with booktabs rules, to be `\input` where `booktabs` and `graphicx` are loaded."""
    align = "".join("l" if column.kind == "text" else "r" for column in table.columns)
    body = [" & ".join(latex_escape(column.heading) for column in table.columns) + r" \\", r"\midrule"]
    for index, row in enumerate(table.rows):
        if index and (row.first_of_group or (row.reference and not table.rows[index - 1].reference)):
            body.append(r"\midrule")
        body.append(" & ".join(_latex_cell(row[column.key], column, row) for column in table.columns) + r" \\")
    caption = " ".join(part for part in (table.title + ("." if table.title else ""), table.caption) if part)
    notes = r" \par ".join(latex_escape(note) for note in table.notes)
    footer = [r"\par\smallskip", rf"\begin{{minipage}}{{\linewidth}}\footnotesize {notes}\end{{minipage}}"]
    return "\n".join(
        [
            r"% needs \usepackage{booktabs} and \usepackage{graphicx}",
            r"\begin{table}[htbp]",
            r"\centering",
            rf"\caption{{{latex_escape(caption)}}}",
            rf"\label{{{label}}}",
            rf"\resizebox{{\ifdim\width>\linewidth\linewidth\else\width\fi}}{{!}}{{\begin{{tabular}}{{{align}}}",
            r"\toprule",
            *body,
            r"\bottomrule",
            r"\end{tabular}}",
            *(footer if notes else []),
            r"\end{table}",
            "",
        ]
    )


def _latex_cell(cell: Cell, column: Column, row: Row) -> str:
    text = latex_escape(main_text(cell, column))
    if cell.bold:
        text = rf"\textbf{{{text}}}"
    elif row.reference:
        text = rf"\textit{{{text}}}"
    text += "".join(rf"$^{{{latex_escape(mark).replace('$', '')}}}$" for mark in cell.marks)
    extra = [latex_escape(part) for part in _small_lines(cell, column)]
    if not extra:
        return text
    small = ", ".join(extra)
    return text + rf" {{\footnotesize {small}}}"


def to_html(table: Table, *, sortable: bool = False, links: Mapping[str, str] | None = None) -> Markup:
    """A `<table>` for the page's style sheet, inside a frame that scrolls sideways on narrow screens.

    A `sortable` one holds what the site's script sorts by. `links` leads from a record's key to where the page tells of
    it; the first cell of a row with that record gets a link.
    """
    head = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(_html_class(column), column.heading) for column in table.columns
    )
    rows = Markup("\n").join(_html_row(row, table, links or {}, sortable=sortable) for row in table.rows)
    frame = Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{}">'
        "<table{}>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody></table></div>"
    )
    names = [
        name for name, on in (("grouped", any(row.first_of_group for row in table.rows)), ("sortable", sortable)) if on
    ]
    return frame.format(table.title, _class(names), head, rows)


def _class(names: Sequence[str]) -> Markup:
    return Markup(' class="{}"').format(" ".join(names)) if names else Markup("")


def _html_class(column: Column) -> Markup:
    return _class([] if column.kind == "text" else ["num"])


def _html_row(row: Row, table: Table, links: Mapping[str, str], *, sortable: bool) -> Markup:
    attribute = _class([name for name, on in (("reference", row.reference), ("first", row.first_of_group)) if on])
    if row.anchor:
        attribute += Markup(' id="{}"').format(row.anchor)
    if row.records:
        attribute += Markup(' title="{}"').format("records: " + ", ".join(row.records))
    link = next((links[key] for key in row.records if key in links), "")
    head, *others = table.columns
    cells = [_html_cell(row[column.key], column, sortable=sortable) for column in others]
    first = _html_cell(row[head.key], head, sortable=sortable, header=True, link=link, page=row.page)
    return Markup("<tr{}>{}{}</tr>").format(attribute, first, Markup("").join(cells))


def _html_cell(
    cell: Cell, column: Column, *, sortable: bool, header: bool = False, link: str = "", page: str = ""
) -> Markup:
    text = Markup("<b>{}</b>" if cell.bold else "{}").format(main_text(cell, column))
    if page:
        text = Markup('<a href="{}">{}</a>').format(page, text)
    text += Markup("").join(Markup("<sup>{}</sup>").format(mark) for mark in cell.marks)
    for extra in _small_lines(cell, column):
        text += Markup("<small>{}</small>").format(extra)
    if link:
        text += Markup('<small><a href="{}">records</a></small>').format(link)
    attribute = _html_class(column)
    if sortable and cell.value is not None:
        attribute += Markup(' data-value="{}"').format(format(cell.value, ".10g"))
    tag = Markup('<th scope="row"{}>{}</th>') if header else Markup("<td{}>{}</td>")
    return tag.format(attribute, text)


def to_rich(table: Table) -> RichTable:
    """The table for a terminal."""
    from rich.table import Table as RichTable
    from rich.text import Text

    rich = RichTable(title=table.title or None, caption=table.caption or None, title_justify="left")
    rich.caption_justify = "left"
    for column in table.columns:
        rich.add_column(Text(column.heading), justify="left" if column.kind == "text" else "right")
    for index, row in enumerate(table.rows):
        if row.first_of_group and index:
            rich.add_section()
        rich.add_row(
            *(_rich_cell(row[column.key], column) for column in table.columns), style="dim" if row.reference else None
        )
    return rich


def _rich_cell(cell: Cell, column: Column) -> Text:
    from rich.text import Text

    text = Text(main_text(cell, column) + "".join(cell.marks), style="bold" if cell.bold else "")
    for extra in _small_lines(cell, column):
        text.append("\n" + extra, style="dim")
    return text
