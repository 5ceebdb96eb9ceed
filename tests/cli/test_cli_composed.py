"""`--selector` and composed names on the command line."""

from pathlib import Path

import pytest

from nasrepro.experiments.plan import plan
from nasrepro.experiments.runner import run
from nasrepro.methods.method import SELECTORS
from nasrepro.records.store import RunStore

SMALL = ("--benchmark", "nb201-digits", "--scale", "smoke")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Runs of composed methods, made in this process."""
    store = RunStore(tmp_path_factory.mktemp("runs"))
    asked = {"scale": "smoke", "protocol": "sound", "threads": 1, "overrides": {}, "store": store}
    for planned in plan(["random", "randomnas+ea", "gdas+ea"], "nb201-digits", [0], **asked):
        run(planned, store)
    return store


def test_compare_gives_every_one_shot_method_the_selector_and_report_finds_them(nasrepro, store, monkeypatch):
    monkeypatch.setattr("nasrepro.reporting.comparison.all_figures", lambda *_: [])
    runs = (*SMALL, "--seeds", "0", "--runs", store.root)
    result = nasrepro("compare", "-m", "random,randomnas,gdas", *runs, "--selector", "ea", "--json")
    assert result.code == 0, result.err
    assert result.json["reused"] == 3
    assert [row["method"] for row in result.json["rows"]] == ["random", "gdas+ea", "randomnas+ea"]
    assert "--methods random,randomnas,gdas" in (page := Path("reports/compare/index.html").read_text())
    assert "--selector ea" in page
    named = nasrepro("compare", "-m", "random,randomnas+ea,gdas+ea", *runs, "--json")
    assert named.json["runs"] == result.json["runs"]

    chosen = nasrepro("report", "reports/compare", "-m", "gdas+ea", "--out", "chosen", "--json")
    assert [row["method"] for row in chosen.json["rows"]] == ["gdas+ea"]


def test_search_takes_a_selector(nasrepro, store):
    result = nasrepro("search", "randomnas", *SMALL, "--runs", store.root, "--selector", "ea", "--json")
    assert result.code == 0, result.err
    assert result.json["spec"]["method"] == "randomnas+ea"
    assert 4 <= result.json["cost"]["scored_cells"] <= 8
    assert nasrepro("search", "randomnas+ea", *SMALL, "--runs", store.root, "--json").json == result.json


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("compare", "-m", "gdas", "--selector", "eaa"), ("unknown selector 'eaa'", "did you mean 'ea'")),
        (("compare", "-m", "rea,random", "--selector", "ea"), ("'rea, random'", "randomnas")),
        (("search", "rea", "--selector", "rs"), ("selector 'rs'", "'rea'")),
        (("rank", "randomnas", "--selector", "argmax"), ("impossible", "selector 'argmax'", "'uniform'")),
        (("compare", "-m", "gdas+nsaas"), ("unknown regularizer or selector 'nsaas'", "did you mean")),
        (("search", "gdas,rea"), ("'gdas,rea'", "'compare'")),
        (("show", "gdas+nothing"), ("'nothing'", "rs, ea")),
        (("check", "rea+ea"), ("'rea' trains no supernet",)),
        (("list", "selector"), ("'selector'", "did you mean 'selectors'")),
    ],
)
def test_mistakes_are_told_in_one_line(nasrepro, user_error, command, words):
    user_error(nasrepro(*command, *(SMALL if command[0] in ("compare", "search", "rank") else ())), *words)


def test_show_tells_what_it_is_made_of(nasrepro):
    facts = nasrepro("show", "gdas+complementation+rs", "--json").json
    assert (facts["name"], facts["sampler"], facts["loss"], facts["selector"]) == (
        "gdas-ac+rs",
        "gumbel",
        "complementation",
        "rs",
    )
    assert facts["summary"] == "gdas-ac with selector rs"
    assert facts["differences"] == nasrepro("show", "gdas-ac", "--json").json["differences"]
    assert "selector.population" in nasrepro("show", "randomnas+ea").out


def test_parts_are_listed(nasrepro):
    listed = nasrepro("list", "selectors", "--json").json
    assert [row["name"] for row in listed] == list(SELECTORS)
    regularizers = {row["name"]: row["summary"] for row in nasrepro("list", "regularizers", "--json").json}
    assert "Eq. 7" in regularizers["complementation"]
    assert all(len(row["summary"]) > 20 for row in listed)
    assert "ea" in nasrepro("list", "selectors").out
