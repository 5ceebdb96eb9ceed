"""Records on disk."""

import gzip
import json

import pytest

from nasrepro.errors import UserError
from nasrepro.records.record import Cost, Provenance, RunRecord, Truth
from nasrepro.records.spec import RunSpec
from nasrepro.records.store import (
    RunStore,
    read_folder,
    read_folder_leniently,
    read_record,
    write_copies,
    write_record,
)


def record(key="k0", seed=0, method="gdas", **changes):
    provenance = Provenance(
        nasrepro="0", commit=None, dirty=None, python="3", packages={}, hardware="h", command="c", finished="t"
    )
    spec = RunSpec(method=method, benchmark="nb201-digits", scale="smoke", protocol="sound", seed=seed)
    given = {"status": "done", "truth": Truth(source="s", fingerprint="f"), "provenance": provenance, **changes}
    return RunRecord(key=key, spec=spec, data={}, **given)


def test_a_stored_record_is_read_back_equal_and_its_working_folder_is_gone(tmp_path):
    store = RunStore(tmp_path)
    work = store.work_folder("k0")
    work.mkdir(parents=True)
    (work / "checkpoint.pt").write_bytes(b"x")
    assert store.get("k0") is None
    store.put(record())
    assert store.get("k0") == record()
    assert not work.exists()
    assert [path.name for path in (tmp_path / "records").iterdir()] == ["k0.json"]


def test_equality_of_runs_ignores_seconds_host_command_and_time_of_day():
    slow = record(cost=Cost(steps=3, seconds={"search": 9.0}))
    moved = slow.provenance.model_copy(update={"hardware": "other", "command": "other", "finished": "later"})
    fast = slow.model_copy(update={"cost": Cost(steps=3, seconds={"search": 1.0}), "provenance": moved})
    assert slow.comparable() == fast.comparable()
    for change in (
        {"cost": Cost(steps=4)},
        {"notes": ["x"]},
        {"loss": [1.0]},
        {"status": "diverged"},
        {"data": {"a": "b"}},
    ):
        assert slow.model_copy(update=change).comparable() != slow.comparable()


def test_a_folder_is_read_by_method_and_seed(tmp_path):
    for name, made in (("z", record("a", 2)), ("y", record("b", 1)), ("x", record("c", 0, "rea"))):
        write_record(tmp_path / f"{name}.json", made)
    assert [(r.spec.method, r.spec.seed) for r in read_folder(tmp_path)] == [("gdas", 1), ("gdas", 2), ("rea", 0)]
    with pytest.raises(UserError, match="no folder of records at"):
        read_folder(tmp_path / "none")


def test_packed_copies_are_read_like_plain_ones_and_never_twice(tmp_path):
    made = [record("a", 1), record("b", 2)]
    write_copies(tmp_path / "records", made)
    names = ["a.json.gz", "b.json.gz"]
    assert sorted(path.name for path in (tmp_path / "records").iterdir()) == names
    write_record(tmp_path / "records" / "a.json", made[0])
    assert read_folder(tmp_path / "records") == made
    store = RunStore(tmp_path)
    assert list(store) == made
    assert [store.get("a"), store.get("b"), store.get("c")] == [*made, None]
    assert [store.record_path(key).name for key in "abc"] == ["a.json", "b.json.gz", "c.json"]
    again = record("b", 2, notes=["made again"])
    store.put(again)
    assert store.get("b") == again, "what is stored is what is read"


def test_packed_bytes_depend_on_the_record_alone(tmp_path):
    for name in ("one", "two"):
        write_copies(tmp_path / name, [record()])
    first, second = ((tmp_path / name / "k0.json.gz").read_bytes() for name in ("one", "two"))
    assert first == second
    assert first[3:8] == bytes(5), "no name and no time in the header"
    plain = tmp_path / "k0.json"
    write_record(plain, record())
    assert gzip.decompress(first) == plain.read_bytes()


@pytest.mark.parametrize("keep", [5, 40, -1])
def test_a_truncated_copy_is_named(tmp_path, keep):
    write_copies(tmp_path, [record()])
    path = tmp_path / "k0.json.gz"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"k0\.json\.gz' cannot be read"):
        read_record(path)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text[: len(text) // 2], "cannot be read"),
        (lambda _: "[]", "has schema version None"),
        (lambda text: text.replace('"schema_version": 1', '"schema_version": 99'), "has schema version 99"),
        (lambda text: text.replace('"done"', '"finished"'), "damaged at 'status'"),
        (lambda text: text.replace('"notes"', '"remarks"'), "damaged at 'remarks'"),
    ],
)
def test_a_damaged_record_is_named(tmp_path, damage, said):
    path = tmp_path / "r.json"
    write_record(path, record())
    path.write_text(damage(path.read_text()))
    with pytest.raises(UserError) as caught:
        read_record(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_bad_record_does_not_hide_the_others(tmp_path):
    write_copies(tmp_path / "one" / "records", [record("a", 1), record("b", 2)])
    write_copies(tmp_path / "deep" / "two" / "records", [record("a", 1)])
    write_record(tmp_path / "one" / "elsewhere" / "c.json", record("c"))
    newer, cut = tmp_path / "one" / "records" / "n.json", tmp_path / "one" / "records" / "t.json.gz"
    write_record(newer, record("n").model_copy(update={"schema_version": 2}))
    cut.write_bytes(b"\x1f\x8b")
    found, problems = read_folder_leniently(tmp_path)
    assert [(path.parent.parent.name, made) for path, made in found] == [
        ("two", record("a", 1)),  # kept by both, read once
        ("one", record("b", 2)),
    ]
    assert problems[0] == f"record '{newer}' has schema version 2; this nasrepro reads 1"
    assert len(problems) == 2
    assert str(cut) in problems[1]
    with pytest.raises(UserError, match=r"n\.json' has schema version 2"):
        read_folder(tmp_path / "one" / "records")


def test_a_folder_without_folders_of_records_is_one_itself(tmp_path):
    write_record(tmp_path / "a.json", record("a"))
    assert read_folder_leniently(tmp_path) == ([(tmp_path / "a.json", record("a"))], [])
    with pytest.raises(UserError, match="no folder of records at"):
        read_folder_leniently(tmp_path / "none")


def test_a_number_that_is_not_one_never_reaches_a_record(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_record(tmp_path / "r.json", record(loss=[float("nan")]))
    assert not list(tmp_path.iterdir())


def test_an_unwritable_store_is_a_user_error(tmp_path):
    (tmp_path / "records").write_text("a file where a folder should be")
    with pytest.raises(UserError, match="cannot write into"):
        RunStore(tmp_path).put(record())


def test_records_are_readable_text_with_every_field(tmp_path):
    write_record(tmp_path / "r.json", record())
    content = json.loads((tmp_path / "r.json").read_text())
    assert set(content) == set(RunRecord.model_fields)
