"""Scores of the whole space against scoring cell by cell."""

from functools import partial

import numpy as np
import pytest
from tiny_training import SKELETON

from nasrepro.seeds import torch_rng
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import SIZE, from_index
from nasrepro.spaces.nb201_equivalence import inherited_key
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.training.evaluate import CellScore, Evaluator
from nasrepro.training.whole_space import score_classes, score_space

CELLS = [from_index(int(i)) for i in np.random.default_rng(0).choice(SIZE, size=100, replace=False)]


def assert_as_one_by_one(scores, network, judge):
    for cell in CELLS:
        alone = judge.score(network, partial(network, choice=cell.ops))
        assert scores.loss[cell.index] == pytest.approx(alone.loss, abs=1e-5), str(cell)
        assert scores.accuracy[cell.index] == pytest.approx(alone.accuracy, abs=1e-5), str(cell)


def test_every_cell_gets_the_score_it_has_alone(digits):
    network = NB201Network(Skeleton(2, 1, 2, 8, 10, in_channels=1), rng=torch_rng(0, "weights"))
    judge = Evaluator(digits.valid.limited(20), digits, 10)
    seen = []
    scores = score_space(network, judge, lambda done, total: seen.append((done, total)))
    assert scores.accuracy.dtype == scores.loss.dtype == np.float32
    assert seen == [(done, 2 * 7548) for done in range(1, 2 * 7548 + 1)]
    assert_as_one_by_one(scores, network, judge)


def test_a_class_is_scored_once_and_all_its_cells_are_answered():
    asked = []

    def score(cell):
        asked.append(cell)
        return CellScore(accuracy=len(asked), loss=cell.index)

    scores = score_classes(score, lambda done, total: None)
    assert len(asked) == 7548
    for cell in CELLS:
        answered_by = asked[int(scores.accuracy[cell.index]) - 1]
        assert inherited_key(answered_by.ops) == inherited_key(cell.ops)
        assert scores.loss[cell.index] == answered_by.index


def test_a_stand_alone_network_is_refused(digits):
    network = NB201Network(SKELETON, genotype=CELLS[0].ops, rng=torch_rng(0, "weights"))
    with pytest.raises(ValueError, match="one cell only"):
        score_space(network, Evaluator(digits.valid, digits, 360), lambda done, total: None)
