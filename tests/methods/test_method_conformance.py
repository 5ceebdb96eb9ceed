"""Every method of the catalog keeps its promises; and the battery notices methods that do not."""

import sys

import broken
import pytest

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
