"""What a comparison says of runs that watched cells: numbers against the records, tables, figures, questions."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import factory
import numpy as np
import pytest

from nasrepro.errors import UserError
from nasrepro.metrics.forgetting import change_over_lag, drop_from_best
from nasrepro.records.contrast import Contrast, Side
from nasrepro.records.record import RunRecord
from nasrepro.records.watched import Look, Scored, Watched
from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.comparison import render_comparison
from nasrepro.reporting.contrasts import answers
from nasrepro.reporting.findings import findings
from nasrepro.reporting.forgetting import forgetting_of
from nasrepro.reporting.forgetting_figures import sharing_figure, watched_figure
from nasrepro.reporting.forgetting_tables import forgetting_numbers, forgetting_views, sharing_numbers
from nasrepro.reporting.panels import panels
from nasrepro.reporting.style import styled
from nasrepro.spaces.nb201 import CONV1, CONV3, NONE, POOL, SKIP, NB201Genotype

FORGETS = {"gdas": 12.0, "gdas-nsas": 2.0}


def runs(method: str, seeds: int, **options: object) -> list[RunRecord]:
    forgets = FORGETS.get(method, 5.0)
    return [factory.watched(factory.record(method, s), forgets=forgets, **options) for s in range(seeds)]  # type: ignore[arg-type]


def question(records: list[RunRecord], first: str, second: str) -> Contrast:
    keys = {m: tuple(r.key for r in records if r.spec.method == m) for m in (first, second)}
    return Contrast(first=Side(name=first, runs=keys[first]), second=Side(name=second, runs=keys[second]))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def compared() -> list[RunRecord]:
    """Ten seeds of two rows that forget, one of which forgets less, and a row that watched nothing."""
    return [*runs("gdas", 10), *runs("gdas-nsas", 10), *factory.records(["rea"], 10)]


@pytest.fixture(scope="module")
def page(compared: list[RunRecord], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reports") / "compare"
    with pytest.MonkeyPatch.context() as patch:
        # drawing thirty cells takes most of the time and is tested where it lives
        patch.setattr("nasrepro.reporting.cell_figure.cell_figure", lambda *_: None)
        asked = [question(compared, "gdas-nsas", "gdas"), question(compared, "gdas", "rea")]
        return render_comparison(compared, out, title="t", command="nasrepro compare", contrasts=asked)


def by_hand() -> Watched:
    """Two cells and four looks of which one trained a mixture."""
    conv = NB201Genotype((CONV3, CONV3, CONV1, SKIP, POOL, CONV3))
    cut = NB201Genotype((CONV3, NONE, NONE, NONE, NONE, CONV1))
    trained = NB201Genotype((CONV3, SKIP, CONV1, SKIP, CONV1, CONV1))  # shares 0, 2, 3 with conv; 0 and 5 with cut
    before, after = [(3.0, 2.0)] * 4, [(2.5, 2.25), (2.5, 2.5), (2.0, 2.0), (3.25, 1.75)]
    right = [(20, 10), (30, 10), (35, 10), (25, 10)]
    paths = [trained.id, None, trained.id, conv.id]
    looks = [
        Look(
            step=10 * (number + 1),
            path=paths[number],
            before=Scored(right=[19, 10], loss=list(before[number])),
            after=Scored(right=list(right[number]), loss=list(after[number])),
        )
        for number in range(4)
    ]
    return Watched(cells=[conv.id, cut.id], truth=[90.0, 10.0], images=50, looks=looks)


def test_a_row_is_what_its_looks_say() -> None:
    record = factory.record("gdas", 3).model_copy(update={"watched": by_hand()})
    found = forgetting_of([record])
    assert found is not None
    # in percent 40, 60, 70, 50 and 20 throughout; a lag is one look of ten updates
    assert (found.cells, found.images, found.looks, found.lag, found.lag_steps) == (2, 50, 4, 1, 10.0)
    assert found.values["drop"] == {3: 10.0}
    assert found.values["change"][3] == pytest.approx((20 + 10 - 20 + 0) / 6)
    assert found.values["late_change"] == {3: -10.0}
    assert found.values["fallen"][3] == pytest.approx(1 / 6)
    assert found.values["late_drop"] == {3: 10.0}
    assert found.values["chance"][3] > found.values["late_chance"][3] > 0
    assert [(p.step, p.accuracy.mean) for p in found.curve] == [(10, 30), (20, 40), (30, 45), (40, 35)]


def test_sharing_counts_edges_and_the_convolutions_that_run() -> None:
    record = factory.record("gdas", 3).model_copy(update={"watched": by_hand()})
    found = forgetting_of([record])
    assert found is not None
    edges = {point.number: point for point in found.sharing["edges"]}
    # the mixture is left out: three looks at two cells; conv − conv is 6, cut − conv is 1
    assert {number: point.pairs for number, point in edges.items()} == {1: 1, 2: 2, 3: 2, 6: 1}
    assert edges[3].loss.mean == pytest.approx((-0.5 - 1.0) / 2)
    assert edges[3].accuracy.mean == pytest.approx(100 * ((20 - 19) + (35 - 19)) / 2 / 50)
    assert edges[2].loss.mean == pytest.approx((0.25 + 0.0) / 2)
    # the dead cell runs no convolution, so it shares none with anybody
    runs = {point.number: point.pairs for point in found.sharing["convolutions"]}
    assert runs == {0: 3, 2: 2, 4: 1}
    assert found.values["near"] == {3: 0.25}
    assert found.values["far"] == {}, "no pair shared nothing"
    assert found.near_minus_far is None


def test_rows_that_watched_nothing_say_nothing(tmp_path: Path) -> None:
    records = factory.records(["gdas", "rea"], 2, full=False)
    analysis = analyze(records)
    assert forgetting_views(analysis, "") == []
    assert watched_figure(analysis, "") is None
    assert sharing_figure(analysis, "") is None
    assert not any("atched" in text for text in findings(analysis))
    render_comparison(runs("gdas", 2), tmp_path / "out", title="t", command="c")
    assert (tmp_path / "out" / "sharing.csv").exists()
    render_comparison(records, tmp_path / "out", title="t", command="c")
    assert not {"sharing.csv", "forgetting.csv"} & {path.name for path in (tmp_path / "out").iterdir()}


def test_mixtures_have_forgetting_but_no_sharing() -> None:
    analysis = analyze(runs("darts-v1", 3, mixture=True))
    assert [table.title for table in forgetting_views(analysis, "")] == ["Forgetting"]
    assert sharing_numbers(analysis).rows == ()
    with styled():
        assert watched_figure(analysis, "") is not None
        assert sharing_figure(analysis, "") is None


def test_seeds_that_watched_different_cells_are_refused() -> None:
    with pytest.raises(UserError, match="'gdas' watched different cells"):
        analyze([runs("gdas", 1)[0], *runs("gdas", 2, cells=5)[1:]])


def test_the_numbers_are_those_of_the_records(page: Path, compared: list[RunRecord]) -> None:
    rows = rows_of(page.parent / "forgetting.csv")
    assert [row["method"] for row in rows] == ["gdas", "gdas-nsas"]
    for row in rows:
        seen = [r.watched for r in compared if r.spec.method == row["method"]]
        curves = [np.array([look.after.right for look in w.looks]) / 5 for w in seen if w is not None]
        assert float(row["drop.mean"]) == pytest.approx(np.mean([drop_from_best(c) for c in curves]))
        assert float(row["late_change.mean"]) == pytest.approx(np.mean([change_over_lag(c[20:], 4) for c in curves]))
        assert (row["n"], row["cells"], row["looks"], row["lag_looks"], row["lag_steps"]) == (
            "10",
            "12",
            "40",
            "4",
            "400",
        )
        assert float(row["near_minus_far.difference"]) < -0.07
        assert float(row["path_steps_per_update"]) == 2
        assert float(row["ms_per_update"]) == pytest.approx(1000 * 50 / 4000)
    sharing = rows_of(page.parent / "sharing.csv")
    none = next(row for row in sharing if (row["method"], row["shared"], row["number"]) == ("gdas", "edges", "0"))
    assert float(none["loss.mean"]) == pytest.approx(0.05)
    assert sum(int(row["pairs"]) for row in sharing if row["shared"] == "edges") == 2 * 10 * 40 * 12


def test_questions_are_answered_about_forgetting_too(page: Path, compared: list[RunRecord]) -> None:
    first, second = rows_of(page.parent / "contrasts.csv")
    rows = {row["method"]: row for row in rows_of(page.parent / "forgetting.csv")}
    for name in ("drop", "late_drop", "change", "late_change"):
        difference = float(rows["gdas-nsas"][f"{name}.mean"]) - float(rows["gdas"][f"{name}.mean"])
        assert float(first[f"{name}.difference"]) == pytest.approx(difference)
        assert float(first[f"{name}.p.holm"]) == pytest.approx(2 / 2**10), "the other question has no answer, so no p"
        assert (second[f"{name}.difference"], second[f"{name}.p.holm"]) == ("", "")
    assert (first["forgetting.n"], second["forgetting.n"]) == ("10", "")
    analysis = analyze(compared)
    (answer,) = answers(analysis, [question(compared, "gdas", "rea")])
    assert answer.forgetting == {}


def test_every_format_has_the_tables_and_the_page_links_the_numbers(page: Path) -> None:
    titles = ("The same questions, asked about forgetting", "Forgetting", "What one update does to other cells")
    for name in ("index.html", "table.md", "table.tex"):
        text = (page.parent / name).read_text().replace("\\", "")
        assert all(title in text for title in titles), name
        assert "weights stood still" in text
    html = page.read_text()
    for name in ("forgetting.csv", "sharing.csv", "contrasts.csv", "table.csv"):
        assert html.count(f'href="{name}"') == 1
        assert (page.parent / name).is_file()
    assert {"watched.svg", "sharing.svg"} <= {path.name for path in (page.parent / "figures").iterdir()}


def test_findings_say_who_loses_and_claim_nothing_without_a_test() -> None:
    ten = [*runs("gdas", 10, looks=100), *runs("gdas-nsas", 10, looks=100)]
    analysis = analyze(ten)
    told = findings(analysis, answers(analysis, [question(ten, "gdas-nsas", "gdas")]))
    (late,) = [text for text in told if text.startswith("Watched cells in the second half")]
    assert "points in 400 weight updates; they lose accuracy: gdas (−2." in late
    assert any(text.startswith("Points by which watched cells end below their own best") for text in told)
    assert any("the two differ for gdas and gdas-nsas" in text for text in told)
    assert any(text.startswith("Change over a lag in the second half of training, differences") for text in told)
    three = [record for record in ten if record.spec.seed < 3]
    analysis = analyze(three)
    told = findings(analysis, answers(analysis, [question(three, "gdas-nsas", "gdas")]))
    assert any("updates; underpowered, so no test: gdas (" in text for text in told)
    assert any(text.startswith("Which of two rows forgets less is open") for text in told)
    assert not any("lose accuracy" in text or "the two differ" in text for text in told)


def test_one_seed_has_numbers_without_intervals() -> None:
    analysis = analyze(runs("gdas", 1))
    (row,) = forgetting_numbers(analysis).rows
    assert row["drop"].value is not None
    assert row["drop"].low is None
    assert not any("nan" in text for text in findings(analysis))


def test_panels_hold_a_plain_method_with_those_that_extend_it() -> None:
    def titled(*methods: str) -> dict[str, list[str]]:
        return panels({method: method for method in methods})

    eight = [f"{head}{tail}" for head in ("gdas", "randomnas") for tail in ("", "-wpl", "-nsas", "+ac")]
    assert titled(*eight) == {"gdas": eight[:4], "randomnas": eight[4:]}
    assert titled(*eight, "setn", "enas")["others"] == ["setn", "enas"]
    assert titled(*eight[:4]) == {"": eight[:4]}
    assert list(titled("gdas", "gdas-a", "enas", "nao", "setn", "randomnas")) == [""], "one pair is no reason"
    assert list(titled("gdas", "gdasx", "enas", "enasy", "setn")) == [""], "names that only begin alike"
    rows = panels(
        {"gdas · tau=1": "gdas", "gdas · tau=2": "gdas", "enas · a": "enas", "enas · b": "enas", "nao": "nao"}
    )
    assert rows == {"gdas": ["gdas · tau=1", "gdas · tau=2"], "enas": ["enas · a", "enas · b"], "others": ["nao"]}


def test_a_run_that_was_looked_at_once_says_what_it_can() -> None:
    record = factory.watched(factory.record("gdas", 0), looks=1)
    found = forgetting_of([record])
    assert found is not None
    assert found.values["drop"] == {0: 0.0}
    assert found.values["change"] == {}
    assert math.isnan(found.summary("late_change").mean)
    assert found.versus_still is None
    assert findings(analyze([record]))


def test_changes_over_lags_of_other_lengths_are_not_compared(compared: list[RunRecord]) -> None:
    """A tenth of the looks of a training half as long is half as many updates."""

    def halved(record: RunRecord) -> RunRecord:
        assert record.watched is not None
        looks = [look.model_copy(update={"step": look.step // 2}) for look in record.watched.looks]
        return record.model_copy(update={"watched": record.watched.model_copy(update={"looks": looks})})

    shorter = [halved(r) if r.spec.method == "gdas-nsas" else r for r in compared]
    asked = [question(shorter, "gdas-nsas", "gdas")]
    (same,) = answers(analyze(compared), [question(compared, "gdas-nsas", "gdas")])
    (other,) = answers(analyze(shorter), asked)
    assert set(same.forgetting) == {"drop", "late_drop", "change", "late_change"}
    assert set(other.forgetting) == {"drop", "late_drop"}
