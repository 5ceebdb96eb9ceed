"""Which runs make an item: known without data, planned once for all items, kept in a file that is up to date."""

import subprocess
import sys

import pytest

from nasrepro import benchmarks
from nasrepro.errors import UserError
from nasrepro.experiments.expected import able, expected
from nasrepro.experiments.programme import made
from nasrepro.experiments.reproducing import Request, checked_request, distinct, planned_places
from nasrepro.papers import catalog as papers
from nasrepro.papers.place import Place
from nasrepro.papers.programme import planned_places as stored_places
from nasrepro.papers.programme import programme
from nasrepro.records.identity import RunIdentity
from nasrepro.records.store import RunStore

ITEMS = [item for paper in papers.papers().values() for item in paper.items]


def test_the_file_of_all_runs_is_what_the_code_makes():
    assert programme() == made(), "run 'python -m nasrepro.experiments.programme'"


@pytest.mark.parametrize("item", [item for item in ITEMS if item.variants and item.places], ids=lambda item: item.id)
def test_every_place_runs_something_and_every_run_is_at_a_place(item):
    assert [own.place for own in stored_places(item.id, "laptop")] == item.places
    for place in item.places:
        assert expected(item, place), "no method of the item can search there"
    assert [own.place.scale for own in stored_places(item.id, "paper")] == ["paper"]
    assert len(stored_places(item.id, "smoke")) == 1


def test_methods_that_cannot_search_somewhere_are_left_out():
    item = papers.item("nsas/table-2")
    there = {variant.method for variant in able(item, Place(benchmark="darts-digits"))}
    assert "enas" not in there
    assert "randomnas" in there
    assert not able(papers.item("e2nas/table-1"), Place(benchmark="nb201-imagenet16-120")), "there are no images"


def test_a_place_sets_what_methods_know_and_a_row_goes_before_it():
    settings = {"": {"training": {"epochs": 7}}, "e2nas": {"training": {"epochs": 5}, "sampler": {"gamma": 0.9}}}
    place = Place(benchmark="nb201-digits", settings=settings)
    by_name = {own.variant.text: own.settings for own in expected(papers.item("e2nas/table-2"), place)}
    assert by_name["gdas"]["training"]["epochs"] == 7
    (first,) = [own for text, own in by_name.items() if text.startswith("e2nas") and own["sampler"]["gamma"] == 0.2]
    assert first["training"]["epochs"] == 5
    assert "training" not in by_name.get("random", {})


def test_items_that_share_runs_plan_them_once(tmp_path):
    items = [papers.item("nsas/figure-3"), papers.item("nsas/figure-4")]
    request = Request(scale="smoke", benchmark="nb201-digits")
    both = planned_places(items, request, RunStore(tmp_path))
    assert all(own.runs and not own.problem for own in both)
    assert len(distinct(both)) < sum(len(own.runs) for own in both)
    planned = {RunIdentity.of(run.spec) for run in both[0].runs}
    (place,) = stored_places("nsas/figure-3", "smoke")
    stored = {RunIdentity(run.method, "nb201-digits", "smoke", "sound", 0, run.settings) for run in place.runs}
    assert stored == planned, "a report finds by the file what the planner plans"


def test_missing_data_are_no_mistake_but_a_reason(tmp_path, monkeypatch):
    monkeypatch.setenv("NASREPRO_DATA", str(tmp_path / "none"))
    found = planned_places([papers.item("e2nas/table-1")], Request(), RunStore(tmp_path))
    assert [(own.place.benchmark, bool(own.runs)) for own in found] == [
        ("nb201-digits", True),
        ("nb201-cifar10", False),
    ]
    assert "nasbench201.npz" in found[1].problem


def test_what_a_reader_sets_takes_the_place_of_what_the_item_sets(tmp_path):
    item = papers.item("nsas/figure-3")
    request = checked_request(
        scale="laptop",
        protocol="sound",
        benchmark="darts-digits",
        seeds="5",
        settings=["training.watch_points=3"],
        threads=1,
        allow_unverified=False,
    )
    (own,) = planned_places([item], request, RunStore(tmp_path))
    assert {run.spec.settings["training"]["watch_points"] for run in own.runs} == {3}
    assert {run.spec.seed for run in own.runs} == {5}


@pytest.mark.parametrize("wrong", [{"scale": "big"}, {"protocol": "loud"}, {"benchmark": "nb"}, {"seeds": "x"}])
def test_wrong_requests_are_refused(wrong):
    right = {"scale": "laptop", "protocol": "sound", "benchmark": None, "seeds": None}
    with pytest.raises(UserError, match=next(iter(wrong.values()))):
        checked_request(**(right | wrong), settings=[], threads=1, allow_unverified=False)


def test_nothing_that_trains_is_loaded_to_find_records():
    code = (
        "import sys; from pathlib import Path; from nasrepro.commands.gathering import gathered;"
        "gathered(Path('none'), None, 'laptop'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_place_names_a_benchmark():
    assert {place.benchmark for item in ITEMS for place in item.places} <= set(benchmarks.names())
