"""`compare`, `search`, `report`, `reproduce` on a made-up table."""

import csv
from dataclasses import replace
from pathlib import Path

import failing_runs
import pytest

from nasrepro.experiments.plan import plan
from nasrepro.experiments.runner import run
from nasrepro.methods import catalog
from nasrepro.papers import catalog as papers
from nasrepro.records.spec import run_key
from nasrepro.records.store import RunStore, read_folder, write_record

TABULAR = ("compare", "--methods", "random,random-search", "--benchmark", "nb201-cifar10", "--scale", "smoke")


@pytest.fixture
def without_figures(monkeypatch):
    """Drawing takes most of the time of a rendering and is tested where it lives."""
    monkeypatch.setattr("nasrepro.reporting.comparison.all_figures", lambda *_: [])


def make_runs(methods, seeds=(0, 1), protocol="sound"):
    """Fills the run store of the current folder without the command line."""
    store = RunStore(Path("runs"))
    return [
        run(planned, store)
        for planned in plan(
            methods,
            "nb201-cifar10",
            seeds,
            scale="smoke",
            protocol=protocol,
            threads=1,
            overrides={},
            store=store,
        )
    ]


def same(first, second):
    return [a.comparable() for a in first] == [b.comparable() for b in second]


def test_compare_writes_a_report_and_reuses_its_runs(with_table, tmp_path):
    first = with_table(*TABULAR, "--seeds", "0,1", "--workers", "2")
    assert first.code == 0
    assert "report: reports/compare/index.html" in first.out
    assert "random-search" in first.out
    assert "runs: 4 new, 0 found in 'runs', 0 failed" in first.err
    report = tmp_path / "reports" / "compare"
    with (report / "table.csv").open() as file:
        assert [row["method"] for row in csv.DictReader(file)] == ["random", "random-search"]
    assert len(read_folder(report / "records")) == 4
    assert (report / "index.html").exists()

    second = with_table(*TABULAR, "--seeds", "0-2", "--out", "again", "--json")
    assert second.code == 0
    assert (len(second.json["runs"]), second.json["reused"], second.json["failed"]) == (6, 4, [])
    assert [row["n"] for row in second.json["rows"]] == [3, 3]
    assert isinstance(second.json["rows"][0]["test.mean"], float)


def test_records_do_not_depend_on_the_number_of_workers(with_table, without_figures, tmp_path):
    for workers in ("1", "3"):
        assert with_table(*TABULAR, "--runs", f"runs{workers}", "--out", "out", "--workers", workers).code == 0
    assert same(read_folder(tmp_path / "runs1" / "records"), read_folder(tmp_path / "runs3" / "records"))


def test_a_crash_leaves_the_others_and_is_tried_again_when_asked(with_table, without_figures, tmp_path, monkeypatch):
    monkeypatch.setattr("nasrepro.experiments.execute.run_planned", failing_runs.run_unless_flagged)
    command = ("compare", "-m", "random", "-b", "nb201-cifar10", "--scale", "smoke", "--seeds", "0-2")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "crash").touch()
    crashed = with_table(*command)
    assert crashed.code == 1
    assert len(read_folder(tmp_path / "reports" / "compare" / "records")) == 2
    last = crashed.err.splitlines()[-1]
    assert last.startswith("nasrepro: 1 of 3 runs failed")
    assert "random seed 1: its process was killed by SIGKILL" in last
    assert (tmp_path / last.split("(see '")[1].split("'")[0]).exists()

    (tmp_path / "runs" / "crash").unlink()
    remembered = with_table(*command)
    assert remembered.code == 1
    assert "not tried again: random seed 1 failed: its process was killed" in remembered.err
    assert "1 of 3 runs failed, 1 of them before; --retry-failed tries them again" in remembered.err

    finished = with_table(*command, "--retry-failed")
    assert finished.code == 0
    assert "runs: 1 new, 2 found in 'runs', 0 failed" in finished.err
    assert len(read_folder(tmp_path / "reports" / "compare" / "records")) == 3


