"""Methods composed by name: what they are made of, what they are called, and which are refused."""

import itertools

import pytest
from toy import search

from nasrepro import benchmarks
from nasrepro.errors import UserError
from nasrepro.experiments.plan import plan
from nasrepro.experiments.variants import parse_variant, parse_variants
from nasrepro.methods import catalog, regularizing
from nasrepro.methods.composing import composed
from nasrepro.methods.method import SELECTORS, Method
from nasrepro.methods.resolving import resolve
from nasrepro.papers.catalog import papers
from nasrepro.records.store import RunStore
from nasrepro.records.variant import Variant

DIGITS = benchmarks.get("nb201-digits")
PLAIN = Method("plain", "a summary", "nobody", sampler="uniform", selector="rs")
HELD = Method(
    "held",
    "a summary",
    "nobody",
    sampler="uniform",
    regularizer="complementation",
    selector="rs",
    protocols={
        "sound": {},
        "as-written": {"regularizer": {"weighting": "as-printed"}},
        "as-released": {"training": {"bn": "running"}, "regularizer": {"detached": True}},
    },
    scales={"laptop": {"regularizer": {"epsilon": 0.25}, "training": {"epochs": 3}}, "smoke": {}},
)


@pytest.mark.parametrize(
    ("asked", "name", "regularizer", "selector"),
    [
        ("randomnas+ea", "randomnas+ea", None, "ea"),
        ("setn+complementation", "setn+complementation", "complementation", "proposed"),
        ("setn+ea+complementation", "setn+complementation+ea", "complementation", "ea"),
        ("gdas + rs", "gdas+rs", None, "rs"),
        ("gdas+rs+rs", "gdas+rs", None, "rs"),
        ("gdas+complementation", "gdas-ac", "complementation", "argmax"),
        ("gdas+complementation+rs", "gdas-ac+rs", "complementation", "rs"),
        ("gdas-ac+rs", "gdas-ac+rs", "complementation", "rs"),
        ("gdas-ac+argmax", "gdas-ac", "complementation", "argmax"),
        ("randomnas+rs", "randomnas", None, "rs"),
        ("e2nas+complementation", "e2nas", "complementation", "argmax"),
        ("gdas-a+rs", "gdas-a+rs", None, "rs"),
    ],
)
def test_a_combination_has_one_name(asked, name, regularizer, selector):
    method = catalog.get(asked)
    assert (method.name, method.regularizer, method.selector) == (name, regularizer, selector)
    assert method is catalog.METHODS.get(name, method)
    assert catalog.get(name) == method
    assert parse_variant(asked).method == name
    kinds = method.parts()
    assert kinds["selector"] is Method._part(selector, SELECTORS)
    assert kinds.get("regularizer") is (regularizing.get(regularizer) if regularizer else None)


def test_every_order_and_every_relative_lead_to_the_same_run():
    parts = ("complementation", "ea")
    names = [
        "+".join((base, *order)) for base in ("randomnas", "randomnas-ac") for order in itertools.permutations(parts)
    ]
    assert {catalog.get(name).name for name in [*names, "randomnas-ac+ea"]} == {"randomnas-ac+ea"}


def test_what_it_is_made_of_is_its_summary_and_the_rest_is_as_in_the_base():
    base, method = catalog.get("setn"), catalog.get("setn+complementation+ea")
    assert method.summary == "setn with regularizer complementation and selector ea"
    assert (method.base, base.base) == ("setn", None)
    kept = ("paper", "sampler", "training", "share_of_epochs", "reads", "requires")
    assert [getattr(method, name) for name in kept] == [getattr(base, name) for name in kept]
    assert set(method.blocks()) == {"training", "sampler", "regularizer", "selector"}


def test_protocols_and_scales_are_those_of_the_base():
    method = composed(HELD, ["ea"], [PLAIN])
    assert method.name == "held+ea"
    assert (method.protocols, method.scales) == (HELD.protocols, HELD.scales)


def test_a_replaced_regularizer_takes_its_settings_with_it(monkeypatch):
    monkeypatch.setitem(regularizing.REGULARIZERS, "other", "nasrepro.regularizers.complementation:Complementation")
    lender = Method(
        "lender",
        "",
        "",
        sampler="gumbel",
        regularizer="other",
        selector="argmax",
        protocols={
            "sound": {},
            "as-released": {"training": {"bn": "batch"}, "regularizer": {"weighting": "as-printed"}},
        },
        scales={"laptop": {"regularizer": {"epsilon": 0.125}, "training": {"epochs": 9}}},
    )
    method = composed(HELD, ["other"], [lender])
    assert method.name == "held+other"
    lent = {"training": {"bn": "running"}, "regularizer": {"weighting": "as-printed"}}
    assert method.protocols == {"sound": {}, "as-released": lent}  # "as-written" of a part that is gone is gone
    assert method.scales == {"laptop": {"training": {"epochs": 3}, "regularizer": {"epsilon": 0.125}}, "smoke": {}}
    settings = resolve(method, DIGITS, "laptop", protocol="as-released")
    assert settings["regularizer"] == {"epsilon": 0.125, "weighting": "as-printed", "detached": False}
    assert (settings["training"]["epochs"], settings["training"]["bn"]) == (3, "running")


def test_a_protocol_that_the_new_regularizer_does_not_know_is_no_protocol():
    """Half of its rows would follow other rules than their caption says."""
    assert list(catalog.get("setn+wpl").protocols) == ["sound"]
    released = catalog.get("setn+nsas").protocols["as-released"]
    assert released["regularizer"]["detached"]
    assert released["training"] == catalog.get("setn").protocols["as-released"]["training"]


