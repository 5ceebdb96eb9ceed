"""A paper's figure beside ours, as tables and sentences: what the paper states, the curves' means, every point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nasrepro.papers.figure import Axis, FigureItem
from nasrepro.records.variant import Variant
from nasrepro.reporting.claim_table import claim_findings
from nasrepro.reporting.claims import JudgedGroups
from nasrepro.reporting.derived_series import TAUS
from nasrepro.reporting.ours import OursGroup, scale_findings
from nasrepro.reporting.series import by_place, levels_of, nearest, points_of
from nasrepro.reporting.table_model import Cell, Column, Row, Table, join_words, stat

_MOST_ROWS = 10


def means_table(item: FigureItem, groups: Sequence[OursGroup]) -> Table:
    """The curves' means over seeds: a row per group and x, a column per curve of the panels that show means."""
    shown = {key: curve for key, curve in item.curves.items() if not item.panel_of(key).of_single_runs}
    columns = (
        Column("source", "Source", "text"),
        Column("x", axis_label(item.x), "number", digits=_x_digits(item)),
        Column("n", "Seeds", "count"),
        *(
            Column(
                key,
                _column_label(item, key),
                digits=item.panel_of(key).digits,
                higher_is_better=item.panel_of(key).higher_is_better,
            )
            for key in shown
        ),
    )
    rows: list[Row] = []
    for group in groups:
        curves = {
            key: by_place(points_of(group, curve), correlation=curve.quantity in TAUS) for key, curve in shown.items()
        }
        places = sorted({x for curve in curves.values() for x in _spread(curve)})
        for place, x in enumerate(places):
            here = {key: curve[x] for key, curve in curves.items() if x in curve}
            cells = {
                "source": Cell(text=group.label),
                "x": Cell(value=x),
                "n": Cell(value=max(own.n for own in here.values())),
            }
            rows.append(Row(cells | {key: stat(own) for key, own in here.items()}, first_of_group=place == 0))
    note = (
        "Mean ± sample standard deviation over seeds; brackets: 95 % interval of the mean. Of a curve with more than "
        f"{_MOST_ROWS} points only so many are shown, evenly spread. The single values: data.csv."
    )
    return Table(columns, tuple(rows), title="The curves in numbers", notes=(note,))


def _spread(places: Iterable[float]) -> set[float]:
    """All places of a curve, or those nearest to equal parts of the way, the same for curves of one length."""
    known = sorted(places)
    if len(known) <= _MOST_ROWS:
        return set(known)
    return {nearest(known, part / _MOST_ROWS) for part in range(1, _MOST_ROWS + 1)}


def data_table(item: FigureItem, groups: Sequence[OursGroup]) -> Table:
    """Every point of every run."""
    names = ("source", "benchmark", "scale", "protocol", "method", "panel", "series")
    columns = (
        *(Column(name, name, "text") for name in names),
        Column("seed", "seed", "number", digits=0),
        Column("x", "x", "number"),
        Column("y", "y", "number"),
    )
    rows = []
    for group in groups:
        spec = group.analysis.records[0].spec
        for key, curve in item.curves.items():
            panel = item.panel_of(key).title
            name = Variant(method=curve.method, settings=curve.settings).text
            drawn = {curve.quantity: points_of(group, curve)}
            if curve.level is not None:
                drawn[curve.level] = levels_of(group, curve)
            for quantity, points in drawn.items():
                texts = (group.label, spec.benchmark, spec.scale, spec.protocol, name, panel, quantity)
                said = {key: Cell(text=text) for key, text in zip(names, texts, strict=True)}
                for seed, own in sorted(points.items()):
                    for x, y in sorted(own.items()):
                        rows.append(Row(said | {"seed": Cell(value=seed), "x": Cell(value=x), "y": Cell(value=y)}))
    return Table(columns, tuple(rows))


def _x_digits(item: FigureItem) -> int:
    """Decimals that tell the values of a varied setting; what is counted has none."""
    values = [x for curve in item.curves.values() if curve.over is not None for x in curve.over.values]
    return max((len(f"{x:g}".partition(".")[2]) for x in values), default=0)


def axis_label(axis: Axis) -> str:
    """`pairwise accuracy (fraction of pairs)`."""
    return f"{axis.label} ({axis.unit})" if axis.unit else axis.label


def _column_label(item: FigureItem, key: str) -> str:
    """The axis alone where a panel has one curve, else the curve's name with it, and its panel's where two curves would
    be called the same."""
    panel, curve = item.panel_of(key), item.curves[key]
    label = axis_label(panel.y)
    if len(panel.curves) == 1:
        return label
    same = sum(other.label == curve.label and item.panel_of(name).y == panel.y for name, other in item.curves.items())
    return f"{f'{panel.title}, ' if same > 1 else ''}{curve.label}: {label}"


def figure_findings(item: FigureItem, judged: JudgedGroups) -> list[str]:
    """What our runs say of the paper's statements, then what must be known to read that."""
    lines = claim_findings(judged)
    if not judged:
        lines.append(f"Nothing of ours was run for this figure; it needs {join_words(list(item.methods))}.")
    places = sorted({group.benchmark for group, _ in judged})
    if item.measured_on or any(place != item.benchmark for place in places):
        lines.append(
            f"The paper measured {item.measured_on or item.benchmark}; ours is {join_words(places)}. "
            "A statement that holds or fails here is about "
            "the method's behavior there, not about the paper's numbers."
        )
    return lines + scale_findings([group for group, _ in judged])
