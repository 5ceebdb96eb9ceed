"""Shards cover every class once, and a shard that does not belong is refused with the reason."""

import numpy as np
import pytest

from nasrepro import npz
from nasrepro.errors import UserError
from nasrepro.spaces.nb201_columns import functional_classes
from nasrepro.tabulation.build import measure_shard
from nasrepro.tabulation.classes import representatives
from nasrepro.tabulation.shards import Shard, ShardId, read_shard, write_shard

SMALL = ShardId(7, 5000)


def silent(done, total):
    pass


@pytest.fixture(scope="module")
def folder(tabulation, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    measure_shard(tabulation, SMALL, folder, {"commit": "abc"}, silent)
    return folder


def test_there_is_one_representative_for_each_of_5044_classes():
    assert len(representatives()) == 5044
    assert (functional_classes()[representatives()] == np.arange(5044)).all()


@pytest.mark.parametrize("total", [1, 48, 5044])
def test_shards_deal_out_every_class_exactly_once(total):
    cells = np.concatenate([ShardId(i + 1, total).of(representatives()) for i in range(total)])
    assert sorted(cells) == sorted(representatives())


def test_a_shard_comes_back_as_it_was_measured(tabulation, folder):
    shard = tabulation.read(SMALL, folder)
    assert shard.cells.tolist() == [representatives()[6], representatives()[5006]]
    assert shard.scores.shape == (2, 2, 2, 2, 2)
    assert shard.made == {"commit": "abc"}


def test_measuring_again_gives_equal_numbers(tabulation, folder, tmp_path):
    measure_shard(tabulation, SMALL, tmp_path, {}, silent)
    assert (tabulation.read(SMALL, tmp_path).scores == tabulation.read(SMALL, folder).scores).all()


@pytest.mark.parametrize("text", ["0/48", "49/48", "3/0", "3", "a/b", "3/6000", "-1/4", "1/2/3"])
def test_a_shard_that_is_none_is_refused(text):
    with pytest.raises(UserError, match=r"allowed: 1 to|the form is i/n"):
        ShardId.parse(text, 5044)


def refusal(tabulation, folder, **changes):
    given = {"recipe": tabulation.recipe, "fingerprint": tabulation.fingerprint, "wanted": SMALL, **changes}
    with pytest.raises(UserError) as caught:
        read_shard(SMALL.path(folder), rebuild=tabulation.rebuild(SMALL), **given)
    text = str(caught.value)
    assert "nasrepro benchmark build toy-digits --shard 7/5000" in text
    assert "\n" not in text
    return text


def test_another_recipe_is_refused(tabulation, folder):
    assert "another recipe" in refusal(tabulation, folder, fingerprint="0" * 64)


def test_other_cells_are_refused(tabulation, folder):
    assert "other cells" in refusal(tabulation, folder, wanted=ShardId(8, 5000))


def test_a_missing_file_is_refused(tabulation, tmp_path):
    assert "No such file" in refusal(tabulation, tmp_path)


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_refused(tabulation, folder, tmp_path, keep):
    content = SMALL.path(folder).read_bytes()
    SMALL.path(tmp_path).write_bytes(content[: int(keep * len(content))])
    assert "damaged" in refusal(tabulation, tmp_path)


def test_changed_numbers_are_noticed(tabulation, folder, tmp_path):
    shard = tabulation.read(SMALL, folder)
    content = SMALL.path(folder).read_bytes()
    meta = npz.to_json(npz.unpack(content, "meta.json"))
    scores = shard.scores.copy()
    scores[0, 0, 0, 0, 0] += 1
    arrays = {"cells": shard.cells, "scores": scores, "seconds": shard.seconds}
    SMALL.path(tmp_path).write_bytes(npz.pack({**arrays, "meta.json": npz.from_json(meta)}))
    assert "checksum" in refusal(tabulation, tmp_path)


def test_another_format_is_refused(tabulation, folder, tmp_path, monkeypatch):
    shard = tabulation.read(SMALL, folder)
    monkeypatch.setattr("nasrepro.tabulation.shards.FORMAT", "nasrepro-shard/2")
    write_shard(SMALL.path(tmp_path), Shard(shard.cells, shard.scores, shard.seconds, {}), tabulation.fingerprint)
    monkeypatch.undo()
    assert "nasrepro-shard/2" in refusal(tabulation, tmp_path)
