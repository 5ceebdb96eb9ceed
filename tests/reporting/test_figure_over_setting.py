"""A figure whose x axis is a setting: a run for each point, and the runs of a seed make one line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import factory
import pytest
from rich.console import Console

from nasrepro.errors import UserError
from nasrepro.papers.catalog import item
from nasrepro.papers.figure import Axis, Claim, Curve, FigureItem, Over, Panel, Place
from nasrepro.records.record import RunRecord
from nasrepro.reporting.ours import OursGroup, grouped
from nasrepro.reporting.reproduction import render_reproduction, terminal_reproduction
from nasrepro.reporting.reproduction_figure import figure_findings
from nasrepro.reporting.series import by_place, judge, points_of

WEIGHTS = [0.0, 0.25, 1.0]
GAIN = {0.0: 0.0, 0.25: 2.0, 1.0: -1.0}


def curve(method: str, scoring: str = "test") -> Curve:
    over = Over(block="loss", name="weight", values=WEIGHTS)
    return Curve(key=method, label=method.upper(), method=method, over=over, scoring=scoring)


def claim(method: str, x: float, *, over: str | None = None) -> Claim:
    return Claim(
        says=f"{method} gains at {x:g}",
        measured=f"{method} at {x:g} minus at 0",
        at=Place(curve=method, x=x),
        minus=Place(curve=over or method, x=x if over else 0),
        relation="above",
        bound=0,
    )


FIGURE = FigureItem(
    paper="e2nas",
    item="figure-9",
    title="Gains",
    caption="What a weight gains.",
    benchmark="nb201-cifar10",
    seeds=[0, 1],
    x=Axis(label="weight"),
    panels=[
        Panel(title="Found", y=Axis(label="accuracy", unit="%"), curves=[curve("gdas"), curve("rea", "cifar100.test")])
    ],
    claims=[claim("gdas", 0.25), claim("gdas", 1), claim("rea", 0.25), claim("gdas", 0.25, over="rea")],
    how="A run a point.",
)


def run(method: str, seed: int, weight: float, **options: object) -> RunRecord:
    """Seeds differ by far more than weights do, as they do in searches."""
    value = 80.0 + seed + GAIN[weight] if weight in GAIN else 50.0
    record = factory.record(method, seed, test=value, extra_scorings=True, **options)  # type: ignore[arg-type]
    return factory.with_settings(record, {"loss": {"weight": weight, "kind": "plain"}})


def runs(seeds: int, **options: object) -> list[RunRecord]:
    weights = [1.0, 0.25, 0.5, 0.0]  # one that is no point of the curve, and no order
    gdas = [run("gdas", seed, weight, **options) for weight in weights for seed in range(seeds)]
    return [*gdas, *(run("rea", seed, 0.25, **options) for seed in range(seeds))]


def group(seeds: int) -> OursGroup:
    (found,) = grouped(FIGURE, [], runs(seeds, benchmark="nb201-cifar10"))
    return found


def test_the_points_of_a_seed_come_from_its_runs() -> None:
    points = points_of(group(3), FIGURE.curves["gdas"])
    assert points == {seed: {x: 80.0 + seed + GAIN[x] for x in WEIGHTS} for seed in range(3)}
    assert {x: own.mean for x, own in by_place(points).items()} == pytest.approx({0.0: 81, 0.25: 83, 1.0: 80})
    other = points_of(group(3), FIGURE.curves["rea"])
    assert {seed: list(own) for seed, own in other.items()} == {0: [0.25], 1: [0.25], 2: [0.25]}
    assert other[1][0.25] == pytest.approx(83.0 - 20.0), "the scoring that the curve names"


def test_runs_without_a_score_are_no_points() -> None:
    records = runs(2, benchmark="nb201-cifar10")
    records[0] = run("gdas", 0, 1.0, benchmark="nb201-cifar10", status="diverged")
    (found,) = grouped(FIGURE, [], records)
    points = points_of(found, FIGURE.curves["gdas"])
    assert [sorted(own) for own in points.values()] == [[0.0, 0.25], WEIGHTS]


def test_differences_are_taken_seed_by_seed_between_points_and_curves() -> None:
    ten = judge(FIGURE, group(10))
    assert [own.verdict for own in ten] == ["holds", "contradicted", "not measured", "holds"]
    assert list(ten[0].values.values()) == pytest.approx([2.0] * 10), "spread of seeds drops out"
    assert list(ten[3].values.values()) == pytest.approx([20.0] * 10)
    assert [own.verdict for own in judge(FIGURE, group(3))] == ["inconclusive"] * 2 + ["not measured", "inconclusive"]


def test_a_point_never_mixes_other_settings() -> None:
    records = runs(2, benchmark="nb201-cifar10")
    odd = factory.with_settings(records[0], {"loss": {"weight": 1.0, "kind": "odd"}})
    with pytest.raises(UserError, match=r"gdas\[loss.weight=1\].*loss.kind=odd.*loss.kind=plain.*never mixes"):
        judge(FIGURE, grouped(FIGURE, [], [*records, odd])[0])


def test_the_page_has_points_curves_and_claims(tmp_path: Path) -> None:
    early = runs(2, benchmark="nb201-digits")
    groups = grouped(FIGURE, runs(4, benchmark="nb201-cifar10")[:12], early)
    out = render_reproduction(FIGURE, groups, tmp_path / "out").parent
    with (out / "data.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    mine = [row for row in rows if row["benchmark"] == "nb201-cifar10" and row["seed"] == "3"]
    assert [(row["method"], row["series"], float(row["x"]), float(row["y"])) for row in mine] == [
        ("gdas", "test", 0.25, 85.0),
        ("gdas", "test", 1.0, 82.0),
    ], "of the first twelve records, none has weight 0"
    assert {path.name for path in (out / "figures").iterdir()} == {
        f"figure-9{n}.{kind}" for n in ("", "-2") for kind in ("svg", "png", "pdf")
    }
    text = (out / "index.html").read_text()
    assert "The paper measured nb201-cifar10; ours is nb201-cifar10 and nb201-digits" in text
    assert "rows of gdas differ in loss.weight" in text
    assert text.count("Below three seeds there is no band") >= 1
    assert "0.25" in (out / "table.md").read_text()
    assert all((out / "records" / f"{record.key}.json.gz").exists() for record in groups[0].records)


def test_what_was_not_measured_is_named_as_it_is_typed() -> None:
    ours = group(3)
    texts = figure_findings(FIGURE, [(ours, judge(FIGURE, ours))])
    assert texts[2] == (
        "Not measured: rea gains at 0.25; no run has 'cifar100.test' of rea[loss.weight=0.25] and 'cifar100.test' of "
        "rea[loss.weight=0]."
    )
    assert not any("The paper measured" in text for text in texts)


def test_the_terminal_shows_the_means() -> None:
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(terminal_reproduction(FIGURE, [group(3)]))
    text = console.export_text()
    for part in ("The curves in numbers", "0.25", "83.00 ± 1.00", "underpowered (n = 3)"):
        assert part in text


def test_figure_1a_of_e2nas_can_be_drawn(tmp_path: Path) -> None:
    figure = item("e2nas/figure-1a")
    assert isinstance(figure, FigureItem)
    records = [
        factory.with_settings(
            factory.record(variant.method, seed, benchmark=figure.benchmark, test=90.0 + seed),
            variant.settings,  # type: ignore[arg-type]
        )
        for variant in figure.variants
        for seed in range(3)
    ]
    render_reproduction(figure, grouped(figure, records, []), tmp_path / "out")
    with (tmp_path / "out" / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert {row["verdict"] for row in rows} == {"inconclusive"}
    assert {float(row["ours.mean"]) for row in rows} == {0.0}
