"""Every regularizer of the table keeps its promises; and the battery notices those that do not."""

import sys
from importlib.metadata import EntryPoint

import broken_regularizers
import pytest

from nasrepro import benchmarks
from nasrepro.errors import UserError
from nasrepro.methods import regularizing
from nasrepro.methods.method import Method
from nasrepro.regularizers.complementation import Complementation
from nasrepro.testing import run_checks
from nasrepro.testing.regularizers import check_regularizer, requirements


@pytest.mark.parametrize("name", regularizing.REGULARIZERS)
def test_the_regularizers_of_the_table(name):
    results = check_regularizer(name)
    assert {result.name: result.detail for result in results if not result.ok} == {}
    assert len(results) >= 15


IN_ANOTHER_SPACE = (
    "the loss contains the path's own",
    "the gradient is not a multiple of the plain one",
    "the gradient agrees with finite differences",
    "every path is run on the training batch and counted",
    "works in bfloat16 and with running averages",
)


@pytest.mark.parametrize("check", IN_ANOTHER_SPACE)
@pytest.mark.parametrize("name", regularizing.REGULARIZERS)
def test_the_regularizers_of_the_table_in_the_darts_space(name, check):
    assert requirements(name, "darts-digits")[check]()


@pytest.fixture
def announce(monkeypatch):
    """Puts a class of `broken_regularizers` into the table."""
    monkeypatch.setitem(sys.modules, "nasrepro.regularizers.broken", broken_regularizers)

    def put(name):
        monkeypatch.setitem(regularizing.REGULARIZERS, "broken", f"nasrepro.regularizers.broken:{name}")

    return put


@pytest.mark.parametrize(
    ("name", "check", "said"),
    [
        ("Undescribed", "description", "no docstring"),
        ("Unsourced", "every setting is described and says where it was published", "'strength' has no description"),
        ("NumbersOnly", "the gradient is not a multiple of the plain one", "0.5 times the plain one"),
        ("OthersOnly", "the loss contains the path's own", "has weight None"),
        ("StraightThrough", "the gradient agrees with finite differences", "measured"),
        ("Unseeded", "same seed, same losses", "and then"),
        ("Forgetful", "the state round-trips", "instead of"),
        ("Forgetful", "interrupted and resumed, same weights", "instead of"),
        ("Uncounted", "every path is run on the training batch and counted", "4 passes, but 3 were counted"),
        ("OtherImages", "every path is run on the training batch and counted", "are on other images"),
        ("Gated", "alpha and validation images stay untouched", "gates"),
        ("Mover", "only the optimizer moves weights", "stem.conv.weight"),
        ("Feeble", "the path's own loss goes down", "from"),
    ],
)
def test_a_broken_regularizer_fails_the_check_about_it(announce, name, check, said):
    announce(name)
    (result,) = run_checks([(check, requirements("broken")[check])])
    assert not result.ok
    assert said in result.detail


@pytest.fixture
def plug_in(monkeypatch):
    """Announces a class as the plug-in `theirs`."""

    def put(value):
        entry = EntryPoint("theirs", value, "nasrepro.regularizers")
        monkeypatch.setattr("nasrepro.plugins.announced", lambda group: {"theirs": entry} if "reg" in group else {})

    return put


def test_a_plug_in_is_found_by_the_name_it_is_announced_under(plug_in):
    plug_in("nasrepro.regularizers.complementation:Complementation")
    assert regularizing.names()[-1] == "theirs"
    assert regularizing.get("theirs") is Complementation
    method = Method("mine", "", "", sampler="uniform", regularizer="theirs", selector="rs")
    assert method.parts()["regularizer"] is Complementation


def test_a_plug_in_of_another_kind_is_refused(plug_in):
    plug_in("broken_regularizers:NoRegularizer")
    with pytest.raises(UserError, match=r"plug-in 'theirs' .* is not a subclass of Regularizer"):
        check_regularizer("theirs")
    plug_in("no_such_package:Regularizer")
    with pytest.raises(UserError, match=r"plug-in 'theirs' .* cannot be imported"):
        check_regularizer("theirs")


def test_unknown_names_and_other_classes_are_user_errors():
    with pytest.raises(UserError, match="unknown regularizer 'complement'; did you mean 'complementation'"):
        check_regularizer("complement")
    with pytest.raises(UserError, match="is no regularizer"):
        regularizing.get("broken_regularizers:NoRegularizer")
    assert regularizing.get("nasrepro.regularizers.complementation:Complementation") is Complementation
    assert "complementation" not in benchmarks.names()
