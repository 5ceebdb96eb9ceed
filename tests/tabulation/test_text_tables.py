"""Tables of language models: all cells of two nodes, from networks to shards, table, oracle and verification."""

import numpy as np
import pytest
import torch

from nasrepro.datasets.text import TextData
from nasrepro.errors import UserError
from nasrepro.oracles.base import Fidelity
from nasrepro.oracles.table import TableOracle
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.splits import Split
from nasrepro.tabulation import language
from nasrepro.tabulation.build import Tabulation, measure_shard, merge
from nasrepro.tabulation.catalog import TABULATIONS
from nasrepro.tabulation.language import TextRecipe
from nasrepro.tabulation.shards import Shard, ShardId
from nasrepro.tabulation.verification import judge, remeasure, sample_cells
from nasrepro.training.language import LanguageSettings

SPACE = RnnSpace(2)
TEST = {"dataset": "toy", "split": Split.TEST, "epochs": 3}


@pytest.fixture(autouse=True)
def toy_text(monkeypatch):
    tokens = torch.from_numpy((np.arange(400) ** 2 // 3) % 9)
    text = TextData("toy", tuple("abcdefghi"), tokens[:300], tokens[300:350], tokens[350:], {"toy": "1" * 64}, True)
    monkeypatch.setattr(language, "_text", lambda dataset: text)


@pytest.fixture
def table():
    training = LanguageSettings(epochs=3, batch_size=4, bptt=8, lr=5.0, valid_batch=2, test_batch=2)
    recipe = TextRecipe(hidden=4, vocabulary=9, training=training, report_epochs=(1, 3), trials=2)
    return Tabulation("toy-rnn2", "toy", recipe)


def invented(table):
    """Shards whose cell i has perplexity 100 + i, and a little for trial, epoch and split."""
    made = []
    for shard in (ShardId(2, 2), ShardId(1, 2)):
        cells = shard.of(table.recipe.measured())
        scores = np.empty((len(cells), 2, 2, 2, 1), np.float32)
        for place in np.ndindex(scores.shape[1:]):
            scores[:, *place] = 100 + cells + sum(n * 10.0**-k for k, n in enumerate(place, start=1))
        scores[:, :, 0, 1] = np.nan
        made.append(Shard(cells.astype(np.int32), scores, np.full((len(cells), 2), 0.5, np.float32), {}))
    return made


def test_every_cell_is_measured_also_those_that_equal_another():
    for name in ("rnn2-grammar", "rnn2-ptb"):
        tabulation = TABULATIONS[name]
        assert tabulation.recipe.measured().tolist() == list(range(32))
        assert len(tabulation.shards) == 32


def test_a_shard_holds_perplexities_of_the_weights_kept_so_far(table, tmp_path):
    shard = ShardId(3, 16)
    measure_shard(table, shard, tmp_path, {}, lambda done, total: None)
    found = table.read(shard, tmp_path)
    assert found.cells.tolist() == [2, 18]
    valid, test = found.scores[:, :, :, 0, 0], found.scores[:, :, :, 1, 0]
    assert np.isnan(test[:, :, 0]).all()
    assert (valid[:, :, 1] <= valid[:, :, 0]).all()
    assert (test[:, :, 1] > 1).all()
    assert (test[:, :, 1] < 30).all()
    assert len(np.unique(valid)) == valid.size, "cells, seeds and epochs differ"
    again = np.array(remeasure(table, 18, False, lambda done, total: None), np.float32)
    assert np.array_equal(again, found.scores[1], equal_nan=True)


def test_a_table_answers_in_perplexity(table, tmp_path):
    oracle = TableOracle.load(merge(table, invented(table), tmp_path / "t.npz", {}), name="toy", space=SPACE.name)
    held = [Fidelity("toy", Split.VALID, 1), Fidelity("toy", Split.VALID, 3), Fidelity("toy", Split.TEST, 3)]
    assert sorted(oracle.fidelities()) == sorted(held)
    cell = SPACE.parse("17")
    # epoch 1 of the reported ones and split 1 add 0.011
    assert oracle.trial_values(cell, **TEST) == pytest.approx([117.011, 117.111], abs=1e-4)
    assert oracle.query(cell, **TEST).value == pytest.approx(117.061, abs=1e-4)
    assert oracle.query_all(**TEST) == pytest.approx(oracle.query_all(**TEST, quantity="ppl"))
    assert oracle.query_all(dataset="toy", split=Split.VALID, epochs=3, quantity="time")[3] == 0.5
    assert oracle.one_training("toy")
    assert oracle.trials("toy", Split.TEST, 3)[0] == 2


@pytest.mark.parametrize("other", [RnnSpace(3).parse("4"), RnnSpace(8).parse("7")])
def test_cells_of_other_spaces_are_refused(table, tmp_path, other):
    oracle = TableOracle.load(merge(table, invented(table), tmp_path / "t.npz", {}), name="toy", space=SPACE.name)
    with pytest.raises(UserError, match="is not of space 'darts_rnn2'"):
        oracle.query(other, **TEST)


def test_a_verification_compares_test_perplexities(table, tmp_path):
    shards = invented(table)
    oracle = TableOracle.load(merge(table, shards, tmp_path / "t.npz", {}), name="toy", space=SPACE.name)
    cells = sample_cells(table, 6, 7)
    values = {int(cell): scores for shard in shards for cell, scores in zip(shard.cells, shard.scores, strict=True)}
    same = judge(table, oracle, cells, [values[int(cell)] for cell in cells], fresh=False)
    assert same.passed
    assert {cell.identical for cell in same.cells} == {2}
    assert not judge(table, oracle, cells, [values[int(cell)] + 5 for cell in cells], fresh=False).passed


@pytest.mark.parametrize("epochs", [(), (3, 1), (1, 2), (0, 3)])
def test_the_last_report_is_the_end_of_the_training(table, epochs):
    with pytest.raises(ValueError, match="report epoch"):
        TextRecipe(**{**table.recipe.model_dump(), "report_epochs": epochs})
