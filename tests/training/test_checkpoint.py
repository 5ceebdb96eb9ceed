"""Checkpoint files: what survives damage to the newest, and what is told of it."""

import os
import shutil

import pytest
import torch
from tiny_training import Stop, assert_identical, comparable, stop_at

from nasrepro import files
from nasrepro.notices import told_to
from nasrepro.training import checkpoint

STATE = {"a": torch.arange(3), "b": {"c": [1, 2.5, "x", None], 3: True}, "t": (torch.ones(2, dtype=torch.uint8),)}
PER_EPOCH = 5
"""Steps of `make_training`."""


@pytest.fixture
def told():
    """What the user is told, line by line."""
    lines = []
    with told_to(lines.append):
        yield lines


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def truncated(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flipped(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def without_digest(file):
    file.write_bytes(file.read_bytes()[32:])


def emptied(file):
    file.write_bytes(b"")


def of_another_version(file):
    """Its content is what was written, and torch cannot read it."""
    content = b"PK of a format of the future"
    file.write_bytes(checkpoint.hashlib.sha256(content).digest() + content)


def a_folder(file):
    file.unlink()
    file.mkdir()


def not_a_state(file):
    checkpoint.save(file, [1, 2], keep_previous=False)


ALTERED = "is truncated or altered: its content has another SHA-256 than it had when it was written"
DAMAGES = {
    truncated: ALTERED,
    flipped: ALTERED,
    without_digest: ALTERED,
    emptied: "is empty",
    of_another_version: f"is not what torch {torch.__version__} reads: ",
    a_folder: "cannot be read: Is a directory",
    not_a_state: "holds no state of a training",
}
every_damage = pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
damage_of_files = pytest.mark.parametrize("damage", [truncated, flipped, without_digest, emptied, of_another_version])


def test_checkpoints_round_trip_and_leave_no_temporary_file(tmp_path, told):
    checkpoint.save(tmp_path / "deep" / "c.pt", STATE)
    assert_identical(checkpoint.load(tmp_path / "deep" / "c.pt"), STATE)
    assert names(tmp_path / "deep") == ["c.pt"]
    assert told == []


def test_an_absent_checkpoint_is_none(tmp_path, told):
    assert checkpoint.load(tmp_path / "none.pt") is None
    assert told == []


def test_the_state_before_the_newest_is_kept(tmp_path):
    for number in range(4):
        checkpoint.save(tmp_path / "c.pt", {"number": number})
    assert names(tmp_path) == ["c.previous.pt", "c.pt"]
    assert checkpoint.load(tmp_path / "c.pt") == {"number": 3}
    assert checkpoint.load(tmp_path / "c.previous.pt") == {"number": 2}


def test_where_one_file_is_enough_there_is_one(tmp_path):
    for number in range(2):
        checkpoint.save(tmp_path / "c.pt", {"number": number}, keep_previous=False)
    assert names(tmp_path) == ["c.pt"]
    assert checkpoint.load(tmp_path / "c.pt") == {"number": 1}


@every_damage
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(tmp_path, told, damage):
    file = tmp_path / "c.pt"
    checkpoint.save(file, {"number": 1})
    checkpoint.save(file, {"number": 2})
    damage(file)
    assert checkpoint.load(file) == {"number": 1}
    (line,) = told
    assert line.startswith(f"checkpoint '{file}' {DAMAGES[damage]}")
    assert line.endswith("; the one before it is used")
    checkpoint.save(file, {"number": 3})
    assert checkpoint.load(tmp_path / "c.previous.pt") == {"number": 1}, "the damaged one has taken its place"
    assert checkpoint.load(file) == {"number": 3}
    assert len(told) == 1


@damage_of_files
def test_where_both_are_damaged_both_are_named(tmp_path, told, damage):
    file = tmp_path / "c.pt"
    checkpoint.save(file, {"number": 1})
    checkpoint.save(file, {"number": 2})
    damage(file)
    truncated(tmp_path / "c.previous.pt")
    assert checkpoint.load(file) is None
    (line,) = told
    assert line.startswith(f"checkpoint '{file}' {DAMAGES[damage]}")
    assert line.endswith(f", checkpoint '{tmp_path / 'c.previous.pt'}' {ALTERED}; what is lost is computed again")
    checkpoint.save(file, {"number": 3})
    assert checkpoint.load(file) == {"number": 3}


def test_who_needs_the_last_state_does_not_get_the_one_before_it(tmp_path, told):
    file = tmp_path / "c.pt"
    checkpoint.save(file, {"number": 1})
    checkpoint.save(file, {"number": 2})
    assert checkpoint.load(file, or_previous=False) == {"number": 2}
    flipped(file)
    assert checkpoint.load(file, or_previous=False) is None
    assert told == [f"checkpoint '{file}' {ALTERED}; what is lost is computed again"]
    assert checkpoint.load(file) == {"number": 1}


def test_a_checkpoint_never_executes_what_it_holds(tmp_path, told, capsys):
    """Content with a valid digest that is not plain data is refused by torch, not run."""

    class Hostile:
        def __reduce__(self):
            return (print, ("executed",))

    checkpoint.save(tmp_path / "c.pt", {"x": Hostile()})
    assert checkpoint.load(tmp_path / "c.pt") is None
    assert "eights only" in told[0] or "eights_only" in told[0]
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize("call", [("open", 0), ("fsync", 0), ("replace", 0), ("replace", 1)], ids=str)
def test_a_crash_at_any_call_leaves_a_usable_checkpoint(tmp_path, monkeypatch, told, call):
    """The process ends in the middle of saving a state; the next one finds that state or the one before."""
    name, skipped = call
    for number in range(2):
        checkpoint.save(tmp_path / "c.pt", {"number": number})
    owner = files.Path if name == "open" else files.os
    real, calls = getattr(owner, name), []

    class Crash(BaseException):
        pass

    def crashing(*args, **options):
        calls.append(name)
        if len(calls) > skipped:
            raise Crash
        return real(*args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, crashing)
        patched.setattr(files.Path, "unlink", lambda *_: None)  # nor is anything tidied up
        with pytest.raises(Crash):
            checkpoint.save(tmp_path / "c.pt", {"number": 2})
    assert checkpoint.load(tmp_path / "c.pt") == {"number": 1}
    assert told == []
    checkpoint.save(tmp_path / "c.pt", {"number": 3})
    assert checkpoint.load(tmp_path / "c.pt") == {"number": 3}


def train(training, file, report=lambda done, total: None):
    training.run(file, observe_at=(), observe=lambda progress: {}, report=report)
    return comparable(training.state_dict())


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    """A folder with the two checkpoints of an interrupted training, made once."""
    return tmp_path_factory.mktemp("interrupted")


@damage_of_files
@pytest.mark.parametrize("both", [False, True], ids=["newest", "both"])
def test_a_training_goes_on_from_what_is_left_to_the_same_end(make_training, interrupted, tmp_path, told, damage, both):
    if not (interrupted / "whole.pt").exists():
        with pytest.raises(Stop):
            train(make_training(), interrupted / "c.pt", stop_at(2 * PER_EPOCH + 2))
        train(make_training(), interrupted / "whole.pt")
    file = tmp_path / "c.pt"
    for name in ("c.pt", "c.previous.pt"):
        shutil.copy(interrupted / name, tmp_path / name)
    damage(file)
    if both:
        damage(tmp_path / "c.previous.pt")
    steps = []
    ended = train(make_training(), file, lambda done, total: steps.append(done))
    assert steps[0] == (1 if both else PER_EPOCH + 1)
    assert len(told) == 1
    assert_identical(ended, comparable(checkpoint.load(interrupted / "whole.pt")))


def test_a_file_is_as_before_when_it_cannot_be_replaced(tmp_path, monkeypatch):
    checkpoint.save(tmp_path / "c.pt", {"number": 1})
    before = (tmp_path / "c.pt").read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(files.UserError, match=f"cannot write into '{tmp_path}': No space left on device"):
        checkpoint.save(tmp_path / "c.pt", {"number": 2})
    assert names(tmp_path) == ["c.pt"]
    assert (tmp_path / "c.pt").read_bytes() == before
