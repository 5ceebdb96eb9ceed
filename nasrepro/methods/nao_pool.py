"""NAO with weight sharing (Luo et al. 2018, as released for PyTorch): a pool of cells trained through a supernet.

Every weight step trains a cell of the pool. Now and then the whole pool is scored under the shared weights, an
autoencoder learns the scores, and the worse half of the pool makes room for cells decoded above its best ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from nasrepro.errors import UserError
from nasrepro.latent.spelling import tokens_of
from nasrepro.methods.base import Answer
from nasrepro.methods.nao_moves import Cell, codes, novel_cells, random_cells
from nasrepro.seeds import derive, numpy_rng
from nasrepro.spaces.base import Genotype, Path, Space
from nasrepro.training.evaluate import CellScore
from nasrepro.training.predictor import CellPredictor
from nasrepro.training.predictor_settings import PredictorSettings
from nasrepro.training.sampler import Lessons, Sampler
from nasrepro.training.schedule import spread
from nasrepro.training.settings import Settings

_REPLACED = 2  # one in two
_SEEDS = 6  # one in six


class PoolSettings(PredictorSettings):
    """Released: 600 cells, scored five times; after each but the last, steps of 1, 2, 3, … from the best 100 cells
    until 300 new ones are found."""

    published: ClassVar[str] = "released PyTorch code of Luo et al. (NeurIPS 2018), CIFAR-10 with weight sharing"

    layers: int = Field(3, ge=0, description="ReLU layers of the predictor before its output")
    width: int = Field(200, ge=1, description="units of such a layer")
    dropout: float = Field(0.1, ge=0, lt=1, description="after such a layer")
    trade_off: float = Field(0.8, ge=0, le=1, description="λ: weight of the prediction against the reconstruction")
    predictor_weight_decay: float = Field(1e-4, ge=0, description="L2, added to the gradient")
    pool: int = Field(600, ge=_SEEDS, description="cells; a sixth are seeds, half are replaced")
    evaluations: int = Field(5, ge=1, description="how often, evenly spread, the last time at the end")
    largest_step: int = Field(50, ge=1, description="the search for new cells ends after a step of this size")

    def climbing(self, cells: int) -> int:
        """How many of the best of so many scored cells steps are taken from."""
        return cells // _SEEDS

    def decoded(self, cells: int) -> int:
        """How many new cells are looked for beside so many."""
        return cells // _REPLACED


class PoolSampler(Sampler):
    """Draws uniformly from a pool that is renewed in the latent space."""

    Settings: type[PoolSettings] = PoolSettings

    def __init__(self, space: Space[Any], settings: PoolSettings, seed: int) -> None:
        """Raises `UserError` for a pool that is larger than the space."""
        if settings.pool > len(space):
            raise UserError(
                f"setting 'sampler.pool' cannot be {settings.pool}: its cells are different, and the space has "
                f"{len(space)}"
            )
        self.space, self.settings, self.seed = space, settings, seed
        self._rng = numpy_rng(seed, "pool")
        self._predictor = CellPredictor(settings, derive(seed, "predictor", "weights"), tokens_of(space))
        self.pool = random_cells(space, self._rng, (), settings.pool)
        self.scores: dict[Cell, tuple[float, float]] = {}
        """Merit, such as accuracy in percent, and loss in nats of the pool's cells, as last scored; new cells have none
        yet."""

    def sample(self) -> Path:
        path: Path = self.space.from_genes(self.pool[int(self._rng.integers(len(self.pool)))]).path
        return path

    def end_epoch(self, lessons: Lessons, epoch: int, epochs: int) -> int:
        """Score the pool when it is time to; then renew it, unless the training is over."""
        if epoch + 1 not in spread(self.settings.evaluations, epochs):
            return 0
        found = {cell: lessons.score(self.space.from_genes(cell)) for cell in self.pool}
        self.scores = {cell: (score.merit, score.loss) for cell, score in found.items()}
        if epoch + 1 < epochs:
            self._renew(epoch + 1)
        return len(found) * lessons.batches_per_score

    def best(self) -> Genotype:
        """The best cell of the pool by its last score, the pool's first before there are scores."""
        found: Genotype = self.space.from_genes((self._ranked() or self.pool)[0])
        return found

    def state_dict(self) -> dict[str, Any]:
        return {
            "pool": list(self.pool),
            "scores": dict(self.scores),
            "predictor": self._predictor.state_dict(),
            "rng": self._rng.bit_generator.state,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.pool, self.scores = list(state["pool"]), dict(state["scores"])
        self._predictor.load_state_dict(state["predictor"])
        self._rng.bit_generator.state = state["rng"]

    def _ranked(self) -> list[Cell]:
        """Scored cells, the best first; equally good ones are decided by the lower loss."""
        return sorted(self.scores, key=lambda cell: (-self.scores[cell][0], self.scores[cell][1]))

    def _renew(self, round_: int) -> None:
        """Learn the scores, and make room for decoded cells; nothing happens where all are equally good."""
        merits = np.array([self.scores[cell][0] for cell in self.pool])
        if merits.min() == merits.max():
            return
        self._predictor.fit(codes(self.pool), merits, derive(self.seed, "predictor", round_))
        ranked = self._ranked()
        ascent = self._predictor.ascent(codes(ranked[: self.settings.climbing(len(ranked))]))
        steps = range(1, self.settings.largest_step + 1)
        new = novel_cells(ascent, steps, self.scores, self.settings.decoded(len(ranked)), once=False)
        self._let_in(ranked, new)

    def _let_in(self, ranked: list[Cell], new: list[Cell]) -> None:
        """New cells replace the worst of those that are ranked from the best on."""
        kept = ranked[: len(ranked) - len(new)]
        self.pool = [*kept, *new]
        self.scores = {cell: self.scores[cell] for cell in kept}


class BestOfPoolSettings(Settings):
    """Nothing to choose. Released code trains the five best cells further before it takes one; here none is."""


class BestOfPool:
    """The best cell of the pool by its last score; equally good ones are decided by the lower loss."""

    Settings = BestOfPoolSettings
    needs = ("best",)

    def __init__(self, space: Space[Any], settings: BestOfPoolSettings) -> None:
        pass

    def select(self, sampler: Sampler, score: Callable[[Genotype], CellScore], rng: np.random.Generator) -> Answer:
        best = sampler.best()  # type: ignore[attr-defined]
        return Answer(best, score(best).value)