def test_relatives_score_cells_alike_in_every_protocol():
    """Rows that are subtracted from each other must differ in what they are about and in nothing else."""
    for family in (
        ("randomnas", "randomnas-nsas", "randomnas+ea", "en2as", "en2as-pr", "en2as+rs"),
        ("gdas", "gdas-nsas"),
    ):
        for protocol in ("sound", "as-released"):
            settings = [resolve(catalog.get(name), DIGITS, "laptop", protocol=protocol)["training"] for name in family]
            assert all(other == settings[0] for other in settings), protocol


def test_a_plain_relative_lends_its_name_where_none_has_the_regularizer(monkeypatch):
    monkeypatch.setitem(regularizing.REGULARIZERS, "other", "nasrepro.regularizers.complementation:Complementation")
    assert composed(HELD, ["other"], [PLAIN]).name == "plain+other"
    assert composed(HELD, ["other", "ea"], [PLAIN]).name == "plain+other+ea"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gdas+complementatoin", ("unknown regularizer or selector", "did you mean 'complementation'", "rs, ea")),
        ("gdas+", ("unknown regularizer or selector ''", "complementation")),
        ("gdass+rs", ("unknown method 'gdass'", "did you mean 'gdas'")),
        ("gdas+gdas-ac", ("unknown regularizer or selector 'gdas-ac'",)),
        ("gdas+rs+ea", ("two selectors", "'rs' and 'ea'")),
        ("rea+ea", ("'rea' trains no supernet", "'ea'")),
        ("rea+foo", ("'rea' trains no supernet",)),
    ],
)
def test_what_cannot_be_composed_is_refused_in_one_line(name, words):
    for ask in (catalog.get, parse_variant):
        with pytest.raises(UserError) as caught:
            ask(name)
        assert "\n" not in str(caught.value)
        assert all(word in str(caught.value) for word in words), str(caught.value)


def test_parts_that_do_not_go_together_are_refused_with_the_reason(tmp_path):
    for name, words in (
        ("randomnas+argmax", "'randomnas.argmax' is impossible: selector 'argmax' asks"),
        ("gdas+pool", "'gdas.pool' is impossible: selector 'pool' asks"),
        ("darts-v1+complementation", "regularizer 'complementation' needs single paths"),
    ):
        with pytest.raises(UserError, match=words):
            planned(tmp_path, [name])


def planned(tmp_path, methods):
    return plan(
        methods,
        "nb201-digits",
        [0],
        scale="smoke",
        protocol="sound",
        threads=1,
        overrides={},
        store=RunStore(tmp_path),
    )


def test_equal_methods_are_planned_once_and_called_alike(tmp_path):
    runs = planned(tmp_path, ["gdas-ac+rs", Variant(method="gdas+rs+complementation"), "randomnas+rs", "randomnas"])
    assert [run.spec.method for run in runs] == ["gdas-ac+rs", "randomnas"]
    assert runs[0].variants == (Variant(method="gdas-ac+rs"),) * 2
    assert runs[1].key == planned(tmp_path, ["randomnas"])[0].key


def test_a_composed_method_has_variants(tmp_path):
    variant = parse_variant("randomnas+ea[selector.population=10]")
    assert variant == Variant(method="randomnas+ea", settings={"selector": {"population": 10}})
    assert parse_variant(variant.text) == variant
    (run,) = planned(tmp_path, [variant])
    assert run.spec.settings["selector"]["population"] == 10
    assert variant.fits(run.spec)
    with pytest.raises(UserError, match=r"unknown setting of block 'selector' 'candidates'"):
        planned(tmp_path, ["randomnas+ea[selector.candidates=10]"])


def test_a_selector_for_all_is_for_those_that_train_a_supernet():
    found = parse_variants("rea,gdas[sampler.tau_start=5],randomnas,setn+complementation", "ea")
    assert [variant.text for variant in found] == [
        "rea",
        "gdas+ea[sampler.tau_start=5]",
        "randomnas+ea",
        "setn+complementation+ea",
    ]
    assert [variant.method for variant in parse_variants("gdas,gdas+argmax", "argmax")] == ["gdas", "gdas"]
    with pytest.raises(UserError, match=r"unknown selector 'eaa'; did you mean 'ea'\? allowed: rs, ea"):
        parse_variants("gdas", "eaa")
    with pytest.raises(UserError, match="no method of 'rea, random' trains a supernet"):
        parse_variants("rea,random", "ea")
    with pytest.raises(UserError, match="two selectors, 'rs' and 'ea'"):
        parse_variants("gdas+rs", "ea")


def test_composed_methods_are_known_by_their_base():
    assert catalog.knows("gdas")
    assert catalog.knows("gdas+whatever")
    assert not catalog.knows("gdass+rs")
    assert "gdas+rs" not in catalog.names()


def test_a_search_with_another_selector_trains_the_same_weights(tmp_path):
    """So that tables of samplers by selectors compare selections and nothing else."""
    plain, given = search("randomnas", tmp_path / "a")
    bred, _ = search("randomnas+ea", tmp_path / "b")
    assert bred.loss == plain.loss
    assert bred.probes == plain.probes
    assert plain.scored_cells == given.settings["selector"]["candidates"]
    assert 4 <= bred.scored_cells <= 8


def test_papers_call_composed_methods_by_their_one_name():
    """A row finds its runs by the name of their method."""
    for item in (item for paper in papers().values() for item in paper.items):
        for name in item.methods:
            assert "+" not in name or catalog.get(name).name == name, item.id
