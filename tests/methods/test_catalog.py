"""Named combinations, and how their settings come about."""

import itertools

import pytest

from nasrepro import benchmarks
from nasrepro.errors import UserError
from nasrepro.methods import catalog
from nasrepro.methods.method import SAMPLERS, Method
from nasrepro.methods.regularizing import REGULARIZERS
from nasrepro.methods.resolving import resolve

CIFAR = benchmarks.get("nb201-cifar10")
DIGITS = benchmarks.get("nb201-digits")


def settings_of(name, benchmark=CIFAR, scale="paper", **overrides):
    return resolve(catalog.get(name), benchmark, scale, overrides)


def test_the_paper_scale_of_the_one_shot_methods_is_as_published():
    for name in ("randomnas", "gdas"):
        settings = settings_of(name)
        training = settings["training"]
        published = {
            "epochs": 250, "batch_size": 64, "lr": 0.025, "lr_min": 0.001, "momentum": 0.9, "weight_decay": 5e-4,
            "clip": 5.0, "precision": "fp32", "train_images": None, "valid_images": None,
        }  # fmt: skip
        assert {key: training[key] for key in published} == published
        assert settings["skeleton"] == {
            "channels": 16, "cells": 5, "stages": 3, "image_size": 32, "classes": 10, "in_channels": 3,
        }  # fmt: skip
    assert settings_of("randomnas")["selector"] == {"candidates": 100}
    assert settings_of("gdas")["sampler"] == {
        "alpha_lr": 3e-4, "alpha_beta1": 0.5, "alpha_beta2": 0.999, "alpha_weight_decay": 1e-3,
        "alpha_init": 1e-3, "tau_start": 10.0, "tau_end": 0.1,
    }  # fmt: skip


def test_the_paper_scale_of_the_multi_trial_methods_is_as_published():
    evolution = settings_of("rea")["search"]
    assert (evolution["population"], evolution["tournament"]) == (10, 3)
    assert settings_of("random") == {"search": {}}
    assert set(settings_of("random-search")) == {"search"}


def test_sound_is_the_default_protocol_everywhere():
    assert all("sound" in method.protocols for method in catalog.METHODS.values())
    assert settings_of("gdas")["training"]["bn"] == "batch"


@pytest.mark.parametrize("scale", benchmarks.SCALES)
@pytest.mark.parametrize("where", benchmarks.names())
@pytest.mark.parametrize("name", catalog.METHODS)
def test_every_method_resolves_at_every_scale_to_what_the_scale_says(name, where, scale):
    target = benchmarks.get(where)
    method = catalog.get(name).inside(target)
    settings = resolve(method, target, scale)
    assert set(settings) == {*method.blocks(), *(["skeleton"] if method.one_shot else [])}
    for block, values in target.scales[scale].items():
        for key, value in values.items():
            if key in settings.get(block, {}) and key not in method.scales.get(scale, {}).get(block, {}):
                share = method.share_of_epochs if key == "epochs" else 1
                assert settings[block][key] == (value if share == 1 else max(1, round(share * value))), f"{block}.{key}"


def test_overrides_win_over_the_scale():
    settings = settings_of("gdas", DIGITS, "smoke", training={"epochs": 7}, skeleton={"channels": 6})
    assert settings["training"]["epochs"] == 7
    assert settings["training"]["train_images"] == 200
    assert settings["skeleton"]["channels"] == 6


@pytest.mark.parametrize(
    ("name", "overrides", "said"),
    [
        ("gdas", {"trainign": {"epochs": 3}}, ("unknown block", "'trainign'", "did you mean 'training'")),
        ("rea", {"training": {"epochs": 3}}, ("unknown block", "'training'", "allowed: search")),
        ("gdas", {"training": {"epoch": 3}}, ("unknown setting", "'epoch'", "did you mean 'epochs'")),
        ("gdas", {"sampler": {"alpha_ler": 3}}, ("unknown setting", "did you mean 'alpha_lr'")),
        ("randomnas", {"skeleton": {"chanels": 3}}, ("unknown setting", "did you mean 'channels'")),
        ("gdas", {"training": {"epochs": 0}}, ("training.epochs", "'0'", "greater than or equal to 1")),
        ("gdas", {"training": {"lr": "fast"}}, ("training.lr", "'fast'", "valid number")),
        ("gdas", {"training": {"precision": "fp8"}}, ("training.precision", "'fp8'", "'fp32' or 'bf16'")),
        ("rea", {"search": {"population": -1}}, ("search.population", "'-1'")),
        ("gdas", {"skeleton": {"image_size": 30}}, ("impossible skeleton", "30")),
        ("gdas", {"skeleton": {"channels": 0}}, ("impossible skeleton", "at least 1")),
        ("gdas", {"skeleton": {"channels": "many"}}, ("impossible skeleton", "'channels'", "'many'", "whole number")),
        ("gdas", {"skeleton": {"cells": 1.5}}, ("impossible skeleton", "'1.5'", "whole number")),
        ("gdas", {"skeleton": {"classes": 3}}, ("impossible skeleton", "'classes'", "make it 10")),
        ("gdas", {"skeleton": {"image_size": 12}}, ("impossible skeleton", "side 32", "side 12")),
        ("gdas", {"training": {"train_images": 0}}, ("training.train_images", "'0'")),
    ],
)
def test_wrong_settings_are_refused_in_one_line(name, overrides, said):
    with pytest.raises(UserError) as caught:
        resolve(catalog.get(name), CIFAR, "laptop", overrides)
    text = str(caught.value)
    assert all(part in text for part in said), text
    assert "\n" not in text


