"""Records of trainings from scratch."""

import json
import math

import pytest

from nasrepro.errors import UserError
from nasrepro.experiments.provenance import collect
from nasrepro.records.spec import run_key
from nasrepro.records.standalone import (
    ScoredEpoch,
    StandaloneRecord,
    StandaloneSpec,
    get_training,
    put_training,
    read_training_record,
    training_path,
)
from nasrepro.records.store import RunStore


def make(**changes):
    spec = StandaloneSpec(
        genotype="darts:00", benchmark="darts-digits", scale="smoke", split="test", seed=0, settings={"training": {}}
    )
    points = ((1, 50.0, 2.0), (2, 70.0, 1.0), (3, 70.0, None))
    curve = [ScoredEpoch(epoch=epoch, accuracy=accuracy, loss=loss) for epoch, accuracy, loss in points]
    content = {
        "key": "ab" * 10,
        "spec": spec,
        "text": "Genotype(…)",
        "data": {"digits": "00"},
        "status": "done",
        "images": 9,
        "loss": [2.0, 1.0, 0.5],
        "curve": curve,
        "params": 1,
        "params_with_auxiliary": 2,
        "macs": 3,
        "seconds": 4.0,
        "provenance": collect("test"),
    }
    return StandaloneRecord(**{**content, **changes})


def test_the_last_epoch_and_the_first_of_the_best_are_kept_apart():
    record = make()
    assert (record.final.epoch, record.best.epoch) == (3, 2)
    assert record.final.error == 30


def test_a_text_is_judged_by_the_weights_that_were_kept():
    points = ((1, 10.0, 3.0), (2, 12.0, 2.0), (3, 11.0, 2.5))
    curve = [ScoredEpoch(epoch=epoch, accuracy=accuracy, loss=loss) for epoch, accuracy, loss in points]
    test = ScoredEpoch(epoch=2, accuracy=12.5, loss=2.25)
    both = make().spec.model_copy(update={"split": "both"})
    record = make(spec=both, curve=curve, kept=2, test=test, loss=[3.0, None, 2.0])
    assert record.final == test
    assert record.worth("valid") == pytest.approx(math.exp(2.0))
    assert record.worth("test") == pytest.approx(math.exp(2.25))
    assert StandaloneRecord.model_validate_json(record.model_dump_json()) == record
    assert ScoredEpoch(epoch=1, accuracy=0.0, loss=800.0).perplexity == math.inf
    assert math.isnan(make(spec=both, status="diverged").worth("valid"))
    assert make().worth("test") == 70.0, "images are judged by accuracy"


def test_a_diverged_training_has_neither():
    record = make(status="diverged", problem="loss became nan")
    assert (record.final, record.best) == (None, None)


def test_seconds_and_machine_do_not_count():
    one, other = make(), make(seconds=5.0, provenance=collect("another command"))
    assert one.comparable() == other.comparable()
    assert one.comparable() != make(macs=4).comparable()


def test_a_stored_record_is_read_back_and_its_checkpoint_goes(tmp_path):
    store, record = RunStore(tmp_path), make()
    assert get_training(store, record.key) is None
    work = store.work_folder(record.key)
    work.mkdir(parents=True)
    put_training(store, record)
    assert get_training(store, record.key) == record
    assert read_training_record(training_path(store, record.key)) == record
    assert not work.exists()
    assert list(store) == []  # no record of a run


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content.pop("curve") and content | {"curve": [{"epoch": 1}]}, "damaged at 'curve.0.accuracy'"),
        (lambda content: content | {"schema_version": 99}, "schema version 99"),
    ],
)
def test_a_damaged_record_is_named(tmp_path, change, words):
    store, record = RunStore(tmp_path), make()
    put_training(store, record)
    path = training_path(store, record.key)
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(UserError, match=f"{record.key}.*{words}"):
        get_training(store, record.key)


def test_what_went_without_saying_is_not_written_and_changes_no_key():
    """The key is from before there were replicas."""
    spec = make().spec
    assert run_key(spec, {"digits": "00"}, 1) == "cd57862a8d64f8c85607"
    assert set(spec.model_dump(mode="json")) == {
        "genotype",
        "benchmark",
        "scale",
        "split",
        "seed",
        "threads",
        "device",
        "settings",
    }
    replicated = spec.model_copy(update={"replicas": 8, "scaling": "linear"})
    assert run_key(replicated, {"digits": "00"}, 1) != "cd57862a8d64f8c85607"
    for whole in (make(), make(spec=replicated, memory_bytes=5)):
        assert StandaloneRecord.model_validate_json(whole.model_dump_json()) == whole
    assert "memory_bytes" not in make().model_dump_json()


def test_memory_is_no_part_of_equality():
    assert make(memory_bytes=5).comparable() == make(memory_bytes=6).comparable() == make().comparable()
