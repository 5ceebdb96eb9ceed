"""Novelty-search-based architecture selection against multi-model forgetting (NSAS, Zhang et al., CVPR 2020).

A step descends the loss of its path and those of M constraints: paths trained before, kept as different from each other
as a greedy search makes them (Eq. 6 to 8, Algorithms 1 and 2). What the text leaves open:

* It gives no number. M, the recent paths, k and β are those of the released demos, which look at all recent paths
  instead of n draws.
* λR of Eq. 8 is the optimizer's weight decay: it moves every weight that has a gradient, so the weights of constraints
  too, once each, whatever β is.
* Where nodes have fixed inputs, as in NAS-Bench-201, two input edges are the same when their operations are.
* The release keeps an archive of normal cells and one of reduction cells. Here a path is one thing, and so is a
  constraint: its distance counts the decisions of both cells.

Algorithm 1 exchanges a constraint only for a more novel one, whatever its age. In a small space the diversity of
Eq. 6 is soon the greatest there is: under uniform paths of NAS-Bench-201 after some hundred steps for up to 8
constraints, which are the same cells from then on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from nasrepro.seeds import numpy_rng
from nasrepro.spaces.base import Path, Space
from nasrepro.spaces.novelty import distances, novelty
from nasrepro.training.regularizer import Regularizer, WeightStep
from nasrepro.training.settings import Settings


class NSASSettings(Settings):
    """The paper names every quantity and gives no value; the released demos do."""

    published: ClassVar[str] = "Zhang et al. (CVPR 2020), Section 3, and released demos"
    ours: ClassVar[tuple[str, ...]] = ("draws", "constraints", "detached")

    archive: int = Field(8, ge=2, description="M, constraints; each is one more path per step in the soft form")
    recent: int = Field(50, ge=1, description="|C|, paths trained last, which may become constraints")
    draws: int = Field(10, ge=1, description="n, how many recent paths compete for a place among the constraints")
    neighbors: int = Field(10, ge=1, description="k, nearest constraints that novelty is averaged over; at most M − 1")
    beta: float = Field(0.5, ge=0, le=1, description="β, the weight of the constraints in the soft form")
    weighting: Literal["normalized", "as-printed"] = Field(
        "normalized",
        description="1 − β for the path and β/M for each constraint, as released, which keeps the loss at the scale of "
        "plain cross-entropy, or 1 and β each, as Eq. 8 is printed",
    )
    form: Literal["soft", "replay"] = Field(
        "soft",
        description="constraints are part of the loss, or, the paper's other way, a replay buffer: the plain step is "
        "followed by one on a constraint drawn from the archive",
    )
    constraints: Literal["novelty", "uniform"] = Field(
        "novelty",
        description="chosen by novelty, or drawn from the whole space in every step: the control that tells whether "
        "the choice matters",
    )
    detached: bool = Field(
        False,
        description="count the losses of constraints as numbers, as released: the gradient is then 1 − β times that of "
        "plain cross-entropy, or all of it where the weighting is as printed",
    )


class NSAS(Regularizer):
    """(1 − β) times the path's cross-entropy and β times the mean of those of M constraints on the same batch: an
    archive of paths trained before, in which the one most like the present path makes room for a more novel one (NSAS,
    Eq. 8).

    Until M paths were trained they fill the archive, and the loss is the plain one.
    """

    Settings = NSASSettings

    def __init__(self, space: Space[Any], settings: NSASSettings, seed: int) -> None:
        self.settings = settings
        self.archive: list[Path] = []
        self.recent: deque[Path] = deque(maxlen=settings.recent)
        self._space = space
        self._rng = numpy_rng(seed, "nsas")

    def loss(self, step: WeightStep) -> Tensor:
        settings = self.settings
        if self._full and settings.constraints == "novelty":
            self._renew(step.path)
        if not self._full or settings.form == "replay":
            return step.cross_entropy(step.path)
        whole = settings.weighting == "as-printed"
        kept, share = (1.0, settings.beta) if whole else (1 - settings.beta, settings.beta / settings.archive)
        if share == 0 or settings.detached:
            return kept * step.cross_entropy(step.path)
        drawn = settings.constraints == "uniform"
        others = [self._uniform(step.path) for _ in self.archive] if drawn else self.archive
        own, *replayed = step.cross_entropies([step.path, *others])
        return kept * own + share * torch.stack(replayed).sum()

    def replayed(self, step: WeightStep) -> Sequence[Path]:
        settings = self.settings
        if not self._full or settings.form == "soft" or settings.detached:
            return ()
        if settings.constraints == "uniform":
            return [self._uniform(step.path)]
        return [self.archive[self._rng.integers(len(self.archive))]]

    def after_step(self, step: WeightStep) -> None:
        if not self._full:
            self.archive.append(step.path)
        self.recent.append(step.path)

    @property
    def _full(self) -> bool:
        return len(self.archive) == self.settings.archive

    def _uniform(self, like: Path) -> Path:
        """A uniform path of the kind that is trained: of a cell, or with an operation on every edge."""
        path: Path = self._space.sample(self._rng).path
        if len(path) != len(like):
            operations = self._rng.integers(len(self._space.operations), size=self._space.edges)
            path = self._space.path_on_edges(operations.tolist())
        return path

    def _renew(self, path: Path) -> None:
        places = self._rng.integers(len(self.recent), size=self.settings.draws)
        draws = [self.recent[at] for at in places]
        slot, member = renewed(self._space, self.archive, path, draws, self.settings.neighbors)
        self.archive[slot] = member

    def state_dict(self) -> dict[str, Any]:
        return {"archive": list(self.archive), "recent": list(self.recent), "rng": self._rng.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.archive = list(state["archive"])
        self.recent = deque(state["recent"], maxlen=self.settings.recent)
        self._rng.bit_generator.state = state["rng"]


def renewed(
    space: Space[Any], archive: Sequence[Path], path: Path, draws: Sequence[Path], neighbors: int
) -> tuple[int, Path]:
    """The place of the member most like `path`, the first of equals, and the path that shall stand there.

    That is the member itself, or the first of the most novel draws where one is more novel beside the other members:
    where the exchanges of Algorithm 1 end, because those others stay the same through all of them. Novelty is the mean
    distance to the `neighbors` nearest others, or to all where they are fewer.
    """
    paths = np.array(archive, dtype=np.int16)
    slot = int(distances(space, np.array([path], dtype=np.int16), paths).argmin())
    others = np.concatenate([paths[:slot], paths[slot + 1 :]])
    candidates = [archive[slot], *draws]
    found = novelty(space, np.array(candidates, dtype=np.int16), others, min(neighbors, len(others)))
    return slot, candidates[int(found.argmax())]
