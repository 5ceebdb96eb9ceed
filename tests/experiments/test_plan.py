"""From a request to runs: reading what was typed, and the identity of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasrepro.errors import UserError
from nasrepro.experiments.plan import parse_protocols, parse_seeds, plan
from nasrepro.experiments.variants import parse_overrides
from nasrepro.records.spec import PROTOCOL_VERSION, RunSpec, run_key
from nasrepro.records.store import RunStore


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0", [0]),
        ("0-4", [0, 1, 2, 3, 4]),
        ("3,1,2", [1, 2, 3]),
        ("5, 0 - 2 ,1", [0, 1, 2, 5]),
        ("7-7", [7]),
        ("007", [7]),
    ],
)
def test_seed_lists(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "1,",
        "a",
        "1-",
        "-1",
        "1-2-3",
        "1.5",
        "0x3",
        "1 2",
        "4-1",
        "2147483648",
        "0-2000000",
        "1;2",
        "0–4",
        "٣x",
    ],
)
def test_rubbish_in_a_seed_list_is_named(text):
    with pytest.raises(UserError) as caught:
        parse_seeds(text)
    assert text in str(caught.value)
    assert "allowed" in str(caught.value)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text):
    try:
        seeds = parse_seeds(text)
    except UserError:
        return
    assert seeds == sorted(set(seeds))
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_overrides_are_json_or_text():
    read = parse_overrides(
        ["training.epochs=3", "training.clip=null", "training.precision=bf16", "sampler.alpha_lr=1e-3", "a-b.c=x=y"]
    )
    assert read == {
        "training": {"epochs": 3, "clip": None, "precision": "bf16"},
        "sampler": {"alpha_lr": 1e-3},
        "a-b": {"c": "x=y"},
    }
    assert parse_overrides([]) == {}
    assert parse_overrides(["training.epochs=3", "training.epochs=4"]) == {"training": {"epochs": 4}}


@pytest.mark.parametrize("text", ["", "epochs=3", "training.epochs", "training..epochs=3", ".=1", "a b.c=1"])
def test_malformed_overrides_are_refused(text):
    with pytest.raises(UserError, match=r"the form is BLOCK\.NAME=VALUE"):
        parse_overrides([text])


def request(tmp_path, methods=("gdas",), seeds=(0,), **changes):
    asked = {"scale": "smoke", "protocol": "sound", "threads": 1, "overrides": {}, "store": RunStore(tmp_path)}
    return plan(list(methods), changes.pop("on", "nb201-digits"), list(seeds), **{**asked, **changes})


def text(**training):
    """A request on a text."""
    return {"on": "rnn2-grammar", "methods": ["randomnas"], "overrides": {"training": training}}


def test_methods_times_seeds_in_order(tmp_path):
    runs = request(tmp_path, methods=["gdas", "rea", "gdas"], seeds=[1, 0])
    assert [(run.spec.method, run.spec.seed) for run in runs] == [("gdas", 1), ("gdas", 0), ("rea", 1), ("rea", 0)]
    assert len({run.key for run in runs}) == 4
    assert not list(tmp_path.iterdir())  # planning writes nothing


def test_several_protocols_run_each_method_under_those_it_has(tmp_path):
    asked = {"methods": ["gdas", "rea"], "seeds": [0, 1], "protocol": ["sound", "as-released", "sound"]}
    runs = request(tmp_path, **asked, overrides={"training": {"epochs": 1}, "sampler": {"alpha_lr": 0.1}})
    rows = [(run.spec.method, run.spec.protocol, run.spec.seed) for run in runs]
    assert rows == [
        ("gdas", "sound", 0),
        ("gdas", "sound", 1),
        ("gdas", "as-released", 0),
        ("gdas", "as-released", 1),
        ("rea", "sound", 0),
        ("rea", "sound", 1),
    ]
    norms = {run.spec.protocol: run.spec.settings["training"]["bn"] for run in runs if run.spec.method == "gdas"}
    assert norms == {"sound": "batch", "as-released": "running"}
    alone = request(tmp_path, methods=["gdas"], overrides={"training": {"epochs": 1}, "sampler": {"alpha_lr": 0.1}})
    assert alone[0].key == runs[0].key, "a run does not know what it is compared with"


def test_protocols_are_read_from_a_list():
    assert parse_protocols("sound, as-released,sound") == ["sound", "as-released"]
    with pytest.raises(UserError, match="unknown protocol ''"):
        parse_protocols("sound,")


def test_planning_twice_gives_the_same_keys(tmp_path):
    assert [r.key for r in request(tmp_path, seeds=[0, 1])] == [r.key for r in request(tmp_path / "b", seeds=[0, 1])]


def test_data_hashes_are_part_of_a_run_and_images_only_of_those_that_see_them(tmp_path):
    gdas, rea = request(tmp_path, methods=["gdas", "rea"])
    assert set(rea.data) == {"truth"}
    assert set(gdas.data) > {"truth"}
    assert all(len(value) == 64 for value in gdas.data.values())


SPEC = RunSpec(method="gdas", benchmark="nb201-digits", scale="smoke", protocol="sound", seed=0)


def test_the_key_of_a_spec_never_changes():
    """A literal, because a changed key would silently disown every record that users have."""
    spec = SPEC.model_copy(update={"settings": {"training": {"epochs": 2, "lr": 0.1}}})
    assert run_key(spec, {"truth": "ab"}) == run_key(spec, {"truth": "ab"})
    assert run_key(spec, {"truth": "ab"}) == "a238522044dea422aa99"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("method", "rea"),
        ("benchmark", "nb201-cifar10"),
        ("scale", "laptop"),
        ("protocol", "as-written"),
        ("seed", 1),
        ("threads", 2),
        ("device", "cuda"),
        ("settings", {"training": {"epochs": 3}}),
    ],
)
def test_every_field_of_the_spec_is_in_the_key(name, value):
    assert name in RunSpec.model_fields
    assert run_key(SPEC.model_copy(update={name: value}), {}) != run_key(SPEC, {})


def test_no_field_of_the_spec_was_forgotten_above():
    assert set(RunSpec.model_fields) == {
        "method", "benchmark", "scale", "protocol", "seed", "threads", "device", "settings",
    }  # fmt: skip


def test_data_and_protocol_version_are_in_the_key():
    before = run_key(SPEC, {"truth": "a"})
    assert run_key(SPEC, {"truth": "b"}) != before
    assert run_key(SPEC, {"truth": "a", "more": "c"}) != before
    assert run_key(SPEC, {"truth": "a"}, PROTOCOL_VERSION) == before
    assert run_key(SPEC, {"truth": "a"}, PROTOCOL_VERSION + 1) != before


def test_threads_and_overrides_reach_the_spec(tmp_path):
    (run,) = request(tmp_path, threads=2, overrides={"training": {"epochs": 9}})
    assert run.spec.threads == 2
    assert run.spec.settings["training"]["epochs"] == 9
    assert run.key != request(tmp_path)[0].key


def test_an_override_goes_to_the_methods_that_know_it(tmp_path):
    overrides = {"training": {"epochs": 9}, "search": {"population": 3}, "sampler": {"alpha_lr": 0.5}}
    gdas, nas, rea, drawn = request(
        tmp_path, methods=["gdas", "randomnas", "rea", "random-search"], overrides=overrides
    )
    assert gdas.spec.settings["sampler"]["alpha_lr"] == 0.5
    assert nas.spec.settings["training"]["epochs"] == 9
    assert nas.spec.settings["sampler"] == {}
    assert rea.spec.settings["search"]["population"] == 3
    assert "population" not in drawn.spec.settings["search"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"methods": ["gdsa"]}, ("unknown method 'gdsa'", "did you mean 'gdas'")),
        ({"on": "nb201-digit"}, ("unknown benchmark", "did you mean 'nb201-digits'")),
        ({"scale": "tiny"}, ("unknown scale 'tiny'", "smoke, laptop, paper")),
        ({"protocol": "loud"}, ("unknown protocol 'loud'", "did you mean 'sound'")),
        ({"protocol": "as-written"}, ("method 'gdas' has no protocol 'as-written'", "allowed: sound")),
        ({"protocol": ["sound", "loud"]}, ("unknown protocol 'loud'", "did you mean 'sound'")),
        ({"protocol": ["as-written", "as-released"], "methods": ["gdas", "rea"]}, ("method 'rea' has no protocol",)),
        ({"protocol": "sound,as-released"}, ("unknown protocol 'sound,as-released'",)),
        ({"on": "darts-imagenet", "methods": ["rea"]}, ("imagenet valid after 1 epochs", "weight sharing")),
        ({"on": "darts-imagenet", "methods": ["random-search"]}, ("imagenet valid after 1 epochs",)),
        ({"on": "darts-imagenet", "methods": ["local-search"]}, ("imagenet valid after 1 epochs",)),
        ({"threads": 0}, ("threads must be at least 1, not 0",)),
        ({"overrides": {"trainin": {"epochs": 1}}}, ("unknown block of settings 'trainin'", "'training'")),
        ({"overrides": {"training": {"epoks": 1}}}, ("unknown setting", "did you mean 'epochs'")),
        ({"methods": ["gdas", "rea"], "overrides": {"search": {"populace": 1}}}, ("did you mean 'population'",)),
        ({"methods": ["rea"], "overrides": {"skeleton": {"cells": 1}}}, ("unknown block of settings 'skeleton'",)),
        (text(batch_size=3000), ("the 2,000 words of the training text of grammar do not fill 3,000 columns of two",)),
        (text(batch_size=400), ("the 600 words of the validation text of grammar do not fill 400 columns",)),
        (text(valid_tokens=5), ("the 5 words of the validation text of grammar do not fill 8 columns",)),
        (text(score_tokens=7), ("the 7 words of the scored text of grammar do not fill 4 columns",)),
    ],
)
def test_a_wrong_request_is_refused_before_anything_runs(tmp_path, changes, said):
    with pytest.raises(UserError) as caught:
        request(tmp_path, **changes)
    assert all(part in str(caught.value) for part in said), str(caught.value)
    assert "\n" not in str(caught.value)
