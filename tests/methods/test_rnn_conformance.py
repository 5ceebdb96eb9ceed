"""Every policy that searches recurrent cells keeps its promises there, and the others are refused with the reason."""

import pytest

from nasrepro import benchmarks
from nasrepro.datasets.loading import load_text
from nasrepro.errors import UserError
from nasrepro.methods import catalog
from nasrepro.methods.resolving import resolve
from nasrepro.methods.shared_text import SharedText, limited_text
from nasrepro.testing.methods import check_method

POLICIES = (
    "random", "randomnas-nsas", "randomnas-wpl", "darts-v1", "enas", "nao", "gdas", "en2as", "en2as-pr"
)  # fmt: skip
QUICK = ("settings resolve at every scale", "the genotype is in the space", "no test query", "trace and counts")
RESUMED = ("interrupted and resumed, same result",)
REFUSED = ("setn", "e2nas", "reinforce", "multi-fidelity", "nao-tabular", "nao-study")


@pytest.fixture(scope="module")
def text():
    return load_text("grammar")


@pytest.mark.parametrize("name", POLICIES)
def test_policies_find_a_cell_of_the_smallest_space(name):
    results = check_method(name, "rnn3-grammar", only=QUICK)
    assert {result.name: result.detail for result in results if not result.ok} == {}
    assert len(results) == len(QUICK)


@pytest.mark.parametrize("name", ["enas", "nao", "darts-v2", "gdas-nsas", "randomnas-wpl", "en2as-pr"])
def test_what_is_drawn_and_pooled_survives_an_interruption(name):
    results = check_method(name, "rnn2-grammar", only=RESUMED)
    assert {result.name: result.detail for result in results if not result.ok} == {}


@pytest.mark.parametrize("name", REFUSED)
def test_methods_written_for_other_cells_are_refused_with_the_reason(name):
    with pytest.raises(UserError, match=f"'{name}' cannot search in space 'darts_rnn2': (its|it|the) "):
        catalog.get(name).check(benchmarks.get("rnn2-grammar"), None)


def resolved(name, benchmark, protocol="sound"):
    where = benchmarks.get(benchmark)
    return resolve(catalog.get(name).inside(where), where, "paper", protocol=protocol)


def test_settings_are_the_published_ones_of_each_space():
    darts, enas, nao = (resolved(name, "rnn-grammar") for name in ("darts-v1", "enas", "nao"))
    assert (darts["sampler"]["alpha_lr"], darts["sampler"]["alpha_beta1"]) == (3e-3, 0.9)
    assert (darts["training"]["normalize"], darts["training"]["sharing"], darts["training"]["epochs"]) == (
        True, "node", 50
    )  # fmt: skip
    assert (enas["training"]["clip"], enas["training"]["tar"], enas["sampler"]["width"]) == (0.1, 1.0, 64)
    assert (nao["training"]["lr"], nao["training"]["epochs"], nao["sampler"]["pool"]) == (0.25, 1000, 1000)
    enas, nao, uniform = (resolved(name, "rnn2-grammar") for name in ("enas", "nao", "randomnas"))
    assert (enas["sampler"]["cells_per_epoch"], enas["sampler"]["batches_per_cell"]) == (20, 10)
    assert (nao["sampler"]["pool"], nao["sampler"]["evaluations"], nao["sampler"]["grows"]) == (6, 20, True)
    assert (uniform["training"]["epochs"], uniform["training"]["sharing"]) == (1000, "edge_act")
    assert resolved("nao", "rnn3-grammar")["sampler"]["pool"] == 3


def test_no_scale_makes_the_pool_of_a_small_space_larger_than_it():
    for name in ("rnn2-grammar", "rnn3-grammar"):
        where = benchmarks.get(name)
        for scale in ("smoke", "laptop", "paper"):
            found = resolve(catalog.get("nao").inside(where), where, scale)
            assert found["sampler"]["pool"] <= len(where.space)


def test_as_released_is_what_was_released_for_text():
    darts, gdas, enas = (resolved(name, "rnn-grammar", "as-released") for name in ("darts-v2", "gdas", "enas"))
    assert (darts["sampler"]["capped"], darts["sampler"]["masks"], darts["training"]["bn"]) == (
        False, "fresh", "running"
    )  # fmt: skip
    assert gdas["training"]["bn"] == "batch"
    assert enas["sampler"]["baseline"] == "moving"
    assert darts["training"]["score_tokens"] is None
    archive = resolved("en2as-pr", "rnn-grammar", "as-released")["sampler"]
    assert (archive["archive"], archive["perturbations"], archive["compared"], archive["reward"]) == (
        1000, 2, 2, "error"
    )  # fmt: skip
    constraints = resolved("randomnas-nsas", "rnn-grammar", "as-released")["regularizer"]
    assert not constraints["detached"], "the release for texts never ends an epoch, so nothing is taken from it"


RELEASED = [
    name for name, method in catalog.METHODS.items() if "as-released" in method.protocols and name not in REFUSED
]


@pytest.mark.parametrize("on", ["rnn-grammar", "rnn2-grammar", "rnn3-grammar"])
def test_what_was_released_reads_the_text_of_every_scale(on, text):
    where = benchmarks.get(on)
    assert len(RELEASED) >= 8
    for name in RELEASED:
        method = catalog.get(name).inside(where)
        for scale in ("smoke", "laptop", "paper"):
            found = resolve(method, where, scale, protocol="as-released")
            settings = method.training_settings().model_validate(found["training"])
            assert len(limited_text(settings, text).valid) == (settings.valid_tokens or len(text.valid))
            if scale == "smoke":
                skeleton = where.space.supernet_skeleton(found["skeleton"])
                shared = SharedText.build(settings, where.space, skeleton, text, 0)
                assert shared.units > 0
                assert len(shared.streams(0)) == 2
