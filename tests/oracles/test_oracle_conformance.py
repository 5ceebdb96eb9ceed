"""The battery must catch what it says it checks: each oracle here is wrong in one way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasrepro.errors import UserError
from nasrepro.oracles.base import Answer, Fidelity, Oracle
from nasrepro.spaces import nb201
from nasrepro.spaces.base import Genotype
from nasrepro.splits import Split
from nasrepro.testing.oracles import check_oracle

ONLY = Fidelity("toy", Split.VALID, 3)


class Good(Oracle):
    """A third party's oracle, written without our array classes: the number of convolutions, one gap."""

    name = "good"
    source = "counted"

    def fidelities(self) -> list[Fidelity]:
        return [ONLY]

    def query(self, genotype: Genotype, *, dataset: str, split: Split, epochs: int, seed: int | None = None) -> Answer:
        values = self.query_all(dataset=dataset, split=split, epochs=epochs, seed=seed)
        if not isinstance(genotype, nb201.NB201Genotype):
            raise UserError(f"'{genotype.id}' is not of nb201")
        value = float(values[genotype.index])
        return Answer(value, 0 if np.isnan(value) else 1, ONLY, self.source)

    def query_all(
        self, *, dataset: str, split: Split, epochs: int, seed: int | None = None, quantity: str = "acc"
    ) -> np.ndarray:
        if Fidelity(dataset, split, epochs) != ONLY or quantity != "acc" or seed is not None:
            raise UserError(f"only acc of {ONLY} without a seed, not {quantity} of {dataset} {split} {epochs} {seed}")
        values = np.isin(nb201.op_table(), (nb201.CONV1, nb201.CONV3)).sum(axis=1).astype(np.float32) * 10
        values[7] = np.nan
        return values

    def fingerprint(self) -> str:
        return "0" * 64


class NoSource(Good):
    source = " "


class DefaultSplit(Good):
    def query_all(self, *, split: Any = Split.VALID, **rest: Any) -> np.ndarray:  # type: ignore[override]
        return super().query_all(split=split, **rest)


class Shares(Good):
    def query_all(self, **question: Any) -> np.ndarray:
        return super().query_all(**question) / 100


class Doubles(Good):
    def query_all(self, **question: Any) -> np.ndarray:
        return super().query_all(**question).astype(np.float64)


class Reversed(Good):
    def query(self, genotype: Genotype, **question: Any) -> Answer:
        answer = super().query(genotype, **question)
        return Answer(100 - answer.value, answer.n_trials, answer.fidelity, answer.source)


class Imputes(Good):
    """A gap is called one trial."""

    def query(self, genotype: Genotype, **question: Any) -> Answer:
        answer = super().query(genotype, **question)
        return Answer(answer.value, 1, answer.fidelity, answer.source)


class Shared(Good):
    """Hands out its only copy."""

    def __init__(self) -> None:
        self.values = Good.query_all(self, dataset="toy", split=Split.VALID, epochs=3)

    def query_all(self, **question: Any) -> np.ndarray:
        super().query_all(**question)
        return self.values


class WithTrials(Good):
    """Two trials a cell, of which one is missing at index 5 and both at index 7."""

    def all_trials(self, *, dataset: str, split: Split, epochs: int) -> np.ndarray:
        means = self.query_all(dataset=dataset, split=split, epochs=epochs)
        trials = np.stack([means - 1, means + 1], axis=1)
        trials[5] = means[5], np.nan
        return trials

    def trial_values(self, genotype: Genotype, **question: Any) -> tuple[float, ...]:
        row = self.all_trials(**question)[int(genotype.id.split(":")[1])]
        return tuple(row[~np.isnan(row)].tolist())


class OtherTrials(WithTrials):
    def all_trials(self, **question: Any) -> np.ndarray:
        return super().all_trials(**question) + 1


class TrialsAcross(WithTrials):
    def all_trials(self, **question: Any) -> np.ndarray:
        return super().all_trials(**question).T


