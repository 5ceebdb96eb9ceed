"""A paper's figure beside ours, as tables and sentences: what the paper states, the curves' means, every point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nasrepro.metrics.significance import MINIMUM_PAIRS
from nasrepro.papers.figure import Axis, Claim, FigureItem, Place
from nasrepro.records.variant import Variant
from nasrepro.reporting.comparison_table import p_equals
from nasrepro.reporting.ours import OursGroup, scale_findings
from nasrepro.reporting.series import Judged, by_place, points_of
from nasrepro.reporting.table_model import Cell, Column, Row, Table, brackets, decimal, join_words, stat

JudgedGroups = Sequence[tuple[OursGroup, Sequence[Judged]]]


def claim_table(item: FigureItem, judged: JudgedGroups, *, for_people: bool = False) -> Table:
    """What the paper states beside what our runs measured: a row per claim and group of runs."""
    columns = (
        Column("says", "The paper states", "text"),
        Column("measured", "Held against it", "text"),
        Column("source", "Source", "text"),
        Column("bound", "Bound", "number"),
        Column("ours", "Ours", show_interval=not for_people),
        Column("fulfilled", "Seeds on the stated side", "text"),
        Column("p", "p (Holm)", "number", digits=4),
        Column("verdict", "At this scale", "text"),
    )
    rows = [
        _claim_row(item, owns[claim], group, for_people=for_people)
        for claim in range(len(item.claims))
        for group, owns in judged
    ] or [_unmeasured(claim) for claim in item.claims]
    table = Table(columns, tuple(rows), title=item.title)
    if not for_people:
        return table
    table = replace(table, rows=_without_repetitions(table.rows))
    notes = [
        "Ours: mean ± sample standard deviation over seeds; brackets: 95 % interval of the mean. A verdict needs a "
        f"sign-flip permutation test against the bound (p adjusted over the claims, Holm) and {MINIMUM_PAIRS} seeds; "
        "otherwise it stays inconclusive.",
        item.how,
        *(group.caption for group, _ in judged),
    ]
    keys = ["says", "measured", *(["source"] if len(judged) > 1 else []), "ours", "fulfilled", "verdict"]
    return table.select(keys, title="What the paper says, beside ours", notes=notes)


def _claim_row(item: FigureItem, own: Judged, group: OursGroup, *, for_people: bool) -> Row:
    digits = item.panel_of(own.claim.at.curve).digits
    ours = stat(own.summary)
    if for_people and ours.value is not None:
        text = decimal(ours.value, digits, sign=own.claim.minus is not None)
        text += f" ± {decimal(ours.std, digits)}" if ours.std is not None else ""
        ours = Cell(value=ours.value, text=text, note=brackets(ours, digits))
    counted = f"{own.fulfilled} of {len(own.values)}" if own.values and own.claim.bound is not None else ""
    p = own.tested.p if own.tested else None
    cells = {
        "says": Cell(text=own.claim.says),
        "measured": Cell(text=own.claim.measured),
        "source": Cell(text=group.label),
        "bound": Cell(value=own.claim.bound),
        "ours": ours,
        "fulfilled": Cell(text=counted),
        "p": Cell(value=p),
        "verdict": Cell(text=own.verdict, note=_certainty(own)),
    }
    return Row(cells, records=tuple(r.key for r in group.analysis.records))


def _without_repetitions(rows: Sequence[Row]) -> tuple[Row, ...]:
    """What the paper says and what is held against it only where they change; a new saying opens a group of rows."""
    said = [row["says"].text for row in rows]
    measured = [row["measured"].text for row in rows]
    shown = []
    for k, row in enumerate(rows):
        same = k > 0 and said[k] == said[k - 1]
        blank = {"says": Cell(text="")} if same else {}
        blank |= {"measured": Cell(text="")} if same and measured[k] == measured[k - 1] else {}
        shown.append(replace(row, cells=row.cells | blank, first_of_group=not same))
    return tuple(shown)


def _unmeasured(claim: Claim) -> Row:
    """The claim alone, where nothing of ours was run."""
    return Row({"says": Cell(text=claim.says), "measured": Cell(text=claim.measured), "verdict": Cell(text="not run")})


def _certainty(own: Judged) -> str:
    if own.tested is None:
        return ""
    if own.tested.comparison.underpowered:
        return f"underpowered (n = {own.tested.comparison.n})"
    return p_equals(own.tested.p)


def means_table(item: FigureItem, groups: Sequence[OursGroup]) -> Table:
    """The curves' means over seeds: a row per group and x, a column per curve."""
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
            for key in item.curves
        ),
    )
    rows: list[Row] = []
    for group in groups:
        curves = {key: by_place(points_of(group, curve)) for key, curve in item.curves.items()}
        places = sorted({x for curve in curves.values() for x in curve})
        for place, x in enumerate(places):
            here = {key: curve[x] for key, curve in curves.items() if x in curve}
            cells = {
                "source": Cell(text=group.label),
                "x": Cell(value=x),
                "n": Cell(value=max(own.n for own in here.values())),
            }
            rows.append(Row(cells | {key: stat(own) for key, own in here.items()}, first_of_group=place == 0))
    note = (
        "Mean ± sample standard deviation over seeds; brackets: 95 % interval of the mean. The single values: data.csv."
    )
    return Table(columns, tuple(rows), title="The curves in numbers", notes=(note,))


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
            texts = (group.label, spec.benchmark, spec.scale, spec.protocol, name, panel, curve.quantity)
            for seed, own in sorted(points_of(group, curve).items()):
                for x, y in sorted(own.items()):
                    cells = {name: Cell(text=text) for name, text in zip(names, texts, strict=True)}
                    rows.append(Row(cells | {"seed": Cell(value=seed), "x": Cell(value=x), "y": Cell(value=y)}))
    return Table(columns, tuple(rows))