def test_compare_puts_protocols_side_by_side(with_table, without_figures, user_error, monkeypatch):
    rea = replace(catalog.METHODS["rea"], protocols={"sound": {}, "as-released": {"search": {"population": 4}}})
    monkeypatch.setattr(catalog, "METHODS", {**catalog.METHODS, "rea": rea})
    make_runs(["rea", "random"], protocol=["sound", "as-released"])
    command = (*TABULAR[:1], "-m", "random,rea", *TABULAR[3:], "--seeds", "0,1")
    both = with_table(*command, "--protocol", "sound,as-released", "--json")
    assert "runs: 0 new, 6 found" in both.err
    rows = [(row["method"], row["protocol"], row["n"]) for row in both.json["rows"]]
    assert rows == [
        ("random · sound", "sound", 2),
        ("rea · sound", "sound", 2),
        ("rea · as-released", "as-released", 2),
    ]
    shown = with_table(*command, "--protocol", "sound,as-released")
    assert "random under sound only" in shown.out
    again = with_table("report", "reports/compare", "--protocol", "as-released", "--out", "released", "--json")
    assert [row["method"] for row in again.json["rows"]] == ["rea"]
    user_error(with_table(*command, "--protocol", "as-released"), "'random' has no protocol 'as-released'")
    user_error(with_table(*command, "--protocol", "sound,releases"), "'releases'", "as-released")


def test_nothing_but_failures_leaves_no_report(with_table, tmp_path, monkeypatch):
    monkeypatch.setattr("nasrepro.experiments.execute.run_planned", failing_runs.run_unless_flagged)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "crash").touch()
    result = with_table("compare", "-m", "random", "-b", "nb201-cifar10", "--scale", "smoke", "--seeds", "1")
    assert result.code == 1
    assert not (tmp_path / "reports").exists()


def test_search_prints_what_it_found(with_table, tmp_path):
    command = ("search", "rea", "--benchmark", "nb201-cifar10", "--scale", "smoke", "--seed", "3")
    result = with_table(*command)
    assert result.code == 0
    (record,) = read_folder(tmp_path / "runs" / "records")
    assert record.found.text in result.out
    assert f"{record.scores[0].value:.2f}".rstrip("0") in result.out
    assert "truth: invented for tests" in result.out
    again = with_table(*command, "--json")
    assert again.json == record.model_dump(mode="json")
    assert "1 found" in again.err


def test_report_renders_again_from_records(with_table, without_figures, tmp_path):
    make_runs(["random", "random-search"])
    with_table("report", "--out", "first")
    page = (tmp_path / "first" / "table.csv").read_bytes()
    (tmp_path / "first" / "table.csv").unlink()
    result = with_table("report", "first")
    assert result.code == 0
    assert "report: first/index.html" in result.out
    assert (tmp_path / "first" / "table.csv").read_bytes() == page

    from_store = with_table("report", "--out", "second", "--methods", "random", "--json")
    assert [row["method"] for row in from_store.json["rows"]] == ["random"]
    assert from_store.json["report"] == "second/index.html"
    assert with_table("report", "--methods", "rea").code == 2


def test_report_of_a_store_goes_beside_it(with_table, without_figures, tmp_path):
    make_runs(["random"])
    result = with_table("report", "runs")
    assert "report: reports/report/index.html" in result.out
    assert not (tmp_path / "runs" / "index.html").exists()


HOME = ("--benchmark", "nb201-cifar10")


def test_reproduce_without_data_says_what_to_do(nasrepro, user_error):
    user_error(nasrepro("reproduce", "e2nas/table-1", *HOME), "nasbench201.npz", "data convert", "--published")


def test_reproduce_shows_published_records_where_data_are_missing(with_table, nasrepro, monkeypatch, tmp_path):
    records = published_gdas(tmp_path)
    monkeypatch.setenv("NASREPRO_DATA", str(tmp_path / "no-data"))
    result = nasrepro("reproduce", "e2nas/table-1", *HOME, "--published", "published")
    assert result.code == 0
    assert "ours, published, smoke" in result.out
    assert "93.37 ± 0.42" in result.out  # the paper's GDAS
    assert "not run here" in result.err
    assert "nasbench201.npz" in result.err
    written = read_folder(tmp_path / "reports" / "reproduce" / "e2nas-table-1" / "records")
    assert {record.key for record in written} == {record.key for record in records}


