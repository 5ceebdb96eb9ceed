"""A paper's figure drawn from our records, and what the paper states of it held against them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import factory
import numpy as np
import pytest
from rich.console import Console

from nasrepro.papers.catalog import item
from nasrepro.papers.figure import Axis, Claim, Curve, FigureItem, Panel, Place
from nasrepro.records.record import RunRecord
from nasrepro.records.store import read_folder
from nasrepro.reporting.ours import OursGroup, grouped
from nasrepro.reporting.reproduction import render_reproduction, terminal_reproduction
from nasrepro.reporting.reproduction_figure import figure_findings
from nasrepro.reporting.series import judge

SIZES = (100, 300, 500)


def claim(bound: float | None, relation: str | None = "above", *, x: float = 500, minus: float | None = None) -> Claim:
    return Claim(
        says="More than enough of it",
        measured="quality after 500",
        at=Place(curve="quality", x=x),
        minus=None if minus is None else Place(curve="quality", x=minus),
        relation=relation,
        bound=bound,
        line="paper: enough" if bound is not None and minus is None else "",
    )


FIGURE = FigureItem(
    paper="nao",
    item="figure-9",
    title="Learning",
    caption="What is learned.",
    benchmark="nb201-cifar10",
    measured_on="another space",
    seeds=[],
    x=Axis(label="cells"),
    panels=[
        Panel(
            title="Both",
            y=Axis(label="quality", unit="%"),
            digits=1,
            curves=[
                Curve(key="quality", label="quality", method="gdas", series="q"),
                Curve(key="guess", label="guess", method="gdas", series="g"),
            ],
        )
    ],
    claims=[claim(0.78), claim(0.99), claim(0.0, minus=100), claim(None, None, minus=300), claim(0.5, x=77)],
    how="From records.",
    notes=["A note on the figure."],
)


def study(seed: int, *, benchmark: str = "nb201-cifar10", last: float = 0.9, status: str = "done") -> RunRecord:
    record = factory.record("gdas", seed, benchmark=benchmark, status=status)  # type: ignore[arg-type]
    noise = np.random.default_rng(seed).normal(0, 0.01)
    series = {"q": [(float(x), last - 0.2 * (500 - x) / 400 + noise) for x in SIZES], "g": [(100.0, 0.5)]}
    return record.model_copy(update={"series": series})


def group(seeds: int, **options: object) -> OursGroup:
    return OursGroup("ours, laptop", [study(seed, **options) for seed in range(seeds)], fresh=True)  # type: ignore[arg-type]


def test_ten_seeds_decide_and_fewer_leave_it_open() -> None:
    ten = judge(FIGURE, group(10))
    assert [own.verdict for own in ten] == ["holds", "contradicted", "holds", "no bound stated", "not measured"]
    assert [own.fulfilled for own in ten[:3]] == [10, 0, 10]
    assert ten[0].tested is not None
    # three claims share the family: twice 2/2^10 becomes three times that
    assert ten[0].tested.p == pytest.approx(3 * 2 / 2**10)
    nine = judge(FIGURE, group(9))
    assert [own.verdict for own in nine] == [
        "inconclusive",
        "inconclusive",
        "inconclusive",
        "no bound stated",
        "not measured",
    ]
    assert nine[0].fulfilled == 9


def test_a_difference_is_taken_seed_by_seed() -> None:
    rise = judge(FIGURE, group(10))[2]
    assert list(rise.values.values()) == pytest.approx([0.2] * 10)
    assert rise.summary.std == pytest.approx(0.0, abs=1e-12)


def test_relation_below_and_a_mean_that_is_not_shown_to_differ() -> None:
    below = FIGURE.model_copy(update={"claims": [claim(0.95, "below"), claim(0.9, "below")]})
    assert [own.verdict for own in judge(below, group(12))] == ["holds", "inconclusive"]


def test_only_finished_runs_of_the_curves_method_count() -> None:
    records = [study(0), study(1, status="failed"), factory.record("rea", 2, benchmark="nb201-cifar10")]
    (first, *_) = judge(FIGURE, OursGroup("ours", records, fresh=True))
    assert list(first.values) == [0]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("figures") / "figure-9"
    early = [study(seed, benchmark="nb201-digits") for seed in range(4)]
    groups = grouped(FIGURE, [study(seed) for seed in range(10)], early)
    assert [own.label for own in groups] == ["ours, nb201-cifar10, laptop", "ours, published, nb201-digits, laptop"]
    assert render_reproduction(FIGURE, groups, out) == out / "index.html"
    return out


def test_every_file_is_there(rendered: Path) -> None:
    names = {"index.html", "table.csv", "table.md", "table.tex", "data.csv", "figures", "records"}
    assert {path.name for path in rendered.iterdir()} == names
    figures = {path.name for path in (rendered / "figures").iterdir()}
    assert figures == {f"figure-9{n}.{kind}" for n in ("", "-2") for kind in ("svg", "png", "pdf")}
    assert len(list((rendered / "records").iterdir())) == 14


def test_the_data_hold_every_point(rendered: Path) -> None:
    with (rendered / "data.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 14 * 4
    mine = [row for row in rows if row["benchmark"] == "nb201-digits" and row["seed"] == "3" and row["series"] == "q"]
    assert [float(row["x"]) for row in mine] == [x for x, _ in study(3).series["q"]]
    assert [float(row["y"]) for row in mine] == pytest.approx([y for _, y in study(3).series["q"]])
    assert {row["protocol"] for row in rows} == {"sound"}


def test_claims_stand_beside_ours_with_their_certainty(rendered: Path) -> None:
    with (rendered / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(FIGURE.claims) * 2
    assert [row["verdict"] for row in rows if row["source"].startswith("ours, nb201-cifar10")] == [
        "holds",
        "contradicted",
        "holds",
        "no bound stated",
        "not measured",
    ]
    assert {row["verdict"] for row in rows if "digits" in row["source"]} == {
        "inconclusive",
        "no bound stated",
        "not measured",
    }
    assert rows[0]["ours.n"] == "10"
    assert float(rows[0]["bound"]) == 0.78
    assert rows[-1]["ours.mean"] == rows[-1]["p"] == ""


def test_the_page_says_where_each_was_measured_and_loads_nothing(rendered: Path) -> None:
    text = (rendered / "index.html").read_text()
    assert "The paper measured another space; ours is nb201-cifar10 and nb201-digits" in text
    assert "underpowered" in text
    assert "From records." in text
    assert "A note on the figure." in text
    assert text.count("<svg") == 2
    assert "n = 10 seeds" in text
    assert "n = 4 seeds" in text
    assert "<script" not in text
    assert "http" not in text.split("</style>")[1]
    markdown = (rendered / "table.md").read_text()
    assert markdown.count("More than enough of it") == 1, "a saying is printed once"


def test_equal_records_give_equal_figures(rendered: Path, tmp_path: Path) -> None:
    groups = grouped(FIGURE, [study(seed) for seed in range(10)], [])
    render_reproduction(FIGURE, groups, tmp_path / "again")
    for name in ("figure-9.svg", "figure-9.png", "figure-9.pdf"):
        assert (tmp_path / "again" / "figures" / name).read_bytes() == (rendered / "figures" / name).read_bytes()
    render_reproduction(FIGURE, groups, rendered.parent / "over")
    render_reproduction(FIGURE, [], rendered.parent / "over")
    assert not (rendered.parent / "over" / "figures").exists(), "figures of an earlier rendering are gone"


def test_without_runs_the_claims_stand_alone(tmp_path: Path) -> None:
    render_reproduction(FIGURE, [], tmp_path / "out")
    with (tmp_path / "out" / "table.csv").open(newline="") as file:
        assert [row["verdict"] for row in csv.DictReader(file)] == ["not run"] * len(FIGURE.claims)
    assert "it needs gdas" in (tmp_path / "out" / "index.html").read_text()


def test_findings_name_what_no_run_has() -> None:
    ours = group(10)
    texts = figure_findings(FIGURE, [(ours, judge(FIGURE, ours))])
    assert texts[0].startswith("Holds at this scale: more than enough of it. Ours, quality after 500: 0.9 [")
    assert "10 of 10 seeds on the stated side, p = 0.006" in texts[0]
    assert texts[4] == "Not measured: more than enough of it; no run has 'q' at 77 cells."


def test_the_terminal_shows_claims_and_curves() -> None:
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(terminal_reproduction(FIGURE, [group(3)]))
    text = console.export_text()
    for part in ("What the paper says, beside ours", "underpowered (n = 3)", "The curves in numbers", "Ground truth"):
        assert part in text


def test_every_figure_of_the_catalogue_can_be_drawn_from_records_that_have_its_series(tmp_path: Path) -> None:
    for name in ("nao/figure-2a", "nao/figure-2b"):
        figure = item(name)
        assert isinstance(figure, FigureItem)
        places = sorted({p.x for c in figure.claims for p in (c.at, c.minus) if p is not None})
        records = []
        for seed in range(2):
            (method,) = figure.methods
            series = {c.series: [(x, 0.5 + 0.01 * seed) for x in places] for c in figure.curves.values()}
            record = factory.record(method, seed, benchmark=figure.benchmark)
            records.append(record.model_copy(update={"series": series}))
        out = tmp_path / name.replace("/", "-")
        render_reproduction(figure, grouped(figure, records, []), out)
        with (out / "table.csv").open(newline="") as file:
            assert {row["verdict"] for row in csv.DictReader(file)} <= {"inconclusive", "no bound stated"}
        assert all(record.series for record in read_folder(out / "records"))
