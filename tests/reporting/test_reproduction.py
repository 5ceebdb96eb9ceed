"""The paper's table beside ours."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import factory
import pytest
from rich.console import Console

from nasrepro.errors import UserError
from nasrepro.papers.table import Column, Printed, Row, TableItem
from nasrepro.records.record import RunRecord, Score, TracePoint, Visited
from nasrepro.reporting.ours import OursGroup, grouped
from nasrepro.reporting.reproduction import render_reproduction, terminal_reproduction
from nasrepro.reporting.reproduction_table import table_findings

ITEM = TableItem(
    paper="e2nas",
    item="table-1",
    title="Searches",
    caption="What the paper measured.",
    benchmark="nb201-cifar10",
    seeds=[0, 1],
    columns=[
        Column(key="c10", label="CIFAR-10 test", scoring="test"),
        Column(key="c100", label="CIFAR-100 test", scoring="cifar100.test"),
    ],
    rows=[
        Row(
            label="GDAS",
            method="gdas",
            marks=["*"],
            how="run",
            cells={
                "c10": Printed(mean=93.0, std=0.5, raw="93.00±0.50"),
                "c100": Printed(mean=70.0, std=0.1, raw="70.00±0.10", bold=True),
            },
        ),
        Row(label="Other", method=None, how="reported", cells={"c10": Printed(mean=54.3, raw="54.30")}, note="Quoted."),
        Row(label="REA", method="rea", how="run", cells={"c10": Printed(mean=93.9, std=0.3, raw="93.90±0.30")}),
    ],
    notes=["A note on the table."],
)


def cifar(method: str, seed: int, value: float) -> RunRecord:
    record = factory.record(method, seed, benchmark="nb201-cifar10")
    scores = [
        Score(scoring="test", dataset="cifar10", split="test", epochs=200, value=value, n_trials=3),
        Score(scoring="cifar100.test", dataset="cifar100", split="test", epochs=200, value=value - 20, n_trials=3),
    ]
    return record.model_copy(update={"scores": scores})


SAME = OursGroup("ours, laptop", [cifar("gdas", seed, 94.0 + seed) for seed in range(3)], fresh=True)
DIGITS = OursGroup("ours, digits", factory.records(["gdas", "random"], 3), fresh=False)


def rows_of(out: Path) -> list[dict[str, str]]:
    with (out / "table.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reproduce") / "table-1"
    assert render_reproduction(ITEM, [SAME, DIGITS], out) == out / "index.html"
    return out


def test_every_row_says_whose_it_is(rendered: Path) -> None:
    assert [(row["row"], row["source"]) for row in rows_of(rendered)] == [
        ("GDAS", "paper"),
        ("GDAS", "ours, laptop"),
        ("GDAS", "ours, digits"),
        ("Other", "paper, reported only"),
        ("REA", "paper, ours not run"),
    ]


def test_printed_numbers_and_ours_with_their_difference(rendered: Path) -> None:
    printed, ours, digits, *_ = rows_of(rendered)
    assert (printed["c10.mean"], printed["c10.std"], printed["c10.ours_minus_paper.value"]) == ("93", "0.5", "")
    assert (float(ours["c10.mean"]), float(ours["c10.std"]), ours["c10.n"]) == (95.0, 1.0, "3")
    assert float(ours["c10.ours_minus_paper.value"]) == pytest.approx(2.0)
    assert float(ours["c10.ours_minus_paper.low"]) == pytest.approx(2.0 - 4.302653 / 3**0.5, abs=1e-5)
    assert float(ours["c100.ours_minus_paper.value"]) == pytest.approx(5.0)
    assert digits["c10.mean"] == digits["c100.mean"] == digits["c10.ours_minus_paper.value"] == ""
    assert digits["digits.test.n"] == "3"


def test_another_benchmarks_test_never_stands_under_the_papers_column(rendered: Path) -> None:
    beside, elsewhere = (rendered / "table.md").read_text().split("### The same searches elsewhere: ours, digits")
    heading, _, line = [line for line in elsewhere.splitlines() if line.startswith("|")]
    assert "digits test, not in the paper" in heading
    assert "CIFAR-10 test" not in heading
    assert line.startswith("| GDAS<br>seeds 0-2, n = 3 |")
    assert not any(line.startswith("| ours, digits") for line in beside.splitlines())
    assert "digits test, not in the paper" not in beside


def test_groups_have_their_own_captions_and_the_papers_notes_stay_its_own(rendered: Path) -> None:
    for name in ("index.html", "table.md"):
        text = (rendered / name).read_text()
        assert "ours, laptop (fresh runs)" in text
        assert "ours, digits (published records" in text
        assert "Other: Quoted." in text
        assert "A note on the table." in text
        assert "set in bold by the paper" in text
    assert "<b>" not in (rendered / "index.html").read_text()


def test_the_page_is_self_contained_and_its_records_are_there(rendered: Path) -> None:
    text = (rendered / "index.html").read_text()
    assert "<script" not in text
    assert "http" not in text.split("</style>")[1].replace("https://doi", "")
    keys = {record.key for group in (SAME, DIGITS) for record in group.records}
    assert {path.name for path in (rendered / "records").iterdir()} == {f"{key}.json.gz" for key in keys}
    assert all(f"records/{key}.json.gz" in text for key in keys)


def test_without_runs_the_paper_stands_alone(tmp_path: Path) -> None:
    render_reproduction(ITEM, [OursGroup("none yet", [], fresh=True)], tmp_path / "out")
    assert [row["source"] for row in rows_of(tmp_path / "out")] == [
        "paper, ours not run",
        "paper, reported only",
        "paper, ours not run",
    ]


def test_a_group_that_mixes_scales_is_refused(tmp_path: Path) -> None:
    mixed = OursGroup("mixed", [factory.record("gdas", 0), factory.record("gdas", 1, scale="smoke")], fresh=True)
    with pytest.raises(UserError, match="scale"):
        render_reproduction(ITEM, [mixed], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_terminal_shows_paper_ours_and_captions() -> None:
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(terminal_reproduction(ITEM, [SAME]))
    text = console.export_text()
    for part in ("93.00 ± 0.50", "95.00 ± 1.00", "Δ +2.00", "paper, reported only", "scale", "Ground truth"):
        assert part.lower() in text.lower()


def test_the_best_of_a_trace_is_an_oracles_choice_among_the_answers_on_the_way(tmp_path: Path) -> None:
    best = Column(key="best", label="CIFAR-10 best", scoring="test", of="trace-best")
    row = ITEM.rows[0].model_copy(update={"cells": {**ITEM.rows[0].cells, "best": Printed(mean=93.5, raw="93.50")}})
    table = ITEM.model_copy(update={"columns": [*ITEM.columns, best], "rows": [row]})
    records = []
    for seed, truths in enumerate([[92.0, 94.5, None], [95.5, 90.0, 91.0], [None, None, None]]):
        trace = [
            TracePoint(at=at, genotype="nb201:1", selection_value=None, truth=truth) for at, truth in enumerate(truths)
        ]
        records.append(cifar("gdas", seed, 90.0).model_copy(update={"trace": trace}))
    elsewhere = [factory.record("gdas", seed, benchmark="nb201-cifar100") for seed in range(2)]
    scored_here_too = Score(scoring="cifar10.test", dataset="cifar10", split="test", epochs=200, value=93.0, n_trials=1)
    elsewhere = [r.model_copy(update={"scores": [*r.scores, scored_here_too], "trace": trace}) for r in elsewhere]
    groups = [OursGroup("ours, laptop", records, fresh=True), DIGITS, OursGroup("ours, C100", elsewhere, fresh=True)]
    render_reproduction(table, groups, tmp_path / "out")
    _, ours, digits, other = rows_of(tmp_path / "out")
    assert (other["c10.mean"], other["best.mean"]) == ("93", ""), "a trace on CIFAR-100 says nothing of CIFAR-10"
    assert (float(ours["best.mean"]), ours["best.n"]) == (95.0, "2")
    assert float(ours["best.ours_minus_paper.value"]) == pytest.approx(1.5)
    assert float(ours["c10.mean"]) == 90.0
    assert digits["best.mean"] == "", "another benchmark's trace is worth something else"
    seen = [Visited(at=at, genotype="nb201:2", truth=truth) for at, truth in enumerate([93.0, 96.5, None])]
    first, *rest = [record.model_copy(update={"visited": seen}) for record in records]
    groups[0] = OursGroup("ours, laptop", [first, *rest], fresh=True)
    render_reproduction(table, groups, tmp_path / "visited")
    assert float(rows_of(tmp_path / "visited")[1]["best.mean"]) == 96.5, "cells visited between the points of a trace"
    groups[0] = OursGroup("ours, laptop", [first, *records[1:]], fresh=True)
    render_reproduction(table, groups, tmp_path / "mixed")
    assert float(rows_of(tmp_path / "mixed")[1]["best.mean"]) == 95.0, "one seed looked less often"


def tempered(seed: int, tau: float, value: float, *, lr: float = 0.1) -> RunRecord:
    settings = {"sampler": {"tau": tau, "lr": lr}}
    return factory.with_settings(cifar("gdas", seed, value + seed), settings)  # type: ignore[arg-type]


HOT = ITEM.model_copy(
    update={
        "rows": [
            ITEM.rows[0].model_copy(update={"label": f"GDAS, τ = {tau:g}", "settings": {"sampler": {"tau": tau}}})
            for tau in (5.0, 10.0)
        ]
        + [ITEM.rows[2]]
    }
)


def test_rows_of_one_method_are_told_apart_by_their_settings(tmp_path: Path) -> None:
    records = [tempered(seed, tau, value) for tau, value in [(10.0, 90.0), (5.0, 80.0), (1.0, 70.0)] for seed in (0, 1)]
    groups = grouped(HOT, [], [*records, cifar("random", 0, 50.0), *(cifar("rea", seed, 95.0) for seed in (0, 1))])
    assert len(groups) == 1
    assert len(groups[0].records) == 6, "records of none of the rows are left out"
    out = render_reproduction(HOT, groups, tmp_path / "out").parent
    ours = [row for row in rows_of(out) if row["source"].startswith("ours")]
    assert [(row["row"], row["method"], float(row["c10.mean"])) for row in ours] == [
        ("GDAS, τ = 5", "gdas[sampler.tau=5]", 80.5),
        ("GDAS, τ = 10", "gdas[sampler.tau=10]", 90.5),
        ("REA", "rea", 95.0),
    ]
    assert table_findings(HOT, [(group, []) for group in groups])[0].startswith(
        "Of the paper's 3 rows, 3 have numbers of ours beside them: GDAS, τ = 5; GDAS, τ = 10; REA;"
    )
    assert len(list((out / "records").iterdir())) == 6


def test_a_row_never_holds_two_settings(tmp_path: Path) -> None:
    records = [tempered(0, 5.0, 80.0), tempered(0, 5.0, 81.0, lr=0.5)]
    with pytest.raises(UserError, match=r"sampler\.lr=0\.1 and sampler\.lr=0\.5; one row never mixes them"):
        render_reproduction(HOT, grouped(HOT, [], records), tmp_path / "out")
    with pytest.raises(UserError, match="one row never mixes them"):
        render_reproduction(ITEM, grouped(ITEM, [], records), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


TRAINED = ITEM.model_copy(
    update={
        "benchmark": "darts-cifar10",
        "trained": True,
        "columns": [*ITEM.columns, Column(key="size", label="Parameters (M)", scoring="test", of="params", unit="")],
        "rows": [ITEM.rows[0].model_copy(update={"cells": {"c10": Printed(mean=93.0, raw="93.00")}})],
    }
)


def trained(benchmark: str, dataset: str, scale: str = "laptop") -> OursGroup:
    records = []
    for seed in (0, 1):
        record = factory.record("gdas", seed, benchmark=benchmark, scale=scale, test=90.0 + seed)  # type: ignore[arg-type]
        scores = [score.model_copy(update={"dataset": dataset}) for score in record.scores]
        records.append(record.model_copy(update={"scores": scores}))
    return OursGroup(f"ours, {benchmark}, {scale}", records, fresh=True)


def test_of_trained_cells_any_benchmark_shows_its_own_data_set_in_one_column(tmp_path: Path) -> None:
    places = [("darts-cifar10", "cifar10"), ("darts-digits", "digits"), ("darts-cifar100", "cifar100")]
    groups = [trained(*place) for place in places]
    _, *ours = rows_of(render_reproduction(TRAINED, groups, tmp_path / "out").parent)
    assert [(row["c10.mean"], row["c100.mean"]) for row in ours] == [("90.5", ""), ("90.5", ""), ("", "90.5")]
    sizes = [record.found.params / 1e6 for record in groups[0].records if record.found is not None]
    assert float(ours[0]["size.mean"]) == pytest.approx(sum(sizes) / 2)
    assert ours[2]["size.mean"] == "", "of the network that the first column is of"
    assert not any(row["c10.ours_minus_paper.value"] for row in ours), "at another scale no difference says anything"
    found = table_findings(TRAINED, [(group, []) for group in groups])
    assert any("Runs on darts-cifar100 and darts-digits do not measure" in line for line in found)
    assert any("ours are trained at scale laptop, so no difference" in line for line in found)


def test_of_trained_cells_the_papers_scale_is_held_against_the_printed_numbers(tmp_path: Path) -> None:
    group = trained("darts-cifar10", "cifar10", "paper")
    _, ours = rows_of(render_reproduction(TRAINED, [group], tmp_path / "out").parent)
    assert float(ours["c10.ours_minus_paper.value"]) == pytest.approx(-2.5)
    assert not any("so no difference" in line for line in table_findings(TRAINED, [(group, [])]))
