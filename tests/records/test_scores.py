"""Scores of a whole space on disk."""

import numpy as np
import pytest

from nasrepro import npz
from nasrepro.errors import UserError
from nasrepro.records.scores import RunScores, read_scores, write_scores

SIZE = 50


@pytest.fixture
def scores():
    rng = np.random.default_rng(0)
    accuracy, loss = rng.uniform(0, 100, SIZE).astype(np.float32), rng.uniform(0, 3, SIZE).astype(np.float32)
    accuracy[7] = loss[7] = np.nan
    return RunScores(accuracy, loss)


def test_scores_are_read_back_equal_and_equal_scores_give_equal_bytes(tmp_path, scores):
    for name in ("a.npz", "b.npz"):
        write_scores(tmp_path / name, "k0", scores)
    found = read_scores(tmp_path / "a.npz", "k0", SIZE)
    assert np.array_equal(found.accuracy, scores.accuracy, equal_nan=True)
    assert np.array_equal(found.loss, scores.loss, equal_nan=True)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_no_changed_bit_passes(tmp_path, scores):
    path = tmp_path / "s.npz"
    write_scores(path, "k0", scores)
    content = path.read_bytes()
    for place in range(0, len(content), 3):
        changed = bytearray(content)
        changed[place] ^= 16
        path.write_bytes(changed)
        try:
            found = read_scores(path, "k0", SIZE)
        except UserError:
            continue
        assert np.array_equal(found.loss, scores.loss, equal_nan=True)
        assert np.array_equal(found.accuracy, scores.accuracy, equal_nan=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.unlink(), "No such file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-30]), "damaged"),
        (lambda path: path.write_bytes(b""), "damaged"),
        (lambda path: rewritten(path, key="k1"), "key is 'k1' instead of 'k0'"),
        (lambda path: rewritten(path, format="nasrepro-scores/2"), "format is 'nasrepro-scores/2'"),
        (lambda path: rewritten(path, loss=np.zeros(SIZE, np.float32)), "sha256"),
        (lambda path: path.write_bytes(npz.pack({"meta.json": npz.from_json([])})), "damaged"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, scores, change, said):
    path = tmp_path / "s.npz"
    write_scores(path, "k0", scores)
    change(path)
    with pytest.raises(UserError) as caught:
        read_scores(path, "k0", SIZE)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_scores_of_another_space_are_refused(tmp_path, scores):
    write_scores(tmp_path / "s.npz", "k0", scores)
    with pytest.raises(UserError, match=r"float32 \(50,\)"):
        read_scores(tmp_path / "s.npz", "k0", SIZE + 1)


def rewritten(path, loss=None, **changes):
    content = path.read_bytes()
    arrays = {name: npz.unpack(content, name) for name in npz.names(content)}
    arrays["meta.json"] = npz.from_json({**npz.to_json(arrays["meta.json"]), **changes})
    if loss is not None:
        arrays["loss"] = loss
    path.write_bytes(npz.pack(arrays))
