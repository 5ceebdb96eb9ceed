"""NAO without weight sharing (Luo et al. 2018, Algorithm 1): look cells up, learn to embed them, climb, look up."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from nasrepro.errors import UserError
from nasrepro.methods.base import SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.methods.multi_trial import Proposals, search_by_looking_up
from nasrepro.methods.nao_moves import Cell, Work, codes, novel_cells, random_cells
from nasrepro.seeds import derive, numpy_rng
from nasrepro.training.predictor_settings import PredictorSettings


class NAOSettings(PredictorSettings):
    """600 random cells, then twice 200 decoded from the embeddings of the 200 best after a step of 10."""

    published: ClassVar[str] = "Luo et al. (NeurIPS 2018), Section 4.1"
    ours: ClassVar[tuple[str, ...]] = ("enlargements",)

    queries: int = Field(1000, ge=1, description="stand-alone validation results looked up")
    iterations: int = Field(3, ge=1, description="L, the first of which looks up random cells")
    initial_share: float = Field(0.6, gt=0, le=1, description="of the queries, spent on random cells")
    step_size: float = Field(10.0, gt=0, description="η of the step in the latent space")
    enlargements: int = Field(
        50,
        ge=0,
        description="times a step grows by η/2 while it decodes to nothing new; then a random cell is looked up",
    )

    def sizes(self) -> list[int]:
        """Look-ups of each iteration; K seeds give K new cells."""
        if self.iterations == 1:
            return [self.queries]
        first = max(1, round(self.initial_share * self.queries))
        rest = np.array_split(np.arange(self.queries - first), self.iterations - 1)
        return [first, *(len(part) for part in rest)]


def nao(context: SearchContext) -> SearchResult:
    """The best cell of all that were looked up. Raises `UserError` for more queries than the space has cells.

    Its record holds two curves over the iterations, in percent: the mean real and the mean predicted accuracy of the
    newly evaluated cells. In the first iteration the predictor was trained on these very cells; later
    predictions were made before the cells were looked up.
    """
    settings = NAOSettings.model_validate(context.settings["search"])
    if settings.queries > len(context.space):
        raise UserError(
            f"setting 'search.queries' cannot be {settings.queries}: every cell is looked up once, and the space has "
            f"{len(context.space)}"
        )
    rounds = settings.iterations - 1
    work = Work.of(settings.queries, rounds * settings.predictor_epochs)
    algorithm = _Algorithm(context, settings, work)
    result = search_by_looking_up(context, algorithm.proposals(), work)
    result.series, result.notes = algorithm.series, algorithm.notes
    return result


class _Algorithm:
    """Algorithm 1 as a source of proposals."""

    def __init__(self, context: SearchContext, settings: NAOSettings, work: Work) -> None:
        from nasrepro.latent.spelling import tokens_of
        from nasrepro.training.predictor import CellPredictor

        self.context, self.settings, self.work = context, settings, work
        self.known: dict[Cell, float] = {}
        self.series: dict[str, list[tuple[float, float]]] = {"real accuracy": [], "predicted accuracy": []}
        self.notes: list[str] = []
        self._rng = numpy_rng(context.seed, "nao")
        self._predictor = CellPredictor(
            settings, derive(context.seed, "predictor", "weights"), tokens_of(context.space)
        )
        self._trained = False

    def proposals(self) -> Proposals:
        """All cells of all iterations."""
        last = self.settings.iterations
        for iteration, size in enumerate(self.settings.sizes(), start=1):
            new = self._climb(size, iteration)
            if self._trained and new:
                self._note("predicted accuracy", iteration, self._predictor.predict(codes(new)))
            for cell in new:
                self.known[cell] = yield self.context.space.from_genes(cell)
            self._note("real accuracy", iteration, np.array([self.known[cell] for cell in new]))
            if iteration < last:
                self._learn(iteration)
            if iteration == 1 and self._trained:
                self._note("predicted accuracy", iteration, self._predictor.predict(codes(new)))

    def _climb(self, size: int, iteration: int) -> list[Cell]:
        """Cells that are new: decoded above the best ones, and random where there are too few."""
        found: list[Cell] = []
        if self._trained and size:
            best = sorted(self.known, key=lambda cell: -self.known[cell])[:size]
            eta = self.settings.step_size
            steps = (eta * (1 + k / 2) for k in range(self.settings.enlargements + 1))
            found = novel_cells(self._predictor.ascent(codes(best)), steps, self.known, size, once=True)
        if iteration > 1 and len(found) < size:
            self.notes.append(f"{size - len(found)} of the {size} cells of iteration {iteration} are random")
        return found + random_cells(self.context.space, self._rng, {*self.known, *found}, size - len(found))

    def _learn(self, iteration: int) -> None:
        """Train on all that was measured, unless it is all the same."""
        measured = {cell: value for cell, value in self.known.items() if np.isfinite(value)}
        if len(set(measured.values())) < 2:
            self.notes.append(f"nothing to learn after iteration {iteration}: all scores are equal")
            self.work.worked(self.context, self.settings.predictor_epochs)
            return
        seed = derive(self.context.seed, "predictor", iteration)
        values = np.array(list(measured.values()))
        self._predictor.fit(codes(measured), values, seed, lambda: self.work.worked(self.context))
        self._trained = True

    def _note(self, curve: str, iteration: int, values: np.ndarray) -> None:
        """The mean of what was measured or predicted."""
        values = values[np.isfinite(values)]
        if len(values):
            self.series[curve].append((float(iteration), float(values.mean())))
