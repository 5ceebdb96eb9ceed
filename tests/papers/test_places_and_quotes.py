"""Where items are run can be planned without any data; and numbers of the texts name what of ours stands beside."""

from __future__ import annotations

import json
import math
import re

import pytest
from pydantic import ValidationError

from nasrepro import benchmarks
from nasrepro.experiments.expected import able, expected
from nasrepro.experiments.plan import parse_seeds
from nasrepro.methods import catalog
from nasrepro.papers.catalog import item, papers
from nasrepro.papers.item import Item
from nasrepro.papers.model import Paper
from nasrepro.papers.place import EVERY_METHOD

EMBEDDED = {"nb201-digits", "darts-digits", "rnn-grammar", "rnn2-grammar", "rnn3-grammar"}
DOWNLOADED = {"nb201-cifar10", "darts-cifar10", "rnn-ptb", "rnn2-ptb", "rnn3-ptb", "rnn-wikitext2"}
ONLY_DOWNLOADED = {"en2as/table-5", "nao/table-5"}
"""Results on WikiText-2, for which no embedded text stands."""

ITEMS: list[Item] = [entry for owner in papers().values() for entry in owner.items]
PLACED = [entry for entry in ITEMS if entry.places]


def test_slugs_are_those_that_are_documented() -> None:
    assert set(papers()) == {"e2nas", "en2as", "evaluating-search", "nao", "nsas"}
    for slug, owner in papers().items():
        assert owner.slug == slug
        assert all(re.fullmatch(rf"{slug}/(table|figure)-\d+[a-z]?", entry.id) for entry in owner.items)


def test_whatever_runs_has_a_place_and_an_embedded_one_first() -> None:
    assert [entry.id for entry in ITEMS if bool(entry.variants) != bool(entry.places)] == []
    for entry in PLACED:
        names = [place.benchmark for place in entry.places]
        assert len(set(names)) == len(names)
        assert (names[0] in EMBEDDED) != (entry.id in ONLY_DOWNLOADED)
        assert set(names) <= EMBEDDED | DOWNLOADED <= set(benchmarks.names())
        assert all(place.scale == "laptop" and parse_seeds(place.seeds)[0] == 0 for place in entry.places)


@pytest.mark.parametrize("entry", PLACED, ids=[entry.id for entry in PLACED])
def test_every_variant_can_be_planned_at_every_place(entry: Item) -> None:
    found = item(entry.id)
    for place in entry.places:
        planned = expected(found, place)
        assert len(planned) == len(able(found, place)) == len(entry.variants)
        for own, stated in zip(planned, entry.variants, strict=True):
            assert own.variant.method == stated.method
            for block, values in stated.settings.items():
                assert {name: own.settings[block][name] for name in values} == values, "what a row states is kept"


def test_a_place_names_methods_that_the_item_runs() -> None:
    for entry in PLACED:
        for place in entry.places:
            assert set(place.settings) - {EVERY_METHOD} <= set(entry.methods), entry.id


def test_settings_of_a_place_reach_the_runs_they_are_for() -> None:
    figure = item("nsas/figure-4")
    digits, images = ({own.variant.method: own.settings for own in expected(figure, figure.places[n])} for n in (0, 2))
    assert {settings["training"]["watch_points"] for settings in digits.values()} == {25}
    assert {settings["training"]["epochs"] for settings in images.values()} == {25}
    assert (images["gdas-nsas"]["regularizer"]["archive"], digits["gdas-nsas"]["regularizer"]["archive"]) == (2, 4)


def test_every_paper_is_quoted() -> None:
    counts = {slug: len(owner.quoted) for slug, owner in papers().items()}
    assert counts == {"e2nas": 10, "en2as": 23, "evaluating-search": 21, "nao": 31, "nsas": 17}
    for owner in papers().values():
        kinds = {quoted.kind for quoted in owner.quoted}
        assert {"result", "setting"} <= kinds
        assert all(re.search(r"\d", quoted.value) for quoted in owner.quoted)
        assert all(quoted.says and quoted.where for quoted in owner.quoted)


def test_what_is_said_of_ours_is_an_item_or_a_command() -> None:
    shown = {*benchmarks.names(), *catalog.names()}
    for owner in papers().values():
        for quoted in owner.quoted:
            command = re.fullmatch(r"nasrepro (?:benchmark )?show (\S+)(?: --benchmark (\S+))?", quoted.ours)
            assert not quoted.ours or quoted.item or command, quoted.name
            if command:
                assert {name for name in command.groups() if name} <= shown


def test_numbers_that_are_known_from_elsewhere() -> None:
    values = {(slug, quoted.name): quoted.value for slug, owner in papers().items() for quoted in owner.quoted}
    for key, value in {
        ("evaluating-search", "τ of the best run"): "0.282",
        ("evaluating-search", "τ of the worst run"): "-0.116",
        ("evaluating-search", "best random cell, trained long"): "55.93",
        ("nsas", "τ of RandomNAS-NSAS"): "0.4242",
        ("nsas", "τ of GDAS"): "-0.1818",
        ("nao", "error on CIFAR-10"): "1.93%",
        ("nao", "pairwise accuracy of the predictor"): "> 78%",
        ("en2as", "archive"): "100",
        ("e2nas", "optimum"): "94.37%, 73.51% and 47.31%",
    }.items():
        assert values[key] == value
    missed = values["evaluating-search", "ten random draws miss the best"]
    assert missed == f"{math.floor(1e4 * (31 / 32) ** 10) / 100}%", "not rounded"


def test_a_quoted_number_has_a_name_of_its_own_and_an_item_that_exists() -> None:
    data = json.loads(papers()["nsas"].model_dump_json())
    for change, words in (
        ({"name": data["quoted"][1]["name"]}, "two quoted numbers of nsas have one name"),
        ({"ours": "figure-9: nothing"}, "no item called 'figure-9'"),
        ({"value": ""}, "at least 1 character"),
        ({"kind": "guess"}, "'setting', 'cost', 'result' or 'space'"),
    ):
        with pytest.raises(ValidationError, match=words):
            Paper.model_validate(data | {"quoted": [data["quoted"][0] | change, *data["quoted"][1:]]})