def _x_digits(item: FigureItem) -> int:
    """Decimals that tell the values of a varied setting; what is counted has none."""
    values = [x for curve in item.curves.values() if curve.over is not None for x in curve.over.values]
    return max((len(f"{x:g}".partition(".")[2]) for x in values), default=0)


def axis_label(axis: Axis) -> str:
    """`pairwise accuracy (fraction of pairs)`."""
    return f"{axis.label} ({axis.unit})" if axis.unit else axis.label


def _column_label(item: FigureItem, key: str) -> str:
    """The axis alone where a panel has one curve, else the curve's name with it."""
    panel, curve = item.panel_of(key), item.curves[key]
    label = axis_label(panel.y)
    return label if len(panel.curves) == 1 else f"{curve.label}: {label}"


def figure_findings(item: FigureItem, judged: JudgedGroups) -> list[str]:
    """A sentence per claim and group, then what must be known to read them."""
    lines = [_sentence(item, own, group, several=len(judged) > 1) for group, owns in judged for own in owns]
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


def _sentence(item: FigureItem, own: Judged, group: OursGroup, *, several: bool) -> str:
    """`Holds at this scale: more than … Measured: … is 0.80 [0.79, 0.81], 10 of 10 seeds on that side, p = 0.002.`"""
    digits = item.panel_of(own.claim.at.curve).digits
    lead = f"{group.label}: " if several else ""
    said = f"{own.claim.says[:1].lower()}{own.claim.says[1:]}"
    if own.verdict == "not measured":
        return f"{lead}{'not' if lead else 'Not'} measured: {said}; no run has {_wanted(item, own.claim)}."
    interval = brackets(stat(own.summary), digits)
    value = decimal(own.summary.mean, digits, sign=own.claim.minus is not None)
    measured = f"{own.claim.measured}: {value}{f' {interval}' if interval else ''}"
    if own.verdict == "no bound stated":
        return f"{lead}{'not' if lead else 'Not'} to be judged: {said}. Ours, {measured}, n = {len(own.values)}."
    verdict = own.verdict if lead else own.verdict.capitalize()
    counted = f"{own.fulfilled} of {len(own.values)} seeds on the stated side, {_certainty(own)}"
    return f"{lead}{verdict} at this scale: {said}. Ours, {measured}, {counted}."


def _wanted(item: FigureItem, claim: Claim) -> str:
    return join_words([_point(item, place) for place in (claim.at, claim.minus) if place is not None])


def _point(item: FigureItem, place: Place) -> str:
    curve = item.curves[place.curve]
    if curve.over is None:
        return f"'{curve.quantity}' at {place.x:g} {item.x.label}"
    return f"'{curve.quantity}' of {curve.at(place.x).text}"
