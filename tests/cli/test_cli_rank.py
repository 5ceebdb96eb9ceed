"""`rank` on an invented truth: trained, scored, ranked, told, and rendered again."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import toy_benchmark
from scipy import stats

from nasrepro import benchmarks
from nasrepro.errors import one_line
from nasrepro.experiments.jobs import JobOutcome
from nasrepro.experiments.plan import plan
from nasrepro.experiments.runner import run
from nasrepro.experiments.variants import parse_overrides
from nasrepro.records.scores import RunScores, read_scores, write_scores
from nasrepro.records.store import RunStore, read_folder
from nasrepro.spaces.nb201 import from_index

TOY = ("--benchmark", "nb201-toy", "--scale", "smoke")
KNOWN = np.arange(15625) != 11  # the toy truth has no number for this cell


def toy_truth():
    oracle = benchmarks.get("nb201-toy").open_oracle(None)
    return oracle.query_all(dataset="toy", split=toy_benchmark.TEST.split, epochs=9)


@pytest.fixture(scope="session")
def toy_table(tmp_path_factory):
    path = tmp_path_factory.mktemp("toy-data") / "toy.npz"
    toy_benchmark.write_toy_table(path)
    return path


@pytest.fixture(scope="session")
def finished_runs(tmp_path_factory, toy_table):
    """A store with two scored runs of one method."""
    root = tmp_path_factory.mktemp("toy-runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASREPRO_DATA", str(toy_table.parent))
        patch.setattr(benchmarks, "_BENCHMARKS", dict(benchmarks._BENCHMARKS))
        toy_benchmark.install()
        store = RunStore(root)
        for planned in planned_runs(store):
            run(planned, store)
            toy_benchmark.score_quickly(planned, store, report=lambda done, total: None)
    return root


def planned_runs(store, methods=("randomnas",), seeds=(0, 1)):
    return plan(
        methods,
        "nb201-toy",
        seeds,
        scale="smoke",
        protocol="sound",
        threads=1,
        overrides=parse_overrides([]),
        store=store,
    )


def jobs_here(jobs, means, **options):
    """The executor without its processes, which take seconds to start and are tested where they live."""
    outcomes = []
    for job in jobs:
        try:
            outcomes.append(JobOutcome(job, job.call(*job.args, report=lambda done, total: None)))
        except Exception as error:
            outcomes.append(JobOutcome(job, error=one_line(error), traceback=str(error)))
    return outcomes


@pytest.fixture
def toy_in_workers(nasrepro, monkeypatch, toy_table):
    """`nasrepro` with the toy benchmark, in this process and in workers."""
    monkeypatch.setenv("NASREPRO_DATA", str(toy_table.parent))
    monkeypatch.setattr(benchmarks, "_BENCHMARKS", dict(benchmarks._BENCHMARKS))
    monkeypatch.setattr("nasrepro.experiments.execute.run_planned", toy_benchmark.run_toy)
    monkeypatch.setattr("nasrepro.experiments.space_scores.score_planned", toy_benchmark.score_toy)
    toy_benchmark.install()
    yield nasrepro
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def toy(toy_in_workers, monkeypatch):
    """The same in this process, with invented scores."""
    monkeypatch.setattr("nasrepro.experiments.space_scores.score_planned", toy_benchmark.score_quickly)
    monkeypatch.setattr("nasrepro.experiments.execute.execute_jobs", jobs_here)
    return toy_in_workers


@pytest.fixture
def with_runs(toy, finished_runs, tmp_path):
    """`toy` in a folder whose run store has everything done."""
    shutil.copytree(finished_runs, tmp_path / "runs")
    return toy


@pytest.fixture
def no_figures(monkeypatch):
    """Drawing takes most of the time of a rendering and is tested where it lives."""
    monkeypatch.setattr("nasrepro.reporting.space_report.space_figures", lambda *_: [])
    monkeypatch.setattr("nasrepro.reporting.space_report.tau_figure", lambda *_: None)


def rows(folder):
    with (folder / "table.csv").open(newline="") as file:
        return {row["ranking"]: row for row in csv.DictReader(file)}


def test_rank_trains_scores_and_reports(toy_in_workers, no_figures, tmp_path):
    result = toy_in_workers("rank", "gdas", *TOY, "--seeds", "0")
    assert result.code == 0, result.err
    assert "runs: 1 new, 0 found in 'runs', 0 failed" in result.err
    assert "scoring all cells under the final weights of 1 run" in result.err
    assert "report: reports/rank/index.html" in result.out
    assert "gdas by accuracy" in result.out
    report = tmp_path / "reports" / "rank"
    names = {"index.html", "numbers.json", "table.csv", "table.md", "table.tex", "figures"}
    assert {path.name for path in report.iterdir()} == names | {"records", "scores", "truth.npz"}
    (record,) = read_folder(report / "records")
    found = read_scores(tmp_path / "runs" / "scores" / f"{record.key}.npz", record.key, 15625)
    tau = stats.kendalltau(found.accuracy[KNOWN], toy_truth()[KNOWN]).statistic
    assert float(rows(report)["gdas by accuracy"]["tau.mean"]) == pytest.approx(tau)
    probed = record.probes.checkpoints[-1]
    places = [int(cell.removeprefix("nb201:")) for cell in record.probes.cells]
    np.testing.assert_allclose(found.accuracy[places], probed.accuracy, atol=1e-5)
    np.testing.assert_allclose(found.loss[places], probed.loss, atol=1e-5)


def test_what_is_done_is_not_done_again(with_runs, no_figures, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*.*")}
    result = with_runs("rank", "randomnas", *TOY, "--seeds", "0,1", "--json")
    assert result.code == 0, result.err
    assert "runs: 0 new, 2 found in 'runs', 0 failed" in result.err
    assert "scoring" not in result.err
    assert {path: path.stat().st_mtime_ns for path in before} == before
    content = result.json
    assert content["report"] == "reports/rank/index.html"
    assert content["sets"]["cells"] == 15624
    assert [(entry["name"], entry["by"]) for entry in content["rankings"]] == [
        ("randomnas", "accuracy"),
        ("randomnas", "loss"),
    ]
    assert content["rankings"][0]["summary"]["cells"]["tau"]["n"] == 2
    assert 0.5 < content["truth"]["noise_ceiling"] < 1
    assert [entry["name"] for entry in content["baselines"]] == [
        "parameter count",
        "live convolution parameters",
        "a random order",
    ]
    assert content["baselines"][0]["values"]["cells"]["tau"] > 0.5


def test_what_is_damaged_is_made_again_and_equal(with_runs, no_figures, tmp_path):
    """Of one run the scores, of the other one the weights too."""
    first, second = sorted((tmp_path / "runs" / "scores").iterdir())
    weights = tmp_path / "runs" / "weights" / f"{second.stem}.pt"
    kept = {path: path.read_bytes() for path in (first, second, weights)}
    for path, content in kept.items():
        path.write_bytes(content[:-40])
    assert with_runs("rank", "randomnas", *TOY, "--seeds", "0,1").code == 0
    assert {path: path.read_bytes() for path in (first, second)} == {path: kept[path] for path in (first, second)}
    assert weights.stat().st_size == len(kept[weights])
    assert not list((tmp_path / "runs" / "work").glob("*/*"))


def test_a_run_that_does_not_repeat_is_named_and_the_others_are_ranked(with_runs, no_figures, tmp_path):
    store = RunStore(tmp_path / "runs")
    record = next(iter(store))
    record_path = store.record_path(record.key)
    record_path.write_text(record_path.read_text().replace('"text": "', '"text": "!'))
    store.weights_path(record.key).unlink()
    store.scores_path(record.key).unlink()
    result = with_runs("rank", "randomnas", *TOY, "--seeds", "0,1")
    assert result.code == 1
    last = result.err.splitlines()[-1]
    assert f"randomnas seed {record.spec.seed}: the weights of run {record.key} are gone" in last
    assert "differs in found" in last
    assert str(Path("runs", "records", f"{record.key}.json")) in last
    assert len(read_folder(tmp_path / "reports" / "rank" / "records")) == 1


def test_a_crash_while_scoring_leaves_the_others_and_the_same_command_finishes(with_runs, no_figures, tmp_path):
    runs = tmp_path / "runs"
    for path in (runs / "scores").iterdir():
        path.unlink()
    (runs / "crash-1").touch()
    command = ("rank", "randomnas", *TOY, "--seeds", "0,1", "--json")
    crashed = with_runs(*command)
    assert crashed.code == 1
    assert "1 of 2 runs failed" in crashed.err
    assert "randomnas seed 1: RuntimeError: out of luck" in crashed.err
    (runs / "crash-1").unlink()
    finished = with_runs(*command)
    assert finished.code == 0
    assert "of 1 run" in finished.err
    assert finished.json["rankings"][0]["summary"]["cells"]["tau"]["n"] == 2


def test_cells_whose_loss_is_no_number_are_left_out_and_counted(with_runs, no_figures, tmp_path):
    store = RunStore(tmp_path / "runs")
    record = next(iter(store))
    found = read_scores(store.scores_path(record.key), record.key, 15625)
    accuracy, loss = found.accuracy.copy(), found.loss.copy()
    accuracy[:3] = loss[:3] = np.nan
    write_scores(store.scores_path(record.key), record.key, RunScores(accuracy, loss))
    content = with_runs("rank", "randomnas", *TOY, "--seeds", "0,1", "--json").json
    assert (content["sets"]["cells"], content["unscored"]) == (15621, {"randomnas": 3})


def test_diverged_trainings_rank_nothing(toy, tmp_path):
    result = toy("rank", "gdas", *TOY, "--seeds", "0", "--set", "training.lr=1e30", "--set", "training.clip=null")
    assert result.code == 1
    assert "nothing to rank" in result.err
    assert "gdas seed 0 diverged" in result.err
    assert not (tmp_path / "reports").exists()


def test_a_report_is_rendered_again_from_what_it_holds(with_runs, no_figures, tmp_path):
    with_runs("rank", "randomnas", *TOY, "--seeds", "0,1")
    report = tmp_path / "reports" / "rank"
    before = {path.relative_to(report): path.read_bytes() for path in report.rglob("*") if path.is_file()}
    shutil.rmtree(tmp_path / "runs")
    (report / "index.html").write_text((report / "index.html").read_text().replace("Kendall", "Candle"))
    result = with_runs("report", "reports/rank")
    assert result.code == 0, result.err
    assert {path.relative_to(report): path.read_bytes() for path in report.rglob("*") if path.is_file()} == before
    assert with_runs("report", "reports/rank", "--methods", "gdas").code == 2


@pytest.mark.parametrize("part", ["truth.npz", "scores", "numbers.json"])
def test_a_damaged_report_is_named(with_runs, no_figures, user_error, tmp_path, part):
    with_runs("rank", "randomnas", *TOY, "--seeds", "0,1")
    path = tmp_path / "reports" / "rank" / part
    path = sorted(path.iterdir())[0] if path.is_dir() else path
    path.write_bytes(path.read_bytes()[:100])
    user_error(with_runs("report", "reports/rank"), path.name)


def test_a_truth_that_may_not_be_copied_stays_where_it_is(with_runs, no_figures, user_error, monkeypatch, tmp_path):
    monkeypatch.setattr("nasrepro.oracles.table.TableOracle.may_be_copied", False)
    with_runs("rank", "randomnas", *TOY, "--seeds", "0,1")
    report = tmp_path / "reports" / "rank"
    assert not (report / "truth.npz").exists()
    first = (report / "table.csv").read_bytes()
    assert with_runs("report", "reports/rank").code == 0
    assert (report / "table.csv").read_bytes() == first
    monkeypatch.setattr("nasrepro.oracles.table.TableOracle.fingerprint", lambda _: "0" * 64)
    user_error(with_runs("report", "reports/rank"), "another truth of 'nb201-toy'")


def test_anybodys_scores_are_ranked(toy, no_figures, tmp_path):
    truth = toy_truth()
    noise = np.random.default_rng(0).normal(0, 2, 15625)
    lines = [f"{from_index(i) if i % 2 else i},{truth[i] + noise[i]},{i % 7}" for i in range(15625) if i != 11]
    (tmp_path / "my scores.csv").write_text("cell,good,bad\n" + "\n".join(lines[:-4]))
    result = toy("rank", "--scores", "my scores.csv", "--benchmark", "nb201-toy", "--json")
    assert result.code == 0, result.err
    content = result.json
    assert (content["sets"]["cells"], content["unscored"]) == (15620, {"good": 5, "bad": 5})
    good, bad = (entry["runs"][0]["values"]["cells"]["tau"] for entry in content["rankings"])
    assert good > content["baselines"][0]["values"]["cells"]["tau"] > 0.3 > abs(bad)
    assert "without_probes" not in content["sets"]
    report = tmp_path / "reports" / "rank"
    assert (report / "scores.csv").read_text() == (tmp_path / "my scores.csv").read_text()
    before = {path.relative_to(report): path.read_bytes() for path in report.rglob("*") if path.is_file()}
    (tmp_path / "my scores.csv").unlink()
    assert toy("report", "reports/rank").code == 0
    assert {path.relative_to(report): path.read_bytes() for path in report.rglob("*") if path.is_file()} == before


def test_scores_that_cannot_be_read_are_refused(toy, user_error, tmp_path):
    (tmp_path / "s.csv").write_text("cell,score\n1,2\n1,3\n")
    user_error(toy("rank", "--scores", "s.csv", "--benchmark", "nb201-toy"), "'s.csv', line 3", "line 2 already")
    (tmp_path / "s.csv").write_text("cell,score\n11,3\n12,4\n")
    user_error(toy("rank", "--scores", "s.csv", "--benchmark", "nb201-toy"), "only 1 cells", "at least 3")
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--scores"),
        (("gdas", "--scores", "x.csv"), "--scores"),
        (("gdos", *TOY), "did you mean 'gdas'"),
        (("rea", *TOY), "'rea' trains no supernet"),
        (("gdas,rea", *TOY), "allowed: methods with weight sharing, such as randomnas, randomnas-ac"),
        (("gdas", "--benchmark", "nb201-digit"), "did you mean"),
        (("gdas", "--benchmark", "nb201-imagenet16-120"), "nasbench201.npz"),
        (("gdas", *TOY, "--set", "training.epoch=3"), "epochs"),
        (("gdas", *TOY, "--seeds", "x"), "seeds"),
    ],
)
def test_mistakes_are_told_before_anything_runs(toy, user_error, tmp_path, words, said):
    user_error(toy("rank", *words), said)
    assert not (tmp_path / "runs").exists()
