"""Methods with settings, as they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasrepro.errors import UserError
from nasrepro.experiments.plan import plan
from nasrepro.experiments.variants import parse_variant, parse_variants
from nasrepro.records.spec import RunSpec
from nasrepro.records.store import RunStore
from nasrepro.records.variant import Variant


def test_names_and_settings_are_told_apart():
    found = parse_variants("rea, gdas[sampler.tau_start=5; training.clip=null] ,nao-study[search.sizes=[8,16]],gdas")
    assert [variant.method for variant in found] == ["rea", "gdas", "nao-study", "gdas"]
    assert found[1].settings == {"sampler": {"tau_start": 5}, "training": {"clip": None}}
    assert found[2].settings == {"search": {"sizes": [8, 16]}}
    assert found[3].settings == {}


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("gdas", "gdas"),
        ("gdas[sampler.tau_start=5.0]", "gdas[sampler.tau_start=5]"),
        (
            "gdas[training.lr=1e-3;training.precision=fp32;training.x=null]",
            "gdas[training.lr=0.001;training.precision=fp32;training.x=null]",
        ),
    ],
)
def test_a_variant_is_written_as_it_is_read(text, again):
    assert parse_variant(text).text == again
    assert parse_variant(again) == parse_variant(text)


@pytest.mark.parametrize(
    "text",
    ["", ",", "gdas[", "gdas]", "gdas[]", "gdas[a=1]", "gdas[a.b=1;]", "[a.b=1]", "gdas[a.b=1]x", "a[b.c=1][d.e=2]"],
)
def test_rubbish_is_refused_with_what_is_allowed(text):
    with pytest.raises(UserError, match=r"allowed|form is") as caught:
        parse_variants(text)
    assert "\n" not in str(caught.value)


@given(st.text(alphabet="ab[]{}.=;, \n5\"'", max_size=14))
def test_any_text_is_read_or_refused(text):
    try:
        variants = parse_variants(text)
    except UserError:
        return
    assert variants
    assert all(variant.method.strip() for variant in variants)


def spec(**settings):
    return RunSpec(
        method="gdas", benchmark="nb201-digits", scale="smoke", protocol="sound", seed=0, settings={"sampler": settings}
    )


def test_a_run_fits_when_everything_stated_holds():
    variant = Variant(method="gdas", settings={"sampler": {"tau_start": 5, "gamma": None}})
    assert variant.fits(spec(tau_start=5.0, gamma=None, other=1))
    assert not variant.fits(spec(tau_start=5.0))
    assert not variant.fits(spec(tau_start=4, gamma=None))
    assert not Variant(method="rea", settings={}).fits(spec())
    assert not Variant(method="gdas", settings={"training": {"lr": 1}}).fits(spec())
    assert Variant(method="gdas").fits(spec(anything=1))


def test_variants_exclude_each_other_by_a_setting_that_both_state():
    def gdas(**values):
        return Variant(method="gdas", settings={"sampler": values} if values else {})

    assert gdas(a=1).excludes(gdas(a=2, b=1))
    assert gdas(a=None, b=1).excludes(gdas(a=0))
    assert not gdas(a=1).excludes(gdas(b=2))
    assert not gdas().excludes(gdas(a=1))
    assert not gdas(a=1).excludes(gdas(a=1.0))
    assert gdas().excludes(Variant(method="rea"))


def planned(tmp_path, methods, overrides=None, **options):
    return plan(
        methods,
        "nb201-digits",
        [0, 1],
        scale="smoke",
        protocol=options.get("protocol", "sound"),
        threads=1,
        overrides=overrides or {},
        store=RunStore(tmp_path),
    )


def test_a_variant_differs_from_its_method_in_what_it_states_alone(tmp_path):
    runs = planned(tmp_path, ["gdas", "gdas[sampler.tau_start=5]", Variant(method="rea")])
    assert [(run.name, run.spec.seed) for run in runs] == [
        (name, seed) for name in ("gdas", "gdas[sampler.tau_start=5]", "rea") for seed in (0, 1)
    ]
    plain, five = runs[0].spec.settings, runs[2].spec.settings
    assert five["sampler"] == {**plain["sampler"], "tau_start": 5.0}
    assert {k: v for k, v in plain.items() if k != "sampler"} == {k: v for k, v in five.items() if k != "sampler"}
    assert runs[0].key == planned(tmp_path, ["gdas"])[0].key, "a run's identity has nothing to do with its neighbours"


def test_what_is_the_same_is_planned_once(tmp_path):
    default = planned(tmp_path, ["gdas"])[0].spec.settings["sampler"]["tau_start"]
    same = ["gdas[sampler.tau_start=5]", "gdas[sampler.tau_start=5.0]", f"gdas[sampler.tau_start={default}]", "gdas"]
    assert len(planned(tmp_path, same)) == 4


def test_a_variant_s_own_settings_go_before_those_of_all(tmp_path):
    overrides = {"sampler": {"tau_start": 3.0}, "training": {"lr": 0.5}}
    plain, five = planned(tmp_path, ["gdas", "gdas[sampler.tau_start=5]"], overrides)[::2]
    assert [run.spec.settings["sampler"]["tau_start"] for run in (plain, five)] == [3.0, 5.0]
    assert [run.spec.settings["training"]["lr"] for run in (plain, five)] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gdas[sampler.tau_strat=5]", "did you mean 'tau_start'"),
        ("gdas[smapler.tau_start=5]", "did you mean 'sampler'"),
        ("rea[sampler.tau_start=5]", "block of settings for method 'rea'"),
        ("gdas[sampler.tau_start=hot]", "cannot be 'hot'"),
        ("gads[sampler.tau_start=5]", "did you mean 'gdas'"),
    ],
)
def test_misspelt_variants_are_refused_as_set_refuses_them(tmp_path, text, words):
    with pytest.raises(UserError, match=words):
        planned(tmp_path, ["rea", text])


def test_every_variant_runs_under_the_protocols_of_its_method(tmp_path):
    runs = planned(tmp_path, ["gdas", "gdas[sampler.tau_start=5]"], protocol=["sound", "as-released"])
    assert [(run.name, run.spec.protocol) for run in runs[::2]] == [
        ("gdas", "sound"),
        ("gdas", "as-released"),
        ("gdas[sampler.tau_start=5]", "sound"),
        ("gdas[sampler.tau_start=5]", "as-released"),
    ]


def test_a_setting_has_one_value() -> None:
    with pytest.raises(UserError, match=r"states 'sampler.tau_start' more than once"):
        parse_variant("gdas[sampler.tau_start=0;sampler.tau_start=1]")
    with pytest.raises(UserError, match=r"method 'gdas\[tau_start=1\]': setting 'tau_start=1' cannot be read"):
        parse_variant("gdas[tau_start=1]")
