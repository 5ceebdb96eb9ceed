"""`query`, `cost`, `list`, `show`, `check`."""

from importlib.metadata import EntryPoint

import pytest

from nasrepro.testing import CheckResult

CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
FIDELITY = ("--benchmark", "nb201-cifar10", "--split", "test", "--epochs", "200")


def test_query_by_index_id_and_string_gives_one_answer(with_table):
    result = with_table("query", "6111", "nb201:6111", CELL, *FIDELITY, "--json")
    assert (result.code, result.err) == (0, "")
    expected = {
        "genotype": CELL,
        "index": 6111,
        "value": 94.373,
        "n_trials": 3,
        "dataset": "cifar10",
        "split": "test",
        "epochs": 200,
        "seed": None,
        "source": "invented for tests",
    }
    assert result.json == [expected] * 3


def test_a_missing_value_is_null(with_table):
    (row,) = with_table("query", "7", *FIDELITY, "--json").json
    assert row["value"] is None
    assert row["n_trials"] == 0


def test_query_for_people(with_table):
    result = with_table("query", "6111", *FIDELITY)
    assert "94.373" in result.out
    assert "cifar10 test after 200 epochs" in result.out
    assert "source: invented for tests" in result.out


def test_query_on_another_data_set(with_table):
    (row,) = with_table("query", "6111", *FIDELITY, "--dataset", "cifar100", "--json").json
    assert row["dataset"] == "cifar100"
    assert row["value"] != 94.373


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["6111", "--split", "test"], ["--epochs", "cifar10 test after 12, 200 epochs"]),
        (["6111", "--epochs", "200"], ["--split", "cifar10 valid after 12, 200 epochs"]),
        (["6111"], ["--split and --epochs"]),
        (["6111", "--split", "tset", "--epochs", "200"], ["tset", "did you mean 'test'"]),
        (["6111", "--split", "test", "--epochs", "199"], ["199", "200"]),
        (["6111", "--split", "test", "--epochs", "soon"], ["--epochs", "'soon'"]),
        (["15625", "--split", "test", "--epochs", "200"], ["15625", "15624"]),
        (["-1", "--split", "test", "--epochs", "200"], ["-1"]),
        (["|conv~0|+|none~0|none~1|+|none~0|none~1|none~2|", "--split", "test", "--epochs", "200"], ["'conv'"]),
        (["6111", "--split", "test", "--epochs", "200", "--seed", "x"], ["--seed", "'x'"]),
        (["6111", "--split", "test", "--epochs", "200", "--dataset", "cifar11"], ["cifar11", "cifar10"]),
    ],
)
def test_bad_queries(with_table, user_error, words, named):
    user_error(with_table("query", "--benchmark", "nb201-cifar10", *words), *named)


def test_a_table_that_is_not_there_is_an_error(nasrepro, user_error):
    user_error(nasrepro("query", "6111", *FIDELITY), "nasbench201.npz", "data convert")


