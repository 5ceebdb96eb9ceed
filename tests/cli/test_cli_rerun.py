"""`rerun` on a made-up table, and the comparison of two records of one run."""

import json
import tempfile
from pathlib import Path

import pytest

from nasrepro.experiments.execute import Outcome
from nasrepro.experiments.jobs import Interrupted, Job, JobOutcome
from nasrepro.experiments.plan import plan
from nasrepro.experiments.runner import run
from nasrepro.records.comparing import compare_records
from nasrepro.records.record import Cost, Visited
from nasrepro.records.store import RunStore, write_copies, write_record


@pytest.fixture
def made(with_table):
    """The record of a tabular run in the run store of the current folder."""
    store = RunStore(Path("runs"))
    (planned,) = plan(
        ["rea"], "nb201-cifar10", [3], scale="smoke", protocol="sound", threads=1, overrides={}, store=store
    )
    return run(planned, store)


def changed(record, **changes):
    """The record put back into the store with other content."""
    other = record.model_copy(update=changes)
    write_record(RunStore(Path("runs")).record_path(record.key), other)
    return other


def test_a_run_gives_its_record_once_more(with_table, made):
    path = RunStore(Path("runs")).record_path(made.key)
    bytes_before = path.read_bytes()
    for words in ([made.key[:8]], [path], [made.key, "--runs", "elsewhere", "--published", "runs"]):
        result = with_table("rerun", *words)
        assert (result.code, "equal (" in result.out) == (0, True), result.err
        assert "rea on nb201-cifar10, smoke scale, sound, seed 3" in result.out
        assert "runs: 1 new" in result.err, "what is in the store must not be taken for an answer"
    assert path.read_bytes() == bytes_before
    assert not Path("elsewhere").exists()


def test_a_packed_copy_in_any_depth_is_found(with_table, made):
    write_copies(Path("kept/deep/report/records"), [made])
    RunStore(Path("runs")).record_path(made.key).unlink()
    result = with_table("rerun", made.key[:6], "--published", "kept", "--json")
    assert result.code == 0
    assert result.json["equal"] is True
    assert result.json["record"] == f"kept/deep/report/records/{made.key}.json.gz"


def test_what_differs_is_named_with_both_values(with_table, made):
    trace = [made.trace[0].model_copy(update={"at": 77}), *made.trace[1:]]
    changed(made, notes=["by hand"], trace=trace)
    result = with_table("rerun", made.key, "--json")
    assert result.code == 1
    assert result.json["differences"] == [
        {"field": "trace.0.at", "before": 77, "again": made.trace[0].at},
        {"field": "notes", "before": "1 entries", "again": f"{len(made.notes)} entries"},
    ]
    assert f"run {made.key} gave another record: 2 values differ" in result.err
    shown = with_table("rerun", made.key)
    assert "trace.0.at" in shown.out
    assert "different (" in shown.out


def test_a_setting_that_is_newer_than_the_record_is_filled_in(with_table, made):
    search = {name: value for name, value in made.spec.settings["search"].items() if name != "tournament"}
    changed(made, spec=made.spec.model_copy(update={"settings": {"search": search}}), key="0123456789abcdef0123")
    result = with_table("rerun", RunStore(Path("runs")).record_path(made.key), "--json")
    assert result.code == 0
    assert result.json["newer_settings"] == {"search.tournament": made.spec.settings["search"]["tournament"]}


def test_what_cannot_be_the_same_run_is_refused(with_table, made, user_error):
    data = {**made.data, "truth": "f" * 64}
    for changes, words in (
        ({"data": data}, ("the data are not those", "'truth' is", "not ffffffffffff…")),
        ({"data": {**made.data, "more": "a" * 64}}, ("'more' is absent, not aaaaaaaaaaaa…",)),
        ({"protocol_version": 0}, ("version 0 of the code protocol", "version 1")),
        ({"spec": made.spec.model_copy(update={"device": "cuda"})}, ("device 'cuda'", "cpu")),
        ({"spec": made.spec.model_copy(update={"settings": {"search": {"gone": 1}}})}, ("'gone'",)),
    ):
        changed(made, **changes)
        user_error(with_table("rerun", made.key), *words)


def test_names_that_mean_no_run_or_several(with_table, made, user_error):
    user_error(with_table("rerun", "ffffffff"), "no run in 'runs' or below 'reports/published'", "ffffffff")
    user_error(with_table("rerun", made.key[:5]), "at least the first 6 digits")
    user_error(with_table("rerun", "no/such/file.json"), "there is no record 'no/such/file.json'")
    wrong = f"{made.key[:-1]}{'0' if made.key[-1] != '0' else '1'}"
    user_error(with_table("rerun", wrong), f"did you mean '{made.key}'?")
    write_record(RunStore(Path("runs")).record_path(wrong), made)
    user_error(with_table("rerun", made.key[:10]), "2 runs have a key that begins with", made.key, wrong)
    Path("bad.json").write_text(json.dumps({"schema_version": 7}))
    user_error(with_table("rerun", "bad.json"), "bad.json' has schema version 7")
    write_record(Path("runs/standalone/0123456789ab.json"), made)
    user_error(with_table("rerun", "runs/standalone/0123456789ab.json"), "tells of a training", "nasrepro retrain")


def test_a_record_older_than_some_fields_is_compared_on_what_it_holds(made):
    again = made.model_copy(
        update={
            "visited": [Visited(at=1, genotype="nb201:1", truth=None)],
            "cost": Cost(**{**made.cost.model_dump(), "scored_cells": 5}),
        }
    )
    found = compare_records(made, again)
    assert found.deviations == ()
    assert found.lacking == ("visited", "cost.scored_cells")
    backwards = compare_records(again, made)
    assert backwards.lacking == ()
    assert [one.where for one in backwards.deviations] == ["visited", "cost.scored_cells"]


def test_only_a_run_that_fails_leaves_its_folder(with_table, made, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert with_table("rerun", made.key).code == 0
    assert list(tmp_path.glob("nasrepro-rerun-*")) == []

    def broken(planned, *_, **__):
        job = Job(planned[0].key, "rea seed 3", run)
        return Outcome([], [JobOutcome(job, error="no more memory")], 0)

    monkeypatch.setattr("nasrepro.pipeline.carry_out", broken)
    failed = with_table("rerun", made.key)
    assert failed.code == 1
    assert "rea seed 3: no more memory" in failed.err
    (kept,) = tmp_path.glob("nasrepro-rerun-*")
    assert str(kept) in failed.err

    def stopped(*_, **__):
        raise Interrupted("the same command continues where this one stopped")

    monkeypatch.setattr("nasrepro.pipeline.carry_out", stopped)
    assert "starts the run from its beginning" in with_table("rerun", made.key).err
    assert list(tmp_path.glob("nasrepro-rerun-*")) == [kept]