def test_published_records_hide_no_mistake(with_table, nasrepro, user_error, monkeypatch, tmp_path):
    published_gdas(tmp_path)
    monkeypatch.setenv("NASREPRO_DATA", str(tmp_path / "no-data"))
    user_error(nasrepro("reproduce", "e2nas/table-1", "--scale", "labtop", "--published", "published"), "labtop")
    user_error(nasrepro("reproduce", "e2nas/table-1", "--benchmark", "nb", "--published", "published"), "'nb'")
    user_error(nasrepro("reproduce", "e2nas/table-1", "--published", "nowhere"), "nowhere")


def test_no_run_shows_published_records_only(with_table, user_error, tmp_path):
    published_gdas(tmp_path)
    result = with_table("reproduce", "e2nas/table-1", "--published", "published", "--no-run", "--json")
    assert result.code == 0
    ours = [row for row in result.json["rows"] if row["method"] == "gdas" and row["n"]]
    assert [row["source"] for row in ours] == ["ours, published, smoke"]
    assert {claim["verdict"] for claim in result.json["claims"]} <= {"not measured", "inconclusive", "no bound stated"}
    user_error(with_table("reproduce", "e2nas/table-1", "--no-run"), "--published")


def test_reproduce_answers_with_the_claims_of_a_table(with_table, tmp_path):
    published_gdas(tmp_path, method="randomnas")
    result = with_table("reproduce", "en2as/table-3", "--published", "published", "--no-run", "--json")
    assert result.code == 0
    stated = [claim.measured for claim in papers.item("en2as/table-3").claims]
    assert [claim["measured"] for claim in result.json["claims"]] == stated
    assert {claim["verdict"] for claim in result.json["claims"]} == {"not measured"}
    assert len(result.json["rows"]) >= 6


def test_reproduce_draws_a_figure_from_its_series(with_table, tmp_path):
    series = {"pairwise accuracy": [(100, 0.7), (500, 0.8)], "Hamming distance": [(100, 2.0), (500, 0.1)]}
    published_gdas(tmp_path, method="nao-study", series=series)
    words = ("reproduce", "nao/figure-2a", "--published", "published", "--no-run")
    result = with_table(*words)
    assert result.code == 0
    for word in ("What the paper says, beside ours", "More than 78 %", "underpowered", "report: reports/reproduce"):
        assert word in result.out
    page = tmp_path / "reports" / "reproduce" / "nao-figure-2a"
    assert (page / "figures" / "figure-2a.svg").exists()
    answer = with_table(*words, "--json").json
    assert (answer["item"], answer["kind"]) == ("nao/figure-2a", "figure")
    assert answer["rows"][0]["ours.mean"] == pytest.approx(0.8)


def test_reproduce_runs_a_figure_on_the_seeds_that_are_named(with_table, monkeypatch):
    study = replace(catalog.METHODS["random"], name="nao-study")  # quick, and it records no series
    monkeypatch.setattr(catalog, "METHODS", {**catalog.METHODS, "nao-study": study})
    make_runs(["nao-study"], seeds=range(10))
    result = with_table("reproduce", "nao/figure-2a", *HOME, "--scale", "smoke", "--seeds", "0-9", "--json")
    assert "runs: 0 new, 10 found" in result.err
    assert {row["verdict"] for row in result.json["rows"]} == {"not measured"}
    fewer = with_table("reproduce", "nao/figure-2a", *HOME, "--scale", "smoke", "--seeds", "3")
    assert "runs: 0 new, 1 found" in fewer.err


def test_an_item_without_a_method_of_ours_is_refused(with_table, user_error, monkeypatch):
    monkeypatch.setattr(catalog, "METHODS", {"random": catalog.METHODS["random"]})
    user_error(with_table("reproduce", "nao/figure-2a"), "nao/figure-2a", "nao-study")


def published_gdas(tmp_path, method="gdas", series=None):
    """Records that pass for published ones of `gdas`: made by a tabular method, then renamed."""
    records = []
    for record in make_runs(["rea"]):
        spec = record.spec.model_copy(update={"method": method})
        update = {"spec": spec, "key": run_key(spec, record.data), "series": series or {}}
        records.append(record.model_copy(update=update))
        write_record(tmp_path / "published" / "records" / f"{records[-1].key}.json", records[-1])
    return records


