"""A page per method: whose it is, how it decides, what ours found on every benchmark, and where papers print it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nasrepro.papers.cells_figure import CellsItem, Policy
from nasrepro.papers.figure import Curve, FigureItem
from nasrepro.papers.model import PaperItem
from nasrepro.papers.table import TableItem
from nasrepro.records.variant import StatedSettings
from nasrepro.reporting.site.benchmark_tables import slug
from nasrepro.reporting.site.material import Files, MethodMaterial, MethodRow, Results, SiteMaterial
from nasrepro.reporting.site.page import render


@dataclass(frozen=True)
class Mention:
    """A row of a paper's item that is of the method, or all of its curves."""

    item: PaperItem
    label: str
    """As the paper has it."""
    settings: str
    """What the row states of the method beyond its name, such as `sampler.tau_start=2`; else empty."""
    printed: list[str] = field(default_factory=list)
    """Numbers as printed, each with its column; none of a curve."""


def method_pages(material: SiteMaterial, results: Results) -> Files:
    """`methods/<name>.html` for every method that is known or was run, and `methods/index.html`."""
    rows = _rows_by_method(results)
    methods = [*material.methods, *_unknown(material, rows)]
    pages = {own.name: _page(own, rows.get(own.name, []), material) for own in methods}
    files: Files = {f"methods/{slug(name)}.html": page for name, page in pages.items()}
    shown = [(own, slug(own.name), rows.get(own.name, [])) for own in methods]
    files["methods/index.html"] = render(
        "methods.html.j2", root="../", active="methods", title="The methods", kicker="Methods", shown=shown
    )
    return files


def _rows_by_method(results: Results) -> dict[str, list[MethodRow]]:
    rows: dict[str, list[MethodRow]] = {}
    for result in results.benchmarks.values():
        for row in result.rows:
            rows.setdefault(row.method, []).append(row)
    return rows


def _unknown(material: SiteMaterial, rows: dict[str, list[MethodRow]]) -> list[MethodMaterial]:
    """Methods that records name and this installation does not have, such as those of somebody's package."""
    known = {own.name for own in material.methods}
    summary = "Records name this method; this installation has no method of that name."
    return [
        MethodMaterial(name, summary, paper="", kind="method", parts={}, answers={}, protocols=(), differences=())
        for name in sorted(rows.keys() - known)
    ]


def mentions_of(method: str, items: list[PaperItem]) -> list[Mention]:
    """Where papers have the method, in the order of the items; rows that are quoted and not run count too."""
    return [mention for item in items for mention in _mentions_in(item, method)]


def _mentions_in(item: PaperItem, method: str) -> list[Mention]:
    if isinstance(item, TableItem):
        return [
            Mention(
                item,
                row.label,
                _stated(row.settings),
                [
                    f"{column.label} {row.cells[column.key].raw}{f' {column.unit}' if column.unit else ''}"
                    for column in item.columns
                    if column.key in row.cells
                ],
            )
            for row in item.rows
            if row.method == method and not row.added
        ]
    if isinstance(item, FigureItem):
        return _drawn(item, [own for own in item.curves.values() if own.method == method])
    if isinstance(item, CellsItem):
        return _drawn(item, [own for own in item.policies if own.method == method])
    return []


def _drawn(item: PaperItem, shown: Sequence[Curve | Policy]) -> list[Mention]:
    """One for all that have the same settings."""
    labels: dict[str, list[str]] = {}
    for own in shown:
        same = labels.setdefault(_stated(own.settings), [])
        if own.label not in same:
            same.append(own.label)
    return [Mention(item, ", ".join(own), settings) for settings, own in labels.items()]


def _stated(settings: StatedSettings) -> str:
    return ", ".join(f"{block}.{name}={value}" for block, own in settings.items() for name, value in own.items())


def _page(own: MethodMaterial, rows: list[MethodRow], material: SiteMaterial) -> str:
    compared = f"{own.name},random" if own.name != "random" else own.name
    benchmark = rows[0].benchmark if rows else "nb201-digits"
    return render(
        "method.html.j2",
        root="../",
        active="methods",
        title=own.name,
        kicker=f"{own.kind.capitalize()}{f' · {own.paper}' if own.paper else ''}",
        own=own,
        rows=[(row, f"method-{slug(row.method)}") for row in rows],
        mentions=mentions_of(own.name, [entry.item for entry in material.items.values()]),
        commands=[
            f"nasrepro show {own.name}",
            f"nasrepro compare --benchmark {benchmark} --methods {compared} --seeds 0-9",
        ],
    )