class DoubleTrials(WithTrials):
    def all_trials(self, **question: Any) -> np.ndarray:
        return super().all_trials(**question).astype(np.float64)


class OtherTrialValues(WithTrials):
    def trial_values(self, genotype: Genotype, **question: Any) -> tuple[float, ...]:
        return super().trial_values(genotype, **question)[::-1]


class NearestEpochs(Good):
    def query_all(self, *, epochs: int, **rest: Any) -> np.ndarray:  # type: ignore[override]
        return super().query_all(epochs=3, **rest)


class RaisesKeyError(Good):
    def query_all(self, *, dataset: str, **rest: Any) -> np.ndarray:  # type: ignore[override]
        return super().query_all(dataset={"toy": "toy"}[dataset], **rest)


class AnyQuantity(Good):
    def query_all(self, *, quantity: str = "acc", **rest: Any) -> np.ndarray:  # type: ignore[override]
        return super().query_all(**rest)


class AnySeed(Good):
    def query_all(self, *, seed: int | None = None, **rest: Any) -> np.ndarray:  # type: ignore[override]
        return super().query_all(**rest)


class AnyGenotype(Good):
    def query(self, genotype: Genotype, **question: Any) -> Answer:
        return super().query(genotype if isinstance(genotype, nb201.NB201Genotype) else nb201.from_index(0), **question)


class Restless(Good):
    count = 0

    def fingerprint(self) -> str:
        self.count += 1
        return f"{self.count:064x}"


def failed(oracle: Oracle) -> dict[str, str]:
    return {result.name: result.detail for result in check_oracle(oracle, nb201.NB201Space()) if not result.ok}


@pytest.mark.parametrize("oracle", [Good, WithTrials])
def test_a_good_oracle_passes(oracle: type[Oracle]) -> None:
    assert failed(oracle()) == {}


@pytest.mark.parametrize(
    ("oracle", "check", "reason"),
    [
        (NoSource, "name and source", "source is empty"),
        (DefaultSplit, "no default split or fidelity", "'dataset'"),
        (Shares, "percent", "not shares"),
        (Doubles, "shape and type of query_all", "float64"),
        (Reversed, "query equals query_all", "query gives"),
        (Imputes, "missing is NaN without trials", "index 7: NaN with n_trials 1"),
        (Shared, "repeatable and unchanged by use", "differs"),
        (OtherTrials, "all_trials are the trials behind the means", "not the mean of all_trials at 15624 indices"),
        (TrialsAcross, "all_trials are the trials behind the means", "shape (2, 15625)"),
        (DoubleTrials, "all_trials are the trials behind the means", "float64"),
        (OtherTrialValues, "all_trials are the trials behind the means", "trial_values"),
        (NearestEpochs, "unknown fidelity is refused", "answered instead of refused"),
        (RaisesKeyError, "unknown fidelity is refused", "KeyError"),
        (AnyQuantity, "unknown quantity is refused", "answered instead of refused"),
        (AnySeed, "unknown seed is refused", "answered instead of refused"),
        (AnyGenotype, "foreign genotype is refused", "answered instead of refused"),
        (Restless, "fingerprint", "another fingerprint"),
    ],
)
def test_a_wrong_oracle_fails_where_it_is_wrong(oracle: type[Oracle], check: str, reason: str) -> None:
    assert reason in failed(oracle())[check]


def test_an_own_default_is_named() -> None:
    class Typed(Good):
        def query_all(  # type: ignore[override]
            self,
            *,
            dataset: str,
            epochs: int,
            split: Split = Split.VALID,
            seed: int | None = None,
            quantity: str = "acc",
        ) -> np.ndarray:
            return super().query_all(dataset=dataset, split=split, epochs=epochs, seed=seed, quantity=quantity)

    assert failed(Typed())["no default split or fidelity"] == "query_all has a default for 'split'"


def test_battery_needs_no_test_framework() -> None:
    folder = Path(__file__).parents[2] / "nasrepro" / "testing"
    assert not [path for path in folder.glob("*.py") if "import pytest" in path.read_text()]
