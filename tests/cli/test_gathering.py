"""Which records stand behind which item, and what an item's state is."""

import pytest

from nasrepro.commands.gathering import Holdings, gathered, item_material, published_folder
from nasrepro.commands.site_words import benchmark_materials, method_materials
from nasrepro.errors import UserError
from nasrepro.experiments.expected import expected
from nasrepro.papers import catalog as papers
from nasrepro.records.record import Provenance, RunRecord, Truth
from nasrepro.records.store import write_record

ITEM = papers.item("evaluating-search/figure-6")


def records(item=ITEM, place=0, seeds=range(10), status="done", **settings):
    """Records of an item's runs with nothing in them."""
    provenance = Provenance(
        nasrepro="0", commit=None, dirty=None, python="3", packages={}, hardware="h", command="c", finished="t"
    )
    own = expected(item, item.places[place])[0]
    made = []
    for seed in seeds:
        spec = own.spec(seed, 1)
        spec = spec.model_copy(update={"settings": {**spec.settings, **settings}})
        key = f"{place}{status}{seed}{len(settings)}"
        truth = Truth(source="s", fingerprint="f")
        made.append(RunRecord(key=key, spec=spec, data={}, status=status, truth=truth, provenance=provenance))
    return made


def keep(folder, made):
    for record in made:
        write_record(folder / "records" / f"{record.key}.json", record)


def states(tmp_path, published=None):
    material = item_material(ITEM, Holdings(tmp_path / "runs", published), "laptop", tmp_path / "runs")
    return material.state, [(place.state, place.done) for place in material.places]


def test_a_place_is_missing_partial_and_done(tmp_path):
    assert states(tmp_path) == ("missing", [("missing", 0), ("missing", 0)])
    keep(tmp_path / "runs", records(seeds=range(4)))
    assert states(tmp_path) == ("partial", [("partial", 4), ("missing", 0)])
    keep(tmp_path / "runs", records())
    keep(tmp_path / "runs", records(place=1))
    assert states(tmp_path) == ("done", [("done", 10), ("done", 10)])


def test_only_runs_of_the_item_count(tmp_path):
    keep(tmp_path / "runs", records(selector={"candidates": 3}))
    keep(tmp_path / "runs", records(seeds=[77]))
    assert states(tmp_path)[0] == "missing"
    keep(tmp_path / "runs", records(status="failed"))
    assert states(tmp_path)[0] == "missing", "a failed run has no number"


def test_published_records_count_and_fresh_ones_go_before_them(tmp_path):
    published = tmp_path / "published"
    keep(published / "some" / "report", records())
    assert states(tmp_path, published)[1][0] == ("done", 10)
    keep(tmp_path / "runs", records(seeds=[0]))
    holdings = Holdings(tmp_path / "runs", published)
    assert [held.record.spec.seed for held in holdings.held if held.fresh] == [0]
    assert len(holdings.held) == 10


def test_a_record_that_cannot_be_read_is_named_and_hides_nothing(tmp_path):
    keep(tmp_path / "runs", records(seeds=range(3)))
    bad = tmp_path / "runs" / "records" / "zz.json"
    bad.write_text('{"schema_version": 99}')
    material = gathered(tmp_path / "runs", None, "laptop")
    assert len(material.held) == 3
    assert any(str(bad) in text and "schema version 99" in text for text in material.unread)


def test_a_benchmark_compares_one_setting_of_each_method(tmp_path):
    keep(tmp_path / "runs", records() + records(selector={"candidates": 3}, seeds=range(30)))
    found = {own.name: own for own in benchmark_materials(Holdings(tmp_path / "runs", None).held, "laptop")}
    there = found["rnn3-grammar"].held
    assert len(there) == 10, "the setting that items show, not the one with more seeds"
    assert found["rnn3-ptb"].held == []


def test_every_method_is_described_without_being_loaded():
    described = {own.name: own for own in method_materials([])}
    assert {"gdas", "e2nas", "random"} <= set(described)
    for own in described.values():
        assert all(answer and answer != "not described" for answer in own.answers.values()), own.name
    assert described["gdas"].parts["sampler"] == "gumbel"


def test_a_folder_of_published_records_that_is_named_must_be_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert published_folder(None) is None
    with pytest.raises(UserError, match="nowhere"):
        published_folder(tmp_path / "nowhere")
