"""The interface of an oracle. There is no default split and no default fidelity: which number it is must be said."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from nasrepro.errors import UserError
from nasrepro.spaces.base import Genotype
from nasrepro.splits import Split


@dataclass(frozen=True, order=True)
class Fidelity:
    """Names one measured quantity: a data set, a split of it and the length of training in epochs."""

    dataset: str
    split: Split
    epochs: int

    def __str__(self) -> str:
        return f"{self.dataset} {self.split.value} after {self.epochs} epochs"


@dataclass(frozen=True)
class Answer:
    """One looked-up accuracy in percent, or perplexity; NaN with `n_trials` 0 where nothing was measured.

    `n_trials` is None where the source gives a mean without saying over how many trials.
    """

    value: float
    n_trials: int | None
    fidelity: Fidelity
    source: str


class Oracle(ABC):
    """Stand-alone worth of genotypes of one space."""

    name: str
    source: str
    """One sentence for captions: where the numbers come from."""
    covers_space: bool = True
    """False when only single cells can be asked, so that neither an optimum nor `query_all` exists."""
    trains: bool = False
    """True where a cell is trained when it is asked for, which costs far more than looking it up."""
    may_be_copied: bool = True
    """False where the source states no licence: no report then carries its numbers as arrays."""

    @abstractmethod
    def fidelities(self) -> list[Fidelity]:
        """Everything that can be asked."""

    @abstractmethod
    def query(self, genotype: Genotype, *, dataset: str, split: Split, epochs: int, seed: int | None = None) -> Answer:
        """Accuracy in percent, or the perplexity of a language model: the mean over trials, or the trial of one oracle
        seed.

        Raises `UserError` when the fidelity is not in this oracle, naming what is.
        """

    def best(self, genotype: Genotype, *, dataset: str, split: Split, epochs: int) -> Answer:
        """As `query`, but of the best epoch of a training of this length, chosen on the very split that is asked for.

        Raises `UserError` where no curve of a training is known.
        """
        raise UserError(f"{self.name} holds no curves of training, so that no epoch can be called the best")

    def learning_curve(self, genotype: Genotype) -> list[tuple[int, float]]:
        """Perplexity on validation text, epoch by epoch, of the training behind the worth of a cell, as the mean of its
        trials; empty where no such curve is known."""
        return []

    @abstractmethod
    def query_all(
        self, *, dataset: str, split: Split, epochs: int, seed: int | None = None, quantity: str | None = None
    ) -> np.ndarray:
        """Means over trials (or one trial) of the whole space in index order, float32, NaN where missing.

        `quantity` is `acc` (percent), `ppl` (perplexity), `loss` (nats) or `time` (training seconds); None is the one
        of the first two that `query` answers with.
        """

    def lengths(self, dataset: str, split: Split) -> list[int]:
        """The lengths of training, in epochs and rising, after which `dataset` was scored on `split`."""
        return sorted({held.epochs for held in self.fidelities() if (held.dataset, held.split) == (dataset, split)})

    def one_training(self, dataset: str) -> bool:
        """True where the results at all lengths are points of one training, so that going on costs only what is
        added. False where a longer result comes from a training of its own, with a schedule of its own."""
        return False

    def seconds(self, genotype: Genotype, *, dataset: str, epochs: int) -> float:
        """Training seconds of the run behind the valid split; raises `UserError` where no time was measured."""
        raise UserError(f"{self.name} holds no training times")

    def trial_values(self, genotype: Genotype, *, dataset: str, split: Split, epochs: int) -> tuple[float, ...]:
        """The single trials behind what `query` answers with, in its unit; empty where the source holds only means."""
        return ()

    def all_trials(self, *, dataset: str, split: Split, epochs: int) -> np.ndarray | None:
        """The single trials behind the means of `query_all`, float32 of shape (n, trials) in index order.

        In their unit, NaN where a trial is missing. None where the source holds only means; raises as `query_all` does.
        """
        self.query_all(dataset=dataset, split=split, epochs=epochs)
        return None

    @abstractmethod
    def fingerprint(self) -> str:
        """SHA-256 of the content, part of every run's identity."""
