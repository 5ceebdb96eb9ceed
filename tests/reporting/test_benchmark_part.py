"""A benchmark worked out for the site: its rows and files say what the analysis says."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import factory
import pytest
import text_factory

from nasrepro.metrics.significance import holm, paired
from nasrepro.records.record import RunRecord
from nasrepro.reporting.analysis import analyze
from nasrepro.reporting.site.benchmark_part import benchmark_part
from nasrepro.reporting.site.benchmark_tables import methods_table, pair_anchor, pairs_of
from nasrepro.reporting.site.material import BenchmarkMaterial, BenchmarkResult, Held

METHODS = ["random", "gdas", "randomnas", "rea"]


def part_of(records: list[RunRecord]) -> BenchmarkResult:
    held = [Held(record, Path(f"{record.key}.json"), fresh=False) for record in records]
    return benchmark_part(BenchmarkMaterial(records[0].spec.benchmark, {}, held))


@pytest.fixture(scope="module")
def images() -> list[RunRecord]:
    return factory.records(METHODS, 10)


@pytest.fixture(scope="module")
def result(images: list[RunRecord]) -> BenchmarkResult:
    return part_of(images)


def lines(result: BenchmarkResult, name: str) -> list[dict[str, str]]:
    content = result.files[f"tables/{name}.csv"]
    assert isinstance(content, str)
    return list(csv.DictReader(io.StringIO(content)))


def test_rows_are_the_analysis(images: list[RunRecord], result: BenchmarkResult) -> None:
    analysis = analyze(images)
    assert [row.method for row in result.rows] == [own.method for own in analysis.methods]
    for row, own in zip(result.rows, analysis.methods, strict=True):
        worth = own.scores["test"]
        assert (row.mean, row.std, row.low, row.high, row.n) == (worth.mean, worth.std, worth.low, worth.high, 10)
        assert (row.benchmark, row.scale, row.quantity) == ("nb201-digits", "laptop", "Test accuracy (%)")
        assert set(row.records) == {record.key for record in own.records}
        assert row.tau == (own.ranking.tau.mean if own.ranking else None)
        assert row.p == (own.versus_random.p if own.versus_random else None)
    drawn, gdas = result.rows[0], next(row for row in result.rows if row.method == "gdas")
    assert drawn.against_random is None
    assert gdas.mean is not None
    assert gdas.against_random == pytest.approx(gdas.mean - factory.RANDOM_MEAN)
    assert gdas.steps == 8000
    assert gdas.seconds == 61.5


def test_pairs_differ_in_worth_and_tau_seed_by_seed(images: list[RunRecord], result: BenchmarkResult) -> None:
    analysis = analyze(images)
    pairs = {(pair.first, pair.second): pair for pair in pairs_of(analysis)}
    assert len(pairs) == 6
    taus = [own.ranking.taus for own in (analysis.method("gdas"), analysis.method("randomnas")) if own.ranking]
    expected = paired([taus[0][seed] for seed in range(10)], [taus[1][seed] for seed in range(10)])
    own = pairs["gdas", "randomnas"].tau
    assert own is not None
    assert own.comparison == expected
    assert own.p == holm([expected.p])[0]
    assert pairs["random", "rea"].tau is None
    written = next(line for line in lines(result, "nb201-digits-pairs") if line["pair"] == "gdas − randomnas")
    assert float(written["tau.difference"]) == pytest.approx(expected.difference, rel=1e-9)
    assert float(written["difference.low"]) < float(written["difference.high"])
    assert f'id="{pair_anchor("randomnas", "gdas")}"' in result.body


def test_files_hold_every_row_and_the_formats_of_every_figure(result: BenchmarkResult) -> None:
    assert {line["method"] for line in lines(result, "nb201-digits")} == set(METHODS)
    assert {line["method"] for line in lines(result, "nb201-digits-random")} == set(METHODS) - {"random"}
    figures = {name.partition(".")[0] for name in result.files if name.startswith("figures/")}
    assert {"figures/nb201-digits-accuracy", "figures/nb201-digits-tau", "figures/nb201-digits-cells"} <= figures
    assert all(f"{name}.{ending}" in result.files for name in figures for ending in ("svg", "png", "pdf"))
    for name in result.files:
        assert f'href="../{name}"' in result.body
    tex = result.files["tables/nb201-digits.tex"]
    assert isinstance(tex, str)
    assert tex.count(r"\begin{tabular}") == tex.count(r"\end{tabular}") >= 4
    assert r"\label{tab:nb201-digits-1}" in tex


def test_everything_linked_to_in_the_body_is_there(result: BenchmarkResult) -> None:
    ids = re.findall(r'\bid="([^"]+)"', result.body)
    assert len(ids) == len(set(ids))
    linked = set(re.findall(r'href="#([^"]+)"', result.body)) - {""}
    assert {f"records-{name}" for name in METHODS} <= linked <= set(ids)
    assert {f"method-{name}" for name in METHODS} <= set(ids)
    for row in result.rows:
        assert f'href="../methods/{row.method}.html"' in result.body
        assert all(f"../sources.html#{key}" in result.body for key in row.records)


def test_what_tau_is_held_against_is_a_line_where_it_is_the_same_for_all(images: list[RunRecord]) -> None:
    analysis = analyze(images)
    table = methods_table(analysis)
    ranking = analysis.method("gdas").ranking
    assert ranking is not None
    counting = next(row for row in table.rows if row["method"].text == "counting parameters")
    assert counting.reference
    assert counting["tau"].value == ranking.by_params
    assert "tau.params" not in {column.key for column in table.columns}


def test_a_perplexity_is_better_when_lower() -> None:
    records = text_factory.records(["randomnas", "random"], 10, agrees=0.4)
    result = part_of(records)
    means = {row.method: row.mean for row in result.rows}
    best = min(means, key=lambda name: means[name] or 0.0)
    assert not any(row.higher_is_better for row in result.rows)
    assert re.search(rf"Best cells on average among 2 methods \([a-z ]+\): {best}, test perplexity", result.body)
    searched = next(row for row in result.rows if row.method == "randomnas")
    exact = next(score.random_mean for score in records[0].scores if score.scoring == "test")
    assert exact is not None
    assert searched.mean is not None
    assert searched.against_random == pytest.approx(exact - searched.mean)


def test_without_a_truth_of_the_whole_space_the_random_runs_are_compared_with() -> None:
    result = part_of(factory.records(["random", "gdas"], 10, exact=False))
    means = {row.method: row.mean or 0.0 for row in result.rows}
    gdas = next(row for row in result.rows if row.method == "gdas")
    assert gdas.against_random == pytest.approx(means["gdas"] - means["random"])
    assert "best cell of the space" not in result.body


def test_runs_without_a_result_are_named() -> None:
    bad = [factory.record("gdas", 3, status="diverged"), factory.record("gdas", 4, status="failed")]
    result = part_of([*factory.records(["random", "gdas"], 3), *bad])
    assert "Runs without a result" in result.body
    assert "disk &lt;full&gt;" in result.body
    assert next(row for row in result.rows if row.method == "gdas").n == 3
    only = part_of([factory.record("gdas", 0, status="failed")])
    assert [(row.mean, row.n) for row in only.rows] == [(None, 0)]
    assert "nothing can be said" in only.body


def test_a_benchmark_without_runs_and_one_whose_runs_do_not_belong_together_say_so() -> None:
    empty = benchmark_part(BenchmarkMaterial("nb201-cifar10", {}, ()))
    assert (empty.rows, empty.files, empty.findings) == ((), {}, ())
    assert "No run on this benchmark" in empty.body
    mixed = part_of([factory.record("gdas", 0), factory.other_truth(factory.record("random", 0))])
    assert mixed.rows == ()
    assert "different ground truth" in mixed.body
