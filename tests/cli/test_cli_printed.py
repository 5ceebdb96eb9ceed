"""`report` renders what papers print beside ours again, for people and as JSON."""

from nasrepro.papers.catalog import item
from nasrepro.records.record import Provenance, RunRecord, Score, Truth
from nasrepro.records.spec import RunSpec, run_key
from nasrepro.records.store import write_copies


def record(benchmark, seed):
    spec = RunSpec(method="gdas", benchmark=benchmark, scale="laptop", protocol="sound", seed=seed, settings={})
    score = Score(scoring="test", dataset="cifar10", split="test", epochs=60, value=60.0 + seed, n_trials=1)
    made = Provenance(
        nasrepro="0", commit=None, dirty=None, python="3", packages={}, hardware="", command="", finished=""
    )
    return RunRecord(
        key=run_key(spec, {"digits": "0"}),
        spec=spec,
        data={"digits": "0"},
        status="done",
        scores=[score],
        truth=Truth(source="invented", fingerprint="f" * 64),
        provenance=made,
    )


def test_a_report_tells_what_papers_print(nasrepro, tmp_path):
    write_copies(tmp_path / "here" / "records", [record("darts-cifar10", seed) for seed in (0, 1)])
    shown = nasrepro("report", "here", "--out", "page", "--json").json["printed"]
    assert {line["item"] for line in shown} == {"en2as/table-1", "nsas/table-1"}
    line = next(line for line in shown if line["item"] == "nsas/table-1" and "error" in line["column"])
    assert line["printed.mean"] == item("nsas/table-1").row("GDAS").cells["error"].mean
    assert (line["ours.mean"], line["scale"], line["ours_minus_paper.value"]) == (39.5, "laptop", None)
    assert "What papers print" in nasrepro("report", "page").out


def test_a_report_of_what_no_paper_printed_does_not(nasrepro, tmp_path):
    write_copies(tmp_path / "here" / "records", [record("darts-digits", seed) for seed in (0, 1)])
    assert "printed" not in nasrepro("report", "here", "--out", "page", "--json").json
