"""`benchmark show`: a page about a truth."""

import dataclasses
import json

import pytest

from nasrepro import benchmarks
from nasrepro.benchmarks import Scoring
from nasrepro.commands.truth import read_truth
from nasrepro.errors import UserError
from nasrepro.oracles.arrays import ArrayOracle
from nasrepro.oracles.base import Fidelity
from nasrepro.splits import Split


def test_a_truth_becomes_a_page(with_table, tmp_path):
    result = with_table("benchmark", "show", "nb201-cifar10")
    assert (result.code, result.err) == (0, "")
    folder = tmp_path / "reports" / "benchmark-nb201-cifar10"
    assert f"report: reports/{folder.name}/index.html" in result.out
    for words in ("cifar10 test after 200 epochs", "15,624", "output ignores the input", "Single trials are not known"):
        assert words in result.out
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "nasrepro benchmark show nb201-cifar10" in page
    assert "invented for tests" in page
    assert not (folder / "agreement.csv").exists()


def test_against_another_truth_as_json(with_table, tmp_path):
    result = with_table("benchmark", "show", "nb201-cifar10", "--against", "nb201-cifar100", "--out", "page", "--json")
    assert (result.code, result.err) == (0, "")
    shown = result.json
    assert shown["report"] == "page/index.html"
    assert shown["agreement"]["other"] == "nb201-cifar100"
    assert abs(shown["agreement"]["tau"]["value"]) < 0.1
    assert shown["distribution"][0]["cells"] == 15_624
    stored = json.loads((tmp_path / "page" / "numbers.json").read_text(encoding="utf-8"))
    assert {"report": "page/index.html", **stored} == shown
    assert "--against nb201-cifar100" in (tmp_path / "page" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["nb201-cifar11"], ["nb201-cifar11", "did you mean 'nb201-cifar10'"]),
        (["nb201-cifar10", "--against", "nb201-cifar"], ["'nb201-cifar'", "nb201-cifar10"]),
        (["nb201-cifar10", "--against", "nb201-cifar10"], ["--against 'nb201-cifar10'", "another"]),
        ([], ["name"]),
    ],
)
def test_bad_input(with_table, user_error, words, named):
    user_error(with_table("benchmark", "show", *words), *named)


def test_a_truth_that_does_not_cover_the_space_is_refused(with_table, user_error, monkeypatch):
    monkeypatch.setattr(ArrayOracle, "covers_space", False)
    user_error(with_table("benchmark", "show", "nb201-cifar10"), "nb201-cifar10", "does not cover the space", "allowed")


def test_a_truth_without_what_it_judges_by_is_refused(with_table, tmp_path):
    absent = (Scoring("test", Fidelity("cifar10", Split.TEST, 7)),)
    broken = dataclasses.replace(benchmarks.get("nb201-cifar10"), scorings=absent)
    with pytest.raises(UserError, match="cifar10 test after 7 epochs"):
        read_truth(broken, tmp_path)


def test_a_missing_table_is_named(nasrepro, user_error):
    user_error(nasrepro("benchmark", "show", "nb201-cifar10"), "nasbench201.npz", "data convert")


def test_a_foreign_folder_is_refused_before_anything_is_computed(with_table, user_error, tmp_path, monkeypatch):
    def never(*_):
        raise AssertionError("computed in vain")

    monkeypatch.setattr("nasrepro.commands.truth.read_truth", never)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("")
    user_error(with_table("benchmark", "show", "nb201-cifar10", "--out", "mine"), "'mine'", "new folder")


def test_help_of_the_group(nasrepro):
    result = nasrepro("benchmark")
    assert (result.code, result.err) == (0, "")
    assert "show" in result.out
