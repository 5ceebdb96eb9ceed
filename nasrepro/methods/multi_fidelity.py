"""Hyperband over a tree-structured Parzen estimator (Falkner et al. 2018), by the library Optuna.

Short trainings say which cells deserve longer ones. The lengths are those whose validation results the truth holds, not
those that Hyperband would choose, so its resource is counted in rungs: the k-th length is rung k.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from nasrepro.benchmarks import Benchmark
from nasrepro.errors import UserError
from nasrepro.methods.base import Answer, SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.oracles.base import Oracle
from nasrepro.seeds import derive
from nasrepro.spaces.nb201 import EDGES, OPS, NB201Genotype
from nasrepro.splits import Split
from nasrepro.training.settings import Settings

if TYPE_CHECKING:
    from optuna import Study, Trial

_NEEDED = "at least two lengths of training with validation results"


class MultiFidelitySettings(Settings):
    """Published for Hyperband and BOHB: one cell of three goes on to the next rung."""

    published: ClassVar[str] = "Li et al. (JMLR 2018, Hyperband); Falkner et al. (ICML 2018, BOHB)"
    ours: ClassVar[tuple[str, ...]] = ("queries", "longest", "beginnings")

    queries: int = Field(
        100, ge=1, description="budget, in trainings of the length that other multi-trial methods look up"
    )
    reduction: int = Field(3, ge=2, description="one cell of this many goes on to the next rung")
    beginnings: int = Field(10, ge=1, description="uniform cells before the estimator of a bracket proposes")
    longest: int | None = Field(None, ge=1, description="epochs of the longest training asked; null is all there are")


def multi_fidelity(context: SearchContext) -> SearchResult:
    """Cells proposed by a Parzen estimator are looked up after ever longer trainings for as long as they stay among the
    best; the answer is the most accurate after the longest training.

    The budget is `queries` times the search fidelity, in epochs, so that it buys the same training as anybody's. A cell
    that goes on is charged what is added where all lengths are points of one training, else its full length. The
    look-up that would overshoot the budget ends the search. Raises `UserError` without two lengths or without Optuna.
    """
    settings = MultiFidelitySettings.model_validate(context.settings["search"])
    lengths = [epochs for epochs in context.lengths() if settings.longest is None or epochs <= settings.longest]
    if len(lengths) < 2:
        raise UserError(f"search.longest '{settings.longest}' leaves the lengths {lengths}; this takes {_NEEDED}")
    study, history = _study(settings, len(lengths), context.seed), _History(context, settings.queries)
    going_on = True
    while going_on:
        trial = study.ask()
        going_on = _climb(study, trial, _genotype(trial), lengths, settings.reduction, history)
    return history.result()


def check(benchmark: Benchmark, oracle: Oracle) -> None:
    """Raise `UserError` without Optuna, and where the truth does not hold two lengths of training."""
    _optuna()
    refusal = f"method 'multi-fidelity' cannot search on '{benchmark.name}': "
    if benchmark.single_number:
        raise UserError(f"{refusal}its truth is one number per cell, and this takes {_NEEDED}")
    lengths = oracle.lengths(benchmark.search.dataset, Split.VALID)
    if len(lengths) < 2:
        raise UserError(f"{refusal}its truth holds {lengths} epochs, and this takes {_NEEDED}")


@dataclass
class _History:
    """What was looked up, what it cost, and the best so far: a longer training counts before a higher accuracy."""

    context: SearchContext
    queries: int
    spent: int = 0
    asked: int = 0
    best: tuple[int, float] = (0, 0.0)
    trace: list[tuple[int, Answer]] = field(default_factory=list)
    curve: list[tuple[float, float]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Epochs of training that may be spent."""
        return self.queries * self.context.search_fidelity.epochs

    def look_up(self, genotype: NB201Genotype, epochs: int, before: int) -> float | None:
        """Accuracy in percent after `epochs`, or None when it cannot be paid; `before` epochs were paid already."""
        price = epochs - (before if self.context.one_training() else 0)
        if self.spent + price > self.total:
            return None
        self.spent += price
        self.asked += 1
        self.curve.append((self.asked, self.spent))
        value = self.context.query(genotype, epochs=epochs)
        if not self.trace or (epochs, value) > self.best:
            self.best = (epochs, value)
            self._remember(Answer(genotype, value))
        self.context.report(self.spent, self.total)
        return value

    def _remember(self, answer: Answer) -> None:
        """At what the others would have paid for as many epochs: a look-up after fewer is a part of one of theirs."""
        at = -(-self.spent // self.context.search_fidelity.epochs)
        if self.trace and self.trace[-1][0] == at:
            self.trace.pop()
        self.trace.append((at, answer))

    def result(self) -> SearchResult:
        if not self.trace:
            raise UserError("the budget does not suffice to look up a single cell")
        if self.spent < self.total:
            self.context.report(self.total, self.total)
        return SearchResult(self.trace[-1][1], trace=self.trace, series={"epochs trained": self.curve})


def _climb(
    study: Study, trial: Trial, genotype: NB201Genotype, lengths: list[int], reduction: int, history: _History
) -> bool:
    """Take one cell as far as it deserves; False when the budget ended it."""
    from optuna.trial import TrialState

    value, before = 0.0, 0
    for rung, epochs in enumerate(lengths):
        found = history.look_up(genotype, epochs, before)
        if found is None:
            study.tell(trial, state=TrialState.FAIL)
            return False
        value, before = found, epochs
        trial.report(value, step=reduction**rung)
        if epochs != lengths[-1] and trial.should_prune():
            study.tell(trial, state=TrialState.PRUNED)
            return True
    study.tell(trial, value)
    return True


def _study(settings: MultiFidelitySettings, rungs: int, seed: int) -> Study:
    """Everything random in it comes from the seed; Optuna deals brackets out by the study's name."""
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study: Study = optuna.create_study(
        study_name=f"seed {seed}",
        direction="maximize",
        sampler=optuna.samplers.TPESampler(
            n_startup_trials=settings.beginnings, seed=derive(seed, "multi-fidelity") % 2**32
        ),
        pruner=optuna.pruners.HyperbandPruner(
            min_resource=1, max_resource=settings.reduction ** (rungs - 1), reduction_factor=settings.reduction
        ),
    )
    return study


def _genotype(trial: Trial) -> NB201Genotype:
    """One categorical choice per edge."""
    codes = range(len(OPS))
    return NB201Genotype(tuple(trial.suggest_categorical(f"{to}<-{source}", codes) for to, source in EDGES))


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise UserError(
            "package optuna is not installed; install with: pip install 'nasrepro[multifidelity]'"
        ) from None
    return optuna
