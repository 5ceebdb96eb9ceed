"""How much a predictor and a decoder learn from how many cells: NAO's Figure 2a (Luo et al. 2018) as a method.

It is a study, not a search: it looks random cells up, and what it finds out stands in its record's series.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field, model_validator

from nasrepro.errors import UserError
from nasrepro.methods.base import SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.methods.multi_trial import Proposals, search_by_looking_up
from nasrepro.methods.nao_moves import Cell, Work, codes, random_cells
from nasrepro.seeds import derive, numpy_rng
from nasrepro.training.predictor_settings import PredictorSettings


class NAOStudySettings(PredictorSettings):
    """600 random cells, 50 of them held out; encoder, predictor and decoder trained on growing parts of the others."""

    published: ClassVar[str] = "Luo et al. (NeurIPS 2018), Section 4.1 and Figure 2a"

    held_out: int = Field(50, ge=2, description="cells that are never trained on, nor any cell of their class")
    sizes: tuple[int, ...] = Field(
        (100, 200, 300, 400, 500, 550), min_length=1, description="numbers of training cells, each part of the next"
    )

    @model_validator(mode="after")
    def _rising(self) -> NAOStudySettings:
        if list(self.sizes) != sorted(set(self.sizes)) or self.sizes[0] < 1:
            raise ValueError("sizes must rise, from 1 on")
        return self


def nao_study(context: SearchContext) -> SearchResult:
    """The best of the cells that were looked up, which is random search; and three curves over training sizes.

    `pairwise accuracy` is the share of pairs of held-out cells that the predictor orders rightly, `Hamming distance`
    the mean number of tokens of 12 in which a held-out cell differs from what is decoded from its embedding, and
    `Hamming distance of operations` the same of the 6 operation tokens. Node tokens have one legal value, so both
    distances agree where the decoder obeys. Raises `UserError` when the space is too small for the sizes.
    """
    settings = NAOStudySettings.model_validate(context.settings["search"])
    if settings.held_out + settings.sizes[-1] > len(context.space) // 2:
        raise UserError(
            f"settings 'search.held_out' and 'search.sizes' ask for {settings.held_out + settings.sizes[-1]} cells; "
            f"allowed: {len(context.space) // 2}, half of the space"
        )
    work = Work.of(settings.held_out + settings.sizes[-1], len(settings.sizes) * settings.predictor_epochs)
    study = _Study(context, settings, work)
    result = search_by_looking_up(context, study.proposals(), work)
    result.series, result.notes = study.series, study.notes
    return result


def draw(context: SearchContext, settings: NAOStudySettings) -> tuple[list[Cell], list[Cell]]:
    """Held-out cells and training cells, all distinct.

    No training cell is in the functional class of a held-out one: it would be the same network under another
    name, the symmetric twins that training shows among them, and on a truth measured class by class even the same
    number.
    """
    rng = numpy_rng(context.seed, "nao-study")
    held = random_cells(context.space, rng, (), settings.held_out)
    classes = {_class_of(context, cell) for cell in held}
    training: list[Cell] = []
    while len(training) < settings.sizes[-1]:
        (cell,) = random_cells(context.space, rng, training, 1)
        if _class_of(context, cell) not in classes:
            training.append(cell)
    return held, training


def _class_of(context: SearchContext, cell: Cell) -> str:
    key: str = context.space.functional_key(context.space.from_genes(cell))  # type: ignore[attr-defined]
    return key


class _Study:
    """Looks everything up, then trains and judges, size by size."""

    def __init__(self, context: SearchContext, settings: NAOStudySettings, work: Work) -> None:
        self.context, self.settings, self.work = context, settings, work
        self.held, self.training = draw(context, settings)
        self.series: dict[str, list[tuple[float, float]]] = {}
        self.notes: list[str] = []

    def proposals(self) -> Proposals:
        known: dict[Cell, float] = {}
        for cell in (*self.held, *self.training):
            known[cell] = yield self.context.space.from_genes(cell)
        for size in self.settings.sizes:
            self._judge(size, known)

    def _judge(self, size: int, known: dict[Cell, float]) -> None:
        """Train afresh on the first `size` cells and judge on the held-out ones; cells never measured are left out."""
        from nasrepro.latent import judging
        from nasrepro.latent.nb201_tokens import NB201
        from nasrepro.training.predictor import CellPredictor

        learned = [cell for cell in self.training[:size] if np.isfinite(known[cell])]
        asked = [cell for cell in self.held if np.isfinite(known[cell])]
        accuracy = np.array([known[cell] for cell in learned])
        if len(set(accuracy.tolist())) < 2 or len(asked) < 2:
            self.notes.append(f"nothing to learn from {size} cells")
            self.work.worked(self.context, self.settings.predictor_epochs)
            return
        predictor = CellPredictor(self.settings, derive(self.context.seed, "predictor", "weights"))
        seed = derive(self.context.seed, "predictor", size)
        predictor.fit(codes(learned), accuracy, seed, lambda: self.work.worked(self.context))
        truth, decoded = np.array([known[cell] for cell in asked]), predictor.reconstruct(codes(asked))
        tokens = NB201.spelled(decoded).numpy(), NB201.spelled(codes(asked)).numpy()
        for curve, value in (
            ("pairwise accuracy", judging.pairwise_accuracy(truth, predictor.predict(codes(asked)))),
            ("Hamming distance", judging.hamming(*tokens)),
            ("Hamming distance of operations", judging.hamming(decoded, codes(asked))),
        ):
            self.series.setdefault(curve, []).append((float(size), value))
