"""The recipe of a table of language models: every cell of the recurrent space of two nodes, trained from scratch."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from nasrepro.seeds import derive
from nasrepro.spaces.darts_rnn import RnnSpace
from nasrepro.spaces.darts_rnn_skeleton import RnnSkeleton
from nasrepro.splits import Split
from nasrepro.tabulation.recipe import SPLITS, Measure, Measurement
from nasrepro.training.language import LanguageSettings

if TYPE_CHECKING:
    from nasrepro.datasets.text import TextData
    from nasrepro.training.language_standalone import TrainedText

_SPACE = RnnSpace(2)


class TextRecipe(BaseModel):
    """SGD, then averaged SGD, on the training text; perplexities of the weights with the lowest validation loss.

    After each report epoch the validation perplexity is that of the weights kept so far, with which a training that
    ended there would answer; their test perplexity is measured after the last one. All cells are measured, also the
    six that equal another one with its nodes exchanged: how far apart the two of a pair lie is what seeds do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    space: ClassVar[str] = _SPACE.name
    quantities: ClassVar[tuple[str, ...]] = ("ppl",)
    judged_by: ClassVar[str] = "test perplexity"
    licence: ClassVar[str] = "MIT, as nasrepro; perplexities only, no part of a text"

    version: int = 1
    """Raised whenever the code would measure something else with the same settings."""
    hidden: int = Field(ge=1)
    vocabulary: int = Field(ge=2)
    training: LanguageSettings
    report_epochs: tuple[int, ...]
    trials: int = Field(ge=2)

    @model_validator(mode="after")
    def _ends_at_the_end(self) -> Self:
        if not self.report_epochs or sorted(set(self.report_epochs)) != list(self.report_epochs):
            raise ValueError("report epochs rise")
        if self.report_epochs[0] < 1 or self.report_epochs[-1] != self.training.epochs:
            raise ValueError(f"the last report epoch is that of the training, {self.training.epochs}")
        return self

    @property
    def epochs(self) -> int:
        return self.training.epochs

    @property
    def skeleton(self) -> RnnSkeleton:
        """The language model around the cell."""
        return RnnSkeleton(self.hidden, self.vocabulary, nodes=2)

    def describe(self) -> str:
        """One line for captions."""
        how = self.training
        tokens = "all" if how.train_tokens is None else f"{how.train_tokens:,}"
        return (
            f"H={self.hidden}, {self.vocabulary:,} words, {tokens} training tokens, {how.epochs} epochs of SGD and "
            f"averaged SGD (lr {how.lr:g}, batch {how.batch_size}, BPTT {how.bptt})"
        )

    def measured(self) -> np.ndarray:
        """Indices of the cells that are measured: all."""
        return np.arange(len(_SPACE))

    def rows(self) -> np.ndarray:
        """For every cell of the space its place among the measured ones."""
        return np.arange(len(_SPACE))

    def holds(self, split: Split, epochs: int) -> bool:
        """The test text is scored once, at the end."""
        return split is Split.VALID or epochs == self.epochs

    def data_hashes(self, dataset: str) -> dict[str, str]:
        """SHA-256 of the text behind every measurement."""
        return dict(_text(dataset).hashes)

    def measure(self, dataset: str) -> Measure:
        """Trains one network after another; initial weights, masks and segments are drawn for cell and seed alone."""
        from nasrepro.training.language_standalone import fitting_text, train_language_model
        from nasrepro.training.repeatable import prepare_torch
        from nasrepro.training.supernet import Diverged

        prepare_torch(threads=1)
        text = fitting_text(_text(dataset), self.skeleton, self.training)

        def trained_cell(cell: int, seed: int) -> Measurement:
            genotype = _SPACE.parse(str(cell))
            began = time.process_time()
            try:
                trained = train_language_model(
                    genotype, text, self.skeleton, self.training, derive(seed, "stand-alone", genotype.id)
                )
            except Diverged:
                return Measurement(self._nothing(), time.process_time() - began)
            return Measurement(self._scores(trained), time.process_time() - began)

        return trained_cell

    def _nothing(self) -> np.ndarray:
        return np.full((len(self.report_epochs), len(SPLITS), len(self.quantities)), np.nan, np.float32)

    def _scores(self, trained: TrainedText) -> np.ndarray:
        losses = [point.scores[Split.VALID].loss for point in trained.progress.curve]
        best = np.fmin.accumulate(losses)
        scores = self._nothing()
        scores[:, SPLITS.index(Split.VALID), 0] = [np.exp(best[epochs - 1]) for epochs in self.report_epochs]
        scores[-1, SPLITS.index(Split.TEST), 0] = np.exp(trained.test.loss)
        return scores


@cache
def _text(dataset: str) -> TextData:
    from nasrepro.datasets.loading import load_text

    return load_text(dataset)