def test_a_truncated_table_is_an_error(nasrepro, user_error, table_root, tmp_path):
    target = tmp_path / "no-data" / "nb201" / "nasbench201.npz"
    target.parent.mkdir(parents=True)
    content = (table_root / "nb201" / "nasbench201.npz").read_bytes()
    target.write_bytes(content[: len(content) // 2])
    user_error(nasrepro("query", "6111", *FIDELITY), "nasbench201.npz")


def test_cost_counts(nasrepro):
    result = nasrepro("cost", "0", CELL, "--benchmark", "nb201-cifar10", "--json")
    first, second = result.json
    assert (first["params"], first["macs"]) == (129306, 15647370)
    assert (second["index"], type(second["params"]), type(second["macs"])) == (6111, int, int)
    assert "129306" in nasrepro("cost", "0", "--benchmark", "nb201-cifar10").out


@pytest.mark.parametrize(
    ("kind", "some"),
    [("methods", {"gdas", "rea"}), ("benchmarks", {"nb201-digits", "nb201-cifar10"}), ("data", {"digits", "cifar10"})],
)
def test_lists(nasrepro, kind, some):
    result = nasrepro("list", kind, "--json")
    assert (result.code, result.err) == (0, "")
    assert some <= {row["name"] for row in result.json}
    assert all(name in nasrepro("list", kind).out for name in some)


def test_a_broken_plug_in_does_not_hide_the_others(nasrepro, monkeypatch):
    broken = EntryPoint("theirs", "no_such_package:METHOD", "nasrepro.methods")
    monkeypatch.setattr("nasrepro.plugins.announced", lambda group: {"theirs": broken} if group == "methods" else {})
    result = nasrepro("list", "methods", "--json")
    assert result.code == 0
    assert "gdas" in {row["name"] for row in result.json}
    assert "plug-in 'theirs'" in result.err
    assert nasrepro("show", "theirs").code == 2


def test_show_a_one_shot_method(nasrepro):
    facts = nasrepro("show", "gdas", "--json").json
    assert (facts["sampler"], facts["loss"], facts["selector"]) == ("gumbel", "cross-entropy", "argmax")
    epochs = next(row for row in facts["settings"] if row["name"] == "training.epochs")
    assert epochs["default"] == epochs["paper"] == 250
    assert epochs["smoke"] < epochs["laptop"] < epochs["paper"]
    assert epochs["description"]
    assert "training.epochs" in nasrepro("show", "gdas").out


def test_show_a_multi_trial_method(nasrepro):
    facts = nasrepro("show", "rea", "--json").json
    assert facts["sampler"] is None
    assert "search.population" in {row["name"] for row in facts["settings"]}
    assert "search.population" in nasrepro("show", "rea").out


def test_show_a_benchmark(with_table):
    facts = with_table("show", "nb201-cifar10", "--json").json
    assert facts["splits"] == ["valid", "test"]
    assert facts["epochs"] == [12, 200]
    assert facts["source"] == "invented for tests"
    assert facts["truth"] == "present"
    assert facts["scorings"][0] == {
        "name": "test",
        "dataset": "cifar10",
        "split": "test",
        "epochs": 200,
        "higher_is_better": True,
    }
    assert facts["standalone"]["channels"] == 16


def test_show_a_benchmark_whose_truth_is_missing(nasrepro):
    result = nasrepro("show", "nb201-cifar10", "--json")
    assert result.code == 0
    assert result.json["truth"] == "missing"
    assert "data convert" in result.json["problem"]
    assert result.json["source"] is None
    assert "truth: missing" in nasrepro("show", "nb201-cifar10").out


def test_show_a_benchmark_whose_cells_are_trained(nasrepro):
    facts = nasrepro("show", "darts-cifar10", "--json").json
    assert (facts["truth"], facts["problem"], facts["covers_space"]) == ("trained on demand", None, False)
    assert facts["search"] == "cifar10 valid after 600 epochs"
    laptop, paper = (facts["retraining"][scale] for scale in ("laptop", "paper"))
    assert (paper["channels"], paper["cells"], paper["image_size"], paper["epochs"], paper["trials"]) == (
        36, 20, 32, 600, 1,
    )  # fmt: skip
    assert (laptop["channels"], laptop["epochs"], laptop["trials"]) == (8, 8, 2)
    page = nasrepro("show", "darts-cifar10").out
    assert "problem:" not in page
    for words in ("truth: trained on demand", "nasrepro retrain", "how cells are trained from scratch", "trials"):
        assert words in page
    photographs = nasrepro("show", "darts-imagenet", "--json").json
    assert (photographs["splits"], photographs["search"]) == (["test"], None)
    assert nasrepro("show", "nb201-cifar10", "--json").json["retraining"] == {}


def test_show_data(nasrepro):
    facts = nasrepro("show", "cifar10", "--json").json
    assert facts["state"] == "missing"
    assert "licence" in facts


def test_check_names_what_fails(nasrepro, monkeypatch):
    results = [CheckResult("good thing", True, "seen"), CheckResult("bad thing", False, "seen otherwise")]
    monkeypatch.setattr("nasrepro.commands.check._battery", lambda name, runs: results)
    result = nasrepro("check", "gdas")
    assert result.code == 1
    assert "seen otherwise" in result.out
    assert result.err == "nasrepro: 'gdas' fails 1 of 2 checks: bad thing\n"
    assert nasrepro("check", "gdas", "--json").json[0] == {"name": "good thing", "ok": True, "detail": "seen"}
    results.pop()
    assert nasrepro("check", "gdas").code == 0
