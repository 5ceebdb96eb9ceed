"""`retrain`: cells named in every way, trained in workers or read from the store."""

import json
from pathlib import Path

import pytest

from nasrepro import benchmarks
from nasrepro.commands.retrained import known, notes
from nasrepro.experiments.provenance import collect
from nasrepro.experiments.retraining import recipe_for, train_planned
from nasrepro.experiments.variants import parse_overrides
from nasrepro.records.record import Found, RunRecord, Truth
from nasrepro.records.spec import RunSpec
from nasrepro.records.standalone import read_training_record
from nasrepro.records.store import RunStore

KEY = "0123456789abcdef0123"
SMOKE = ("--scale", "smoke", "--set", "training.train_images=60", "--workers", "1")


def found_by_a_run(store, text, *, status="done", key=KEY):
    """The record of a search that found this cell."""
    space = benchmarks.get("darts-digits").space if text.startswith("darts") else benchmarks.get("nb201-digits").space
    cell = space.parse(text)
    store.put(
        RunRecord(
            key=key,
            spec=RunSpec(method="random", benchmark="darts-digits", scale="smoke", protocol="sound", seed=0),
            data={},
            status=status,
            found=Found(genotype=cell.id, text=str(cell), params=1, macs=1) if status == "done" else None,
            truth=Truth(source="", fingerprint=""),
            provenance=collect("test"),
        )
    )


def trained_before(store, *assignments):
    """The same training in this process: workers take seconds to start."""
    overrides = parse_overrides(["training.train_images=60", *assignments])
    target = benchmarks.get("darts-digits")
    planned = recipe_for(target, "smoke", overrides=overrides).planned(target.space.parse("ENNAS"), 0)
    return train_planned(planned, store, report=lambda *_: None)


def test_a_cell_is_trained_once_however_it_is_named(nasrepro, tmp_path):
    first = nasrepro("retrain", "ennas", *SMOKE, "--seeds", "0,1", "--json")
    assert first.code == 0
    assert "trainings: 2 new, 0 found in 'runs', 0 failed" in first.err
    rows = first.json
    assert [(row["names"], row["seed"], row["status"], row["images"]) for row in rows] == [
        (["ENNAS"], seed, "done", 60) for seed in (0, 1)
    ]
    assert rows[0]["final"]["error"] == 100 - rows[0]["final"]["accuracy"]
    assert rows[0]["params"] == rows[0]["params_with_auxiliary"]
    files = (tmp_path / "runs" / "standalone").glob("*.json")
    records = [read_training_record(file) for file in files]
    assert {row["record"] for row in rows} == {f"runs/standalone/{record.key}.json" for record in records}
    assert json.loads((tmp_path / rows[0]["record"]).read_text())["text"] == rows[0]["text"]

    found_by_a_run(RunStore(tmp_path / "runs"), rows[0]["genotype"])
    names = [rows[0]["genotype"], f"ENNAS = {rows[0]['text']}", KEY, f"runs/records/{KEY}.json"]
    again = nasrepro("retrain", *names, *SMOKE)
    assert again.code == 0
    assert "trainings: 0 new, 1 found in 'runs', 0 failed" in again.err
    assert again.out.startswith(f"ENNAS = {rows[0]['text']}\n")
    assert f"{rows[0]['params']:,} parameters" in again.out
    assert again.out.count("record: ") == 1


def test_what_was_printed_about_a_cell_stands_beside_it_on_its_data_set_only(tmp_path):
    record = trained_before(RunStore(tmp_path / "runs"))
    names, printed = known(record, benchmarks.get("darts-cifar10"))
    assert names == ["ENNAS"]
    assert 2.64 in [result["error"] for result in printed]
    assert known(record, benchmarks.get("darts-digits")) == (["ENNAS"], [])


def test_a_training_beyond_the_mobile_setting_is_called_so(tmp_path):
    record = trained_before(RunStore(tmp_path / "runs"))
    target = benchmarks.get("darts-imagenet")
    skeleton = vars(target.standalone)
    photographs = record.spec.model_copy(update={"settings": {**record.spec.settings, "skeleton": skeleton}})
    large = record.model_copy(update={"spec": photographs, "macs": 600_000_000})
    assert notes(large, target) == [
        "600.0 million multiply-adds are beyond the mobile setting, which is below 600 million"
    ]
    assert notes(large.model_copy(update={"macs": 599_999_999}), target) == []
    assert notes(record.model_copy(update={"macs": 600_000_000}), benchmarks.get("darts-digits")) == []


