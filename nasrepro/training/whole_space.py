"""One-shot scores of all 15,625 NAS-Bench-201 cells under the weights of one supernet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from nasrepro.spaces.nb201 import SIZE, NB201Genotype, from_index
from nasrepro.spaces.nb201_equivalence import inherited_key
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.training.evaluate import Evaluator, ImageScore

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class SpaceScores:
    """Per cell in the official index order, float32 of shape (15625,): accuracy in percent, cross-entropy in nats."""

    accuracy: np.ndarray
    loss: np.ndarray


def score_space(network: NB201Network, judge: Evaluator, report: Report) -> SpaceScores:
    """What `judge` says about every cell with the statistics that `network` has; `report(done, total)` counts classes.

    Where every score needs preparation, as running statistics made anew per cell do, use `score_classes`.
    """
    return score_classes(lambda cell: judge.score(network, partial(network, path=cell.ops)), report)


def score_classes(score: Callable[[NB201Genotype], ImageScore], report: Report) -> SpaceScores:
    """Calls `score` for one cell of each class of `inherited_key`; every cell gets the answer of its class."""
    scores = SpaceScores(np.empty(SIZE, np.float32), np.empty(SIZE, np.float32))
    for done, members in enumerate(_classes(), start=1):
        found = score(from_index(members[0]))
        scores.accuracy[members], scores.loss[members] = found.accuracy, found.loss
        report(done, len(_classes()))
    return scores


@cache
def _classes() -> list[list[int]]:
    """Indices of the cells that compute the same under weight sharing, class by class."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for index in range(SIZE):
        found[inherited_key(from_index(index).ops)].append(index)
    return list(found.values())
