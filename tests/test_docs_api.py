"""The Python API: the page about it runs as it stands, and importing the package costs nothing."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import nasrepro
from nasrepro import api

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"


def test_every_example_of_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nasrepro.reporting.comparison.all_figures", lambda *_: [])  # drawn in tests of its own
    text = PAGE.read_text(encoding="utf-8")
    names = {}
    for found in re.finditer(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE):
        line = text[: found.start(1)].count("\n")
        exec(compile("\n" * line + found[1], str(PAGE), "exec"), names)
    assert {"ranking", "records", "trained", "page", "paper"} <= set(names)
    assert "τ = " in capsys.readouterr().out


def test_the_table_of_the_page_names_every_function():
    text = PAGE.read_text(encoding="utf-8").split("## ")[0]
    functions = {name for name in nasrepro.__all__ if name[0].islower()}
    assert set(re.findall(r"`(\w+)`", text)) & functions == functions


def test_the_package_and_its_api_name_the_same():
    assert nasrepro.__all__ == api.__all__ == sorted(api.__all__)
    assert set(nasrepro.__all__) <= set(dir(nasrepro))
    for name in nasrepro.__all__:
        assert getattr(nasrepro, name) is getattr(api, name)
        assert not (Path(nasrepro.__file__).parent / name).exists(), "a subpackage would take the name's place"
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        nasrepro.no_such_name  # noqa: B018


def test_looking_up_loads_no_torch():
    program = (
        "import sys, nasrepro; before = set(sys.modules); assert 'numpy' not in before;"
        "nasrepro.rank({'1': 1.0, '2': 0.5, '3': 0.1}); nasrepro.get_paper('nao'); nasrepro.list_methods();"
        "assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_scores_that_cannot_be_ranked_are_user_errors(tmp_path):
    for scores, benchmark, words in (
        ([1.0, 2.0], "nb201-digits", "one score for each of its 15625 cells"),
        ({"20000": 1.0}, "nb201-digits", "out of range"),
        ({"darts:1": 1.0}, "nb201-digits", "belongs to another space"),
        ({"1": 1.0}, "darts-digits", "has no table"),
        ({"1": 1.0}, "nb201-digit", "did you mean 'nb201-digits'"),
    ):
        with pytest.raises(nasrepro.UserError, match=words):
            nasrepro.rank(scores, benchmark, runs=tmp_path)


def test_perplexities_rank_the_other_way_round():
    truth = nasrepro.get_truth("rnn2-grammar")
    asked = nasrepro.get_benchmark("rnn2-grammar").primary.fidelity
    perplexity = truth.query_all(dataset=asked.dataset, split=asked.split, epochs=asked.epochs)
    assert nasrepro.rank(list(-perplexity), "rnn2-grammar").tau == pytest.approx(1)