def test_a_language_model_is_worth_its_perplexities(nasrepro):
    target = benchmarks.get("rnn-grammar")
    planned = recipe_for(target, "smoke").planned(target.space.parse("DARTS_V2"), 0)
    record = train_planned(planned, RunStore(Path("runs")), report=lambda *_: None)
    shown = nasrepro("retrain", "DARTS_V2_RNN", "-b", "rnn-grammar", "--scale", "smoke")
    assert "0 new, 1 found" in shown.err
    assert shown.out.startswith(f"DARTS_V2_RNN = {record.text}\n")
    assert f"{record.worth('valid'):.2f}" in shown.out
    assert f"{record.worth('test'):.2f}" in shown.out
    assert "perplexities over 50 words" in shown.out
    (row,) = nasrepro("retrain", "DARTS_V2", "-b", "rnn-grammar", "--scale", "smoke", "--json").json
    assert (row["kept_epoch"], row["words"], row["rollbacks"]) == (1, 2000, 0)
    assert row["test_perplexity"] == record.worth("test")
    on_ptb = known(record, benchmarks.get("rnn-ptb"))[1]
    assert 55.68 in [result["test"] for result in on_ptb]


def test_a_diverged_training_is_told_and_exit_code_1(nasrepro, tmp_path):
    broken = ("training.lr=1e38", "training.clip=null", "training.epochs=3")
    trained_before(RunStore(tmp_path / "runs"), *broken)
    result = nasrepro("retrain", "ENNAS", *SMOKE, *(word for text in broken for word in ("--set", text)), "--json")
    assert "0 new, 1 found" in result.err
    assert result.code == 1
    assert "1 of 1 trainings diverged" in result.err.splitlines()[-1]
    (row,) = result.json
    assert (row["status"], row["final"], row["best"]) == ("diverged", None, None)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["ENAS"], ["'ENAS'", "did you mean 'ENNAS'"]),
        (["Genotype(normal=[('sep_conv_3x3', 9)])"], ["malformed genotype"]),
        (["ENNAS", "-b", "nb201-digits"], ["nb201-digits", "allowed: darts-digits"]),
        (["ENNAS", "-b", "darts-digit"], ["did you mean 'darts-digits'"]),
        (["ENNAS", "--scale", "tiny"], ["'tiny'", "smoke, laptop, paper"]),
        (["ENNAS", "--set", "training.epoch=1"], ["did you mean 'epochs'"]),
        (["ENNAS", "--set", "training.cutout=20"], ["cutout of 20", "0 to 8"]),
        (["ENNAS", "--set", "skeleton.classes=12"], ["12"]),
        (["ENNAS", "--seeds", "x"], ["'x'"]),
        (["ENNAS", "-b", "darts-imagenet"], ["imagenet", "train/CLASS"]),
        (["ENNAS", "-b", "darts-cifar100"], ["cifar100"]),
        (["0" * 20], ["no record of a run", "'runs'"]),
        (["gone.json"], ["there is no file 'gone.json'"]),
        (["gone.json.gz"], ["there is no file 'gone.json.gz'"]),
        (["nb201:5"], ["'nb201:5' belongs to another space, 'nb201'", "allowed: cells of 'darts_cnn'"]),
        (["darts-path:1.12.16"], ["a path through a supernet and no cell"]),
    ],
)
def test_bad_requests_are_one_line(nasrepro, user_error, tmp_path, words, named):
    user_error(nasrepro("retrain", *words), *named)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("cell", "status", "named"),
    [("nb201:5", "done", ["nb201:5", "darts_cnn"]), ("nb201:5", "diverged", ["diverged", "no genotype"])],
)
def test_records_without_a_cell_of_the_space_are_refused(nasrepro, user_error, tmp_path, cell, status, named):
    found_by_a_run(RunStore(tmp_path / "runs"), cell, status=status)
    user_error(nasrepro("retrain", KEY), KEY, *named)
