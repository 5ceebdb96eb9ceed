"""What makes two runs the same: older records are runs of today's settings."""

import pytest

from nasrepro import benchmarks
from nasrepro.methods import catalog
from nasrepro.methods.resolving import resolve
from nasrepro.records.identity import LATER, RunIdentity, completed, digest
from nasrepro.records.spec import RunSpec


def spec(**changes):
    target = benchmarks.get("nb201-digits")
    settings = resolve(catalog.get("randomnas"), target, "laptop")
    made = {"method": "randomnas", "benchmark": "nb201-digits", "scale": "laptop", "protocol": "sound", "seed": 3}
    return RunSpec(**(made | {"settings": settings} | changes))


def older(made, names):
    training = {name: value for name, value in made.settings["training"].items() if name not in names}
    return made.model_copy(update={"settings": {**made.settings, "training": training}})


@pytest.mark.parametrize("later", LATER, ids=lambda later: later.name)
def test_a_record_without_a_younger_setting_is_the_same_run(later):
    assert spec().settings[later.block][later.name] == later.value, "or the default has moved away from what runs did"
    old = older(spec(), [later.name])
    assert old != spec()
    assert RunIdentity.of(old) == RunIdentity.of(spec())
    assert digest(completed(old)) == digest(spec().settings)


def test_what_was_not_added_later_is_missed():
    assert RunIdentity.of(older(spec(), ["epochs"])) != RunIdentity.of(spec())
    elsewhere = spec(benchmark="darts-digits")
    assert RunIdentity.of(older(elsewhere, ["nesterov"])) != RunIdentity.of(elsewhere), "there it was never missing"


def test_threads_are_no_part_of_it_and_seeds_are():
    assert RunIdentity.of(spec(threads=2)) == RunIdentity.of(spec())
    assert RunIdentity.of(spec(seed=4)) != RunIdentity.of(spec())
    assert RunIdentity.of(spec(protocol="as-released")) != RunIdentity.of(spec())