def test_a_damaged_number_of_the_truth_is_found_before_anything_runs(
    nasrepro, user_error, table_root, tmp_path, monkeypatch
):
    table = tmp_path / "data" / "nb201" / "nasbench201.npz"
    table.parent.mkdir(parents=True)
    content = bytearray((table_root / "nb201" / "nasbench201.npz").read_bytes())
    content[content.index(b"acc/imagenet16-120/test/200") + 1000] ^= 1
    table.write_bytes(content)
    monkeypatch.setenv("NASREPRO_DATA", str(tmp_path / "data"))
    user_error(nasrepro(*TABULAR, "--seeds", "0"), "acc/imagenet16-120/test/200", "nasrepro data convert")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_two_settings_of_one_method_are_two_rows(with_table, without_figures, user_error, tmp_path):
    words = ("--benchmark", "nb201-cifar10", "--scale", "smoke", "--seeds", "0,1", "--json")
    first = with_table("compare", "--methods", "random,rea[search.tournament=2],rea,rea[search.tournament=2]", *words)
    assert first.code == 0
    assert [(row["method"], row["n"]) for row in first.json["rows"]] == [
        ("random", 2),
        ("rea · tournament=2", 2),
        ("rea · tournament=3", 2),
    ]
    assert len(first.json["runs"]) == 6, "what is the same is run once"
    page = (tmp_path / "reports" / "compare" / "index.html").read_text()
    assert "rea[search.tournament=2]" in page, "the command of the page gives the page"
    again = with_table(
        "report", "reports/compare", "--methods", "rea[search.tournament=2],random", "--out", "two", "--json"
    )
    assert [row["method"] for row in again.json["rows"]] == ["random", "rea"]
    user_error(with_table("compare", "-m", "rea[search.turnament=2]", *words), "turnament", "did you mean 'tournament'")
    user_error(with_table("compare", "-m", "rea[search.tournament=2", *words), "lacks a ']'")


def test_questions_are_answered_and_kept_with_the_report(with_table, without_figures, user_error, tmp_path):
    words = ("--benchmark", "nb201-cifar10", "--scale", "smoke", "--seeds", "0-9")
    command = ("compare", "--methods", "random,rea[search.tournament=2],rea", *words)
    asked = ("--contrast", "tournament: rea - rea[search.tournament=2]", "--contrast", "rea - random")
    first = with_table(*command, *asked, "--json")
    tournament, gain = first.json["contrasts"]
    assert (tournament["label"], tournament["second"], tournament["n"]) == ("tournament", "rea · tournament=2", 10)
    mean = {row["method"]: row["test.mean"] for row in first.json["rows"]}
    assert gain["gain.difference"] == pytest.approx(mean["rea · tournament=3"] - mean["random"])
    report = tmp_path / "reports" / "compare"
    assert "&#39;tournament: rea - rea[search.tournament=2]&#39;" in (report / "index.html").read_text()
    stored = (report / "contrasts.json").read_bytes()

    again = with_table("report", "reports/compare")
    assert "The questions asked" in again.out
    assert again.out.index("The questions asked") < again.out.index("What the found cells are worth")
    assert (report / "contrasts.json").read_bytes() == stored
    fewer = with_table("report", "reports/compare", "--methods", "rea", "--out", "fewer", "--json")
    assert [row["label"] for row in fewer.json["contrasts"]] == ["tournament"], "the others' rows are left out"
    assert with_table(*command, "--json").json["contrasts"] == []

    for text, hint in (("rea - rae", "did you mean 'rea'?"), ("rea - rea", "twice"), ("rea", "the form is")):
        user_error(with_table(*command, "--contrast", text, "--runs", "none"), "contrast '", hint)
    assert not (tmp_path / "none").exists()


def test_reproduce_runs_the_settings_of_rows_and_keeps_them(with_table, user_error, monkeypatch):
    asked = []
    module = "nasrepro.experiments.reproducing"
    monkeypatch.setattr(f"{module}.plan", lambda variants, *_, **__: asked.append(variants) or [])
    monkeypatch.setattr(f"{module}.missing_data", lambda *_: "")
    assert with_table("reproduce", "e2nas/figure-1a", *HOME, "--scale", "smoke", "--json").code == 0
    assert "randomnas-ac[regularizer.epsilon=0.2]" in [variant.text for variant in asked[0]]
    refused = with_table("reproduce", "e2nas/figure-1a", "--set", "regularizer.epsilon=0.3")
    user_error(refused, "regularizer.epsilon", "e2nas/figure-1a", "states it itself")
    assert with_table("reproduce", "e2nas/figure-1a", *HOME, "--set", "training.epochs=3", "--json").code == 0
