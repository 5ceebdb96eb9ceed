"""Every method of the catalog keeps its promises; and the battery notices methods that do not."""

import sys

import broken
import pytest

from nasrepro import benchmarks
from nasrepro.errors import UserError
from nasrepro.methods import catalog
from nasrepro.methods.method import Method
from nasrepro.testing.methods import check_method


def failures(name):
    return {result.name: result.detail for result in check_method(name) if not result.ok}


@pytest.mark.parametrize("name", catalog.METHODS)
def test_the_methods_of_the_catalog(name):
    results = check_method(name)
    assert {result.name: result.detail for result in results if not result.ok} == {}
    assert len(results) >= (13 if catalog.get(name).one_shot else 11)


IN_DARTS = ("randomnas", "gdas", "gdas-nsas", "en2as")
COSTLY_IN_DARTS = ("darts-v1", "darts-v2", "gdas-ac", "en2as-pr", "randomnas-nsas", "randomnas-wpl")
QUICK = ("settings resolve at every scale", "the genotype is in the space", "no test query", "trace and counts")


@pytest.mark.parametrize("name", IN_DARTS)
def test_methods_in_the_darts_space(name):
    results = check_method(name, "darts-digits")
    assert {result.name: result.detail for result in results if not result.ok} == {}
    assert len(results) >= 13


@pytest.mark.parametrize("name", COSTLY_IN_DARTS)
def test_costly_methods_in_the_darts_space(name):
    """What they add is tested in the space of NAS-Bench-201; here it is seen that they find a cell of this one."""
    results = check_method(name, "darts-digits", only=QUICK)
    assert {result.name: result.detail for result in results if not result.ok} == {}
    assert len(results) == len(QUICK)


@pytest.mark.parametrize("name", ["setn", "enas", "nao", "e2nas", "reinforce", "multi-fidelity", "nao-tabular"])
def test_methods_written_for_nas_bench_201_are_refused_in_the_darts_space_with_the_reason(name):
    benchmark = benchmarks.get("darts-digits")
    with pytest.raises(UserError, match=f"'{name}' cannot search in space 'darts_cnn': .*NAS-Bench-201|list of all"):
        catalog.get(name).check(benchmark, None)


@pytest.fixture
def announce(monkeypatch):
    """Puts a method made of parts of `broken` into the catalog."""
    monkeypatch.setitem(sys.modules, "nasrepro.methods.broken", broken)

    def put(**parts):
        method = Method(**{"name": "broken", "summary": "breaks a promise", "paper": "none", **parts})
        monkeypatch.setitem(catalog.METHODS, "broken", method)

    return put


@pytest.mark.parametrize(
    ("search", "check"),
    [
        ("peeks_at_test", "no test query"),
        ("unseeded", "same seed, same result"),
        ("ignores_the_seed", "another seed, another result"),
        ("foreign_genotype", "the genotype is in the space"),
        ("silent", "progress"),
        ("counts_backwards", "progress"),
        ("answers_beside_its_trace", "trace and counts"),
        ("visits_backwards", "trace and counts"),
    ],
)
def test_a_broken_search_fails_the_check_about_it(announce, search, check):
    announce(search=f"broken:{search}", search_settings="broken:Settings")
    assert check in failures("broken")


def test_a_sampler_that_forgets_its_state_fails_the_resumption(announce):
    announce(sampler="nasrepro.methods.broken:Forgetful", selector="nasrepro.methods.broken:AnyPath")
    assert set(failures("broken")) == {"interrupted and resumed, same result"}


def test_a_sampler_that_trains_nothing_fails_the_loss(announce):
    announce(sampler="nasrepro.methods.broken:Dead", selector="nasrepro.methods.broken:AnyPath")
    assert set(failures("broken")) == {"loss goes down"}


def test_a_method_without_description_or_default_protocol_fails(announce):
    announce(summary=" ", protocols=("as-written",), search="broken:silent", search_settings="broken:Settings")
    assert {"description", "an impossible protocol is refused"} <= set(failures("broken"))


def test_unknown_names_are_user_errors():
    with pytest.raises(UserError, match="unknown method 'gdass'"):
        check_method("gdass")
    with pytest.raises(UserError, match="unknown benchmark 'nowhere'"):
        check_method("gdas", "nowhere")
