"""One-shot scores of all 15,625 NAS-Bench-201 cells under the weights of one supernet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import ArrayLike

from nasrepro.spaces.base import Path
from nasrepro.spaces.nb201 import SIZE, NB201Genotype, from_index
from nasrepro.spaces.nb201_equivalence import inherited_key
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.supernets.nb201_cell import NB201Cell
from nasrepro.supernets.nb201_prefix import SharedInput
from nasrepro.training.evaluate import CellScore, Evaluator, evaluation_mode, judged, told

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class SpaceScores:
    """Per cell in the official index order, float32 of shape (15625,): accuracy in percent, cross-entropy in nats."""

    accuracy: np.ndarray
    loss: np.ndarray


@torch.inference_mode()
def score_space(network: NB201Network, judge: Evaluator, report: Report) -> SpaceScores:
    """What `judge` says about every cell of a supernet; `report(done, total)` counts classes × evaluation batches.

    Cells share batch statistics and running averages as they are; where every cell's statistics are made anew, use
    `score_classes`. Raises `ValueError` for a stand-alone network.
    """
    if network.genotype is not None:
        raise ValueError("a stand-alone network has the weights of one cell only")
    classes = _classes()
    correct, loss = np.zeros((2, len(classes)))
    first_cell = network.body[0]
    assert isinstance(first_cell, NB201Cell)
    with evaluation_mode(network):
        for batch, (x, y) in enumerate(judge.batches):
            shared, found = SharedInput(first_cell, network.begin(x)), []
            for k, (path, _) in enumerate(classes):
                found.append(judged(network.finish(shared.output(path), path, done=1), y))
                report(batch * len(classes) + k + 1, len(judge.batches) * len(classes))
            hits, errors = np.transpose(told(found))
            correct += hits
            loss += errors
    return _spread(100 * correct / judge.images, loss / judge.images)


def score_classes(score: Callable[[NB201Genotype], CellScore], report: Report) -> SpaceScores:
    """Calls `score` for one cell of each class of `inherited_key`; every cell gets the answer of its class."""
    classes, found = _classes(), []
    for path, _ in classes:
        found.append(score(NB201Genotype(path)))
        report(len(found), len(classes))
    return _spread([item.accuracy for item in found], [item.loss for item in found])


def _spread(accuracy: ArrayLike, loss: ArrayLike) -> SpaceScores:
    """From one number per class to one per cell."""
    of_class = np.empty(SIZE, np.int64)
    for k, (_, members) in enumerate(_classes()):
        of_class[members] = k
    return SpaceScores(*(np.asarray(part, np.float32)[of_class] for part in (accuracy, loss)))


@cache
def _classes() -> list[tuple[Path, list[int]]]:
    """One cell's path and all cells' indices for each class of cells that compute the same under weight sharing.

    Sorted by path, so that neighbours have as many first operations as possible in common.
    """
    found: defaultdict[str, list[int]] = defaultdict(list)
    for index in range(SIZE):
        found[inherited_key(from_index(index).ops)].append(index)
    return sorted((min(from_index(index).ops for index in members), members) for members in found.values())
