"""Contrasts as they are typed, and the runs that answer them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasrepro.errors import UserError
from nasrepro.experiments.contrasts import parse_contrast, planned_contrasts
from nasrepro.experiments.plan import PlannedRun
from nasrepro.experiments.variants import parse_variant
from nasrepro.records.spec import RunSpec


def planned(*texts, protocols=("sound",), seeds=2):
    """A run per name, protocol and seed; equal settings would share it in a real plan."""
    return [
        PlannedRun(
            RunSpec(method=variant.method, benchmark="b", scale="smoke", protocol=rules, seed=seed),
            {},
            f"{variant.text} {rules} {seed}",
            (variant,),
        )
        for variant in map(parse_variant, texts)
        for rules in protocols
        for seed in range(seeds)
    ]


@pytest.mark.parametrize(
    ("text", "label", "first", "second", "protocols"),
    [
        ("gdas - rea", "", "gdas", "rea", (None, None)),
        ("what γ adds: e2nas - e2nas[a.b=0; c.d=1]", "what γ adds", "e2nas", "e2nas[a.b=0;c.d=1]", (None, None)),
        ("gdas-a − gdas[a.b=-1]", "", "gdas-a", "gdas[a.b=-1]", (None, None)),
        ("a - b: or not:gdas[a.b=x - y] - rea", "a - b: or not", "gdas[a.b=x - y]", "rea", (None, None)),
        ('gdas[a.b={"c": 1}] - gdas', "", 'gdas[a.b={"c": 1}]', "gdas", (None, None)),
        ("gdas[a.b=2]@as-written - gdas@sound", "", "gdas[a.b=2]", "gdas", ("as-written", "sound")),
    ],
)
def test_a_question_is_read_into_its_parts(text, label, first, second, protocols):
    found = parse_contrast(text)
    assert found.label == label
    assert (found.first.variant, found.second.variant) == (parse_variant(first), parse_variant(second))
    assert (found.first.protocol, found.second.protocol) == protocols


@pytest.mark.parametrize("text", ["", "gdas", "gdas-rea", "gdas - ", "a - b - c", " - rea", "label: gdas"])
def test_other_forms_are_refused_with_the_right_one(text):
    with pytest.raises(UserError, match="the form is") as caught:
        parse_contrast(text)
    assert f"'{text}'" in str(caught.value)


@given(st.text(alphabet="ab[]{}.=;:@ -−\n5", max_size=16))
def test_any_text_is_read_or_refused(text):
    try:
        found = parse_contrast(text)
    except UserError:
        return
    assert found.first.variant.method
    assert found.second.variant.method


def test_a_side_is_all_runs_of_its_row():
    runs = planned("e2nas", "e2nas[sampler.gamma=0]", "gdas", seeds=3)
    (found,) = planned_contrasts(["what γ adds: e2nas - e2nas[ sampler.gamma = 0.0 ]".replace(" = ", "=")], runs)
    assert found.label == "what γ adds"
    assert found.first.runs == tuple(f"e2nas sound {seed}" for seed in range(3))
    assert found.second.runs == tuple(f"e2nas[sampler.gamma=0] sound {seed}" for seed in range(3))
    assert found.second.name == "e2nas[sampler.gamma=0]"
    assert planned_contrasts([], runs) == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["e2nas - gdos"], ["unknown row of a contrast 'gdos'", "did you mean 'gdas'?"]),
        (["gdas - e2nas[sampler.gamma=1]"], ["did you mean 'e2nas[sampler.gamma=0]'?"]),
        (["gdas - gdas"], ["'gdas - gdas' names one row twice"]),
        (["gdas - e2nas", "x: e2nas - gdas"], ["'x: e2nas - gdas' is asked twice"]),
        (["gdas@sound - e2nas@as-writen"], ["unknown protocol of a contrast 'as-writen'", "allowed: sound"]),
    ],
)
def test_what_has_no_answer_is_refused_in_one_line(asked, words):
    with pytest.raises(UserError) as caught:
        planned_contrasts(asked, planned("e2nas", "e2nas[sampler.gamma=0]", "gdas"))
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_two_names_of_one_row_are_one_row():
    shared = parse_variant("gdas"), parse_variant("gdas[sampler.tau_start=10]")
    runs = [replace(run, variants=shared) for run in planned("gdas")]
    with pytest.raises(UserError, match="names one row twice"):
        planned_contrasts(["gdas - gdas[sampler.tau_start=10]"], runs)
    (found,) = planned_contrasts(["gdas[sampler.tau_start=10] - rea"], [*runs, *planned("rea")])
    assert found.first.runs == ("gdas sound 0", "gdas sound 1")


def test_several_protocols_are_asked_one_by_one_or_against_each_other():
    both = planned("e2nas", "gdas", protocols=("sound", "as-written"))
    released = planned("rea", protocols=("as-released",))
    runs = [*both, *released]
    found = planned_contrasts(["gain: e2nas - gdas"], runs)
    assert [contrast.label for contrast in found] == ["gain · sound", "gain · as-written"]
    assert [contrast.second.name for contrast in found] == ["gdas@sound", "gdas@as-written"]
    assert found[1].first.runs == ("e2nas as-written 0", "e2nas as-written 1")
    (across,) = planned_contrasts(["reading: e2nas@as-written - e2nas@sound"], runs)
    assert (across.label, across.first.name, across.second.name) == ("reading", "e2nas@as-written", "e2nas@sound")
    assert across.second.runs == ("e2nas sound 0", "e2nas sound 1")
    with pytest.raises(UserError, match="no protocol of this comparison has both rows"):
        planned_contrasts(["rea - gdas"], runs)
    with pytest.raises(UserError, match="states one row's protocol; state both"):
        planned_contrasts(["e2nas@sound - gdas"], runs)
    assert planned_contrasts(["e2nas@sound - gdas"], planned("e2nas", "gdas"))
