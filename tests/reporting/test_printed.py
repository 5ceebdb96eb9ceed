"""What papers print, on the page of a comparison: beside ours where there is something, nowhere else."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import darts_factory
import factory
import pytest
from rich.console import Console

from nasrepro.records.record import RunRecord, Score
from nasrepro.reporting.analysis import Analysis, analyze
from nasrepro.reporting.comparison import render_comparison, terminal_comparison
from nasrepro.reporting.printed import FILE, TITLE, printed_files, printed_views
from nasrepro.reporting.table_model import Table

METHODS = ["randomnas", "gdas", "gdas-nsas", "en2as", "random"]
CAPTION = "not comparable in value"


def moved(record: RunRecord, benchmark: str, scale: str, **training: Any) -> RunRecord:
    """The record as if it had been run there."""
    settings: dict[str, Any] = dict(record.spec.settings)
    settings["training"] = {**settings["training"], **training}
    spec = record.spec.model_copy(update={"benchmark": benchmark, "scale": scale, "settings": settings})
    return record.model_copy(update={"spec": spec})


def runs(scale: str = "laptop", benchmark: str = "darts-cifar10", **training: Any) -> list[RunRecord]:
    return [moved(record, benchmark, scale, **training) for record in darts_factory.records(METHODS, 2)]


def numbers(analysis: Analysis) -> Table:
    (file,) = printed_files(analysis)
    return file.table


def texts(table: Table, *keys: str) -> list[tuple[str | None, ...]]:
    return [tuple(row[key].text for key in keys) for row in table.rows]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("printed") / "out"
    return render_comparison(runs(), out, title="Cells", command="nasrepro compare").parent


def test_every_number_of_the_methods_is_quoted_as_printed() -> None:
    found = texts(numbers(analyze(runs())), "method", "item", "row", "column", "printed.raw")
    assert [line for line in found if line[0] == "randomnas"] == [
        ("randomnas", "en2as/table-1", "Random Search WS", "Test error (%)", "2.85±0.08"),
        ("randomnas", "en2as/table-1", "Random Search WS", "Parameters (M)", "4.3"),
        ("randomnas", "en2as/table-3", "Random sampling + RS", "Test error (%)", "3.01"),
        ("randomnas", "nsas/table-1", "RandomNAS", "CIFAR-10 test error (%)", "2.85±0.08"),
        ("randomnas", "nsas/table-1", "RandomNAS", "Parameters (M)", "4.3"),
    ]
    assert ("en2as", "en2as/table-1", "EN²AS", "Best epoch on the test images (%)", "2.59") in found
    assert ("random", "nsas/table-1", "Random baseline", "CIFAR-10 test error (%)", "3.29±0.15") in found
    assert not any("CIFAR-100" in str(column) or "days" in str(column) for *_, column, _ in found)


def test_ours_are_in_the_terms_of_the_printed_column() -> None:
    analysis = analyze(runs())
    own = analysis.method("en2as")
    lines = {str(row["column"].text): row for row in numbers(analysis).rows if row["row"].text == "EN²AS"}
    assert lines["Test error (%)"]["ours"].value == pytest.approx(100 - own.scores["test"].mean)
    assert lines["Test error (%)"]["ours"].std == pytest.approx(own.scores["test"].std)
    best = lines["Best epoch on the test images (%)"]["ours"].value
    assert best == pytest.approx(100 - own.scores["test.best"].mean)
    assert lines["Parameters (M)"]["ours"].value == pytest.approx(own.params.mean)


def test_a_row_with_stated_settings_is_beside_runs_that_fit_alone() -> None:
    assert "nsas/figure-4" not in {item for (item,) in texts(numbers(analyze(runs())), "item")}
    watched = numbers(analyze(runs(watched_cells=12)))
    lines = texts(watched, "method", "item", "printed.raw")
    assert [line for line in lines if line[1] == "nsas/figure-4"] == [
        ("gdas", "nsas/figure-4", "-0.1818"),
        ("gdas-nsas", "nsas/figure-4", "0.3030"),
        ("randomnas", "nsas/figure-4", "0.0909"),
    ]


@pytest.mark.parametrize("scale", ["smoke", "laptop"])
def test_no_difference_is_formed_at_another_scale(scale: str) -> None:
    analysis = analyze(runs(scale))
    assert all(row["ours_minus_paper"].value is None for row in numbers(analysis).rows)
    (table,) = printed_views(analysis, "")
    assert f"of scale {scale}" in table.notes[0]
    assert CAPTION in table.notes[0]
    assert table.caption == table.notes[0]
    assert not any("Δ" in cell.note for row in table.rows for cell in row.cells.values())


def test_at_the_papers_scale_a_difference_is_formed() -> None:
    analysis = analyze(runs("paper"))
    own = analysis.method("gdas-nsas")
    line = next(row for row in numbers(analysis).rows if row["row"].text == "GDAS-NSAS")
    assert line["ours_minus_paper"].value == pytest.approx(100 - own.scores["test"].mean - 2.73)
    (table,) = printed_views(analysis, "Where it is from.")
    assert table.caption == "Where it is from."
    assert CAPTION not in table.notes[0]
    quoted = next(row for row in table.rows if row["who"].text == "GDAS-NSAS")
    assert quoted["answer test error"].note.startswith("Δ +")


def test_people_see_ours_and_below_it_the_papers_rows() -> None:
    (table,) = printed_views(analyze(runs()), "")
    assert [column.label for column in table.columns] == [
        "Method",
        "Test error (%)",
        "Best epoch on the test images (%)",
        "Parameters (M)",
    ]
    shown = [(row["who"].text, row["who"].note.split("\n")[0], row.reference) for row in table.rows]
    start = shown.index(("en2as", "ours, scale laptop", False))
    assert shown[start + 1 : start + 3] == [
        ("EN²AS", "paper, en2as/table-1", True),
        ("Novelty search + EA", "paper, en2as/table-3", True),
    ]
    assert [row.first_of_group for row in table.rows] == [not row.reference for row in table.rows]
    about = next(note for note in table.notes if note.startswith("en2as/table-1"))
    assert "EN²AS: One training of one cell." in about
    assert "SNAS" not in about


def test_every_format_of_the_page_has_it(page: Path) -> None:
    for name in ("index.html", "table.md", "table.tex"):
        text = (page / name).read_text()
        assert TITLE in text, name
        assert CAPTION in text, name
        assert "paper, nsas/table-1" in text, name
    assert f'href="{FILE}"' in (page / "index.html").read_text()
    with (page / FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["scale"] for row in rows} == {"laptop"}
    line = next(row for row in rows if row["item"] == "nsas/table-1" and row["method"] == "randomnas")
    assert (line["printed.mean"], line["printed.std"], line["ours.n"]) == ("2.85", "0.08", "2")
    assert "ten trainings of one cell" in line["note"]


def test_the_terminal_has_it() -> None:
    out = io.StringIO()
    Console(file=out, width=140).print(terminal_comparison(runs()))
    assert TITLE in out.getvalue()
    assert CAPTION in " ".join(out.getvalue().split())
    assert "paper, nsas/table-1" in out.getvalue()


@pytest.mark.parametrize("place", ["darts-digits", "darts-cifar100", "nb201-digits"])
def test_of_another_benchmark_nothing_is_printed(place: str) -> None:
    analysis = analyze(runs(benchmark=place))
    assert not printed_views(analysis, "")
    assert not printed_files(analysis)


def test_a_page_without_printed_numbers_has_no_such_section(tmp_path: Path) -> None:
    records = darts_factory.records(["gdas"], 2)
    folder = render_comparison(records, tmp_path / "out", title="Cells", command="nasrepro compare").parent
    assert not (folder / FILE).exists()
    assert not any(TITLE in (folder / name).read_text() for name in ("index.html", "table.md", "table.tex"))


def test_methods_that_no_paper_prints_are_left_out() -> None:
    others = [moved(record, "darts-cifar10", "laptop") for record in darts_factory.records(["gdas-ac", "gdas"], 2)]
    assert {method for (method,) in texts(numbers(analyze(others)), "method")} == {"gdas"}
    assert printed_views(analyze(others[:2]), "") == []


def test_runs_without_a_result_leave_a_gap_beside_the_printed_number() -> None:
    lost = [record.model_copy(update={"status": "diverged", "scores": [], "found": None}) for record in runs()[2:4]]
    table = numbers(analyze([*runs()[:2], *lost]))
    gaps = [row for row in table.rows if row["method"].text == "gdas"]
    assert gaps
    assert all(row["ours"].value is None and row["printed"].value is not None for row in gaps)


def test_two_protocols_are_two_rows_of_ours_beside_the_same_printed_row() -> None:
    sound = [record for record in runs() if record.spec.method == "gdas"]
    spec = [record.spec.model_copy(update={"protocol": "as-released"}) for record in sound]
    released = [
        record.model_copy(update={"spec": own, "key": f"{record.key[:-1]}r"})
        for record, own in zip(sound, spec, strict=True)
    ]
    table = numbers(analyze([*sound, *released], several_protocols=True))
    assert {line for line in texts(table, "method", "protocol") if line} == {
        ("gdas · sound", "sound"),
        ("gdas · as-released", "as-released"),
    }
    (view,) = printed_views(analyze([*sound, *released], several_protocols=True), "")
    about = next(note for note in view.notes if note.startswith("nsas/table-1"))
    assert about.count("GDAS: ") == 1


def test_looked_up_benchmarks_have_it_with_marks_and_bold_and_no_difference() -> None:
    made = [factory.record("gdas", seed, benchmark="nb201-cifar10") for seed in range(2)]
    score = Score(scoring="test", dataset="cifar10", split="test", epochs=200, value=93.0, n_trials=3)
    analysis = analyze([record.model_copy(update={"scores": [score]}) for record in made])
    first = numbers(analysis).rows[0]
    assert [first[key].text for key in ("item", "marks", "printed.raw")] == ["e2nas/table-1", "*", "93.37±0.42"]
    assert first["ours"].value == 93.0
    assert first["ours_minus_paper"].value is None
    (table,) = printed_views(analysis, "")
    assert table.rows[1]["who"].marks == ("*",)
    assert any("Starred: apparently run by the authors" in note for note in table.notes)