def test_an_unknown_method_is_refused_with_the_nearest():
    with pytest.raises(UserError, match="did you mean 'gdas'"):
        catalog.get("gdass")
    with pytest.raises(UserError, match=r"unknown benchmark 'nb201-cifar'.*did you mean 'nb201-cifar10"):
        benchmarks.get("nb201-cifar")


def combined(**parts):
    return Method("mine", "a summary", "nobody", **parts)


def test_a_regularizer_is_a_block_of_its_own_between_sampler_and_selector():
    method = catalog.get("gdas-ac")
    assert list(method.blocks()) == ["training", "sampler", "regularizer", "selector"]
    assert settings_of("gdas-ac")["regularizer"] == {"epsilon": 0.5, "weighting": "normalized", "detached": False}
    written = resolve(method, CIFAR, "paper", protocol="as-written")
    assert written["regularizer"]["weighting"] == "as-printed"
    assert "regularizer" not in catalog.get("gdas").blocks()


def test_relatives_with_a_regularizer_differ_in_it_alone():
    for name, relative in itertools.product(("randomnas", "gdas"), ("ac", "wpl", "nsas")):
        plain, regularized = settings_of(name), settings_of(f"{name}-{relative}")
        assert {block: values for block, values in regularized.items() if block != "regularizer"} == plain


@pytest.mark.parametrize("name", ["randomnas-wpl", "gdas-wpl"])
def test_wpl_to_the_letter_remembers_the_path_before_alone(name):
    sound, written = (
        resolve(catalog.get(name), CIFAR, "paper", protocol=protocol)["regularizer"]
        for protocol in ("sound", "as-written")
    )
    assert sound["memory"] == 0.9
    assert written == {**sound, "memory": 0.0}


@pytest.mark.parametrize(
    ("name", "released"), [("randomnas-nsas", "normalized"), ("gdas-nsas", "as-printed")], ids=["randomnas", "gdas"]
)
def test_nsas_has_three_protocols_and_fewer_constraints_at_small_scales(name, released):
    def of(protocol, scale="paper"):
        return resolve(catalog.get(name), CIFAR, scale, protocol=protocol)["regularizer"]

    sound = of("sound")
    assert [sound[key] for key in ("archive", "recent", "neighbors", "beta")] == [8, 50, 10, 0.5]
    assert sound["weighting"] == "normalized"
    assert of("as-written") == {**sound, "weighting": "as-printed"}
    assert of("as-released") == {**sound, "weighting": released, "detached": True}
    assert [of("sound", scale)["archive"] for scale in ("laptop", "smoke")] == [4, 2]


def test_impossible_combinations_are_refused_by_name_with_the_reason():
    mixing = combined(sampler="mixture", selector="argmax", regularizer="complementation")
    with pytest.raises(
        UserError, match=r"'mine' is impossible: regularizer 'complementation' needs single paths.*'mix"
    ):
        mixing.blocks()
    said = r"'mine' is impossible: selector 'argmax' asks .*'preferred'.*'uniform' does not"
    with pytest.raises(UserError, match=said):
        combined(sampler="uniform", selector="argmax").build()


@pytest.mark.parametrize("regularizer", REGULARIZERS)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_but_mixtures_works_with_a_regularizer(sampler, regularizer):
    method = combined(sampler=sampler, selector="rs", regularizer=regularizer)
    if "mixture" in sampler:
        with pytest.raises(UserError, match="single paths"):
            method.parts()
    else:
        assert list(method.parts()) == ["sampler", "regularizer", "selector"]
