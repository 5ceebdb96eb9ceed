"""What every oracle has to get right."""

from __future__ import annotations

import inspect
import re
from functools import partial
from typing import Any

import numpy as np

from nasrepro.oracles.base import Fidelity, Oracle
from nasrepro.spaces.base import Space
from nasrepro.splits import Split
from nasrepro.testing import CheckResult, refused, require, run_checks

_PROBES = 64


def check_oracle(oracle: Oracle, space: Space[Any]) -> list[CheckResult]:
    """All requirements on an oracle over `space`, each with what was seen; works on any size of space."""
    battery = _OracleBattery(oracle, space)
    return run_checks(
        [
            ("name and source", battery.name_and_source),
            ("no default split or fidelity", battery.no_defaults),
            ("fidelities", battery.fidelities),
            ("shape and type of query_all", battery.arrays),
            ("percent", battery.percent),
            ("query equals query_all", battery.agreement),
            ("all_trials are the trials behind the means", battery.all_trials),
            ("missing is NaN without trials", battery.missing),
            ("repeatable and unchanged by use", battery.repeatable),
            ("unknown fidelity is refused", battery.unknown_fidelity),
            ("unknown quantity is refused", battery.unknown_quantity),
            ("unknown seed is refused", battery.unknown_seed),
            ("foreign genotype is refused", battery.foreign_genotype),
            ("fingerprint", battery.fingerprint),
        ]
    )


class _ForeignGenotype:
    id = "some-other-space:0"


class _OracleBattery:
    def __init__(self, oracle: Oracle, space: Space[Any]) -> None:
        self.oracle = oracle
        self.space = space
        self.size = len(space)
        # Evenly spread, so that both ends of the index order are among them.
        picked = np.linspace(0, self.size - 1, min(_PROBES, self.size)).astype(int).tolist()
        self.probes = [(i, space.parse(str(i))) for i in dict.fromkeys(picked)]

    def name_and_source(self) -> str:
        require(bool(self.oracle.name.strip()), "the name is empty")
        require(bool(self.oracle.source.strip()), "the source is empty; captions need it")
        require("\n" not in self.oracle.source, "the source has more than one line")
        return self.oracle.source

    def no_defaults(self) -> str:
        for method in (self.oracle.query, self.oracle.query_all, self.oracle.all_trials):
            parameters = inspect.signature(method).parameters
            for name in ("dataset", "split", "epochs"):
                require(name in parameters, f"{method.__name__} has no parameter '{name}'")
                parameter = parameters[name]
                require(parameter.default is parameter.empty, f"{method.__name__} has a default for '{name}'")
                require(parameter.kind is parameter.KEYWORD_ONLY, f"'{name}' of {method.__name__} is not keyword-only")
        return "dataset, split and epochs have to be written down"

    def fidelities(self) -> str:
        there = self.oracle.fidelities()
        require(bool(there), "fidelities() is empty")
        require(len(set(there)) == len(there), "fidelities() names one twice")
        for fidelity in there:
            require(isinstance(fidelity, Fidelity), f"{fidelity!r} is not a Fidelity")
            require(isinstance(fidelity.split, Split), f"the split of {fidelity!r} is not a Split")
            answer = self._answer(self.probes[0][1], fidelity)
            require(answer.fidelity == fidelity, f"asked for {fidelity}, the answer is about {answer.fidelity}")
        return "; ".join(map(str, there))

    def arrays(self) -> str:
        for fidelity, values in self._everything():
            require(values.shape == (self.size,), f"{fidelity}: shape {values.shape} instead of ({self.size},)")
            require(values.dtype == np.float32, f"{fidelity}: {values.dtype} instead of float32")
        return f"({self.size},), float32"

    def percent(self) -> str:
        for fidelity, values in self._everything():
            there = values[~np.isnan(values)]
            require(there.size > 0, f"{fidelity}: nothing is measured, so it should not be listed")
            require(bool(((there >= 0) & (there <= 100)).all()), f"{fidelity}: values outside 0 to 100")
            require(there.max() > 1, f"{fidelity}: no value is above 1; accuracies are in percent, not shares")
        return "all within 0 to 100"

    def agreement(self) -> str:
        for fidelity, values in self._everything():
            for index, genotype in self.probes:
                value = self._answer(genotype, fidelity).value
                same = np.isclose(value, values[index], rtol=1e-6, equal_nan=True)
                require(bool(same), f"{fidelity}, index {index}: query gives {value}, query_all {values[index]}")
        return f"on {len(self.probes)} genotypes"

    def all_trials(self) -> str:
        seen = set()
        for fidelity, values in self._everything():
            asked: dict[str, Any] = {"dataset": fidelity.dataset, "split": fidelity.split, "epochs": fidelity.epochs}
            trials = self.oracle.all_trials(**asked)
            if trials is None:
                seen.add("means only")
                continue
            shape = trials.shape
            require(len(shape) == 2 and shape[0] == self.size, f"{fidelity}: shape {shape}, not ({self.size}, trials)")
            require(trials.dtype == np.float32, f"{fidelity}: {trials.dtype} instead of float32")
            known = ~np.isnan(trials)
            counts = known.sum(axis=1)
            means = np.where(known, trials, 0.0).sum(axis=1, dtype=np.float64) / np.where(counts, counts, np.nan)
            same = np.isclose(means, values, rtol=1e-6, equal_nan=True)
            require(bool(same.all()), f"{fidelity}: query_all is not the mean of all_trials at {(~same).sum()} indices")
            for index, genotype in self.probes:
                single = self.oracle.trial_values(genotype, **asked)
                row = trials[index][known[index]]
                require(
                    np.array_equal(row, np.array(single, np.float32)),
                    f"{fidelity}, index {index}: trial_values {single}",
                )
            seen.add(f"{shape[1]} a genotype")
        return ", ".join(sorted(seen))

    def missing(self) -> str:
        """Probes the missing ones in particular."""
        count = 0
        for fidelity, values in self._everything():
            gaps = np.flatnonzero(np.isnan(values))[:_PROBES].tolist()
            for index, genotype in [*self.probes, *((i, self.space.parse(str(i))) for i in gaps)]:
                answer = self._answer(genotype, fidelity)
                if np.isnan(answer.value):
                    count += 1
                    require(answer.n_trials == 0, f"{fidelity}, index {index}: NaN with n_trials {answer.n_trials}")
                else:
                    known = answer.n_trials is None or answer.n_trials >= 1
                    require(known, f"{fidelity}, index {index}: a value with n_trials {answer.n_trials}")
        return f"{count} missing values seen"

    def repeatable(self) -> str:
        for fidelity, values in self._everything():
            before = values.copy()
            if values.flags.writeable:
                values[:] = -1  # a caller may do this to what it was given
            again = self._all(fidelity).copy()
            if values.flags.writeable:
                values[:] = before
            require(np.array_equal(before, again, equal_nan=True), f"{fidelity}: a second query_all differs")
        return "a second answer equals the first"

    def unknown_fidelity(self) -> str:
        fidelity = self.oracle.fidelities()[0]
        genotype = self.probes[0][1]
        asked = {"dataset": fidelity.dataset, "split": fidelity.split, "epochs": fidelity.epochs}
        absent = {"dataset": "no-such-data", "epochs": 1 + max(f.epochs for f in self.oracle.fidelities())}
        messages = []
        for name, value in absent.items():
            wrong: dict[str, Any] = {**asked, name: value}
            messages.append(refused(partial(self.oracle.query, genotype, **wrong), f"query of {name} {value!r}"))
            refused(partial(self.oracle.query_all, **wrong), f"query_all of {name} {value!r}")
            require(str(value) in messages[-1], f"the message does not name {value!r}: {messages[-1]}")
        return messages[0]

    def unknown_quantity(self) -> str:
        fidelity = self.oracle.fidelities()[0]
        return refused(
            lambda: self.oracle.query_all(
                dataset=fidelity.dataset, split=fidelity.split, epochs=fidelity.epochs, quantity="no-such-quantity"
            ),
            "query_all of quantity 'no-such-quantity'",
        )

    def unknown_seed(self) -> str:
        """No oracle trained with this seed; a mean must not be passed off as a trial."""
        fidelity = self.oracle.fidelities()[0]
        return refused(lambda: self._answer(self.probes[0][1], fidelity, seed=-987654321), "oracle seed -987654321")

    def foreign_genotype(self) -> str:
        return refused(lambda: self._answer(_ForeignGenotype(), self.oracle.fidelities()[0]), "a foreign genotype")

    def fingerprint(self) -> str:
        first = self.oracle.fingerprint()
        require(re.fullmatch(r"[0-9a-f]{64}", first) is not None, f"'{first}' is no SHA-256 in hexadecimal")
        require(self.oracle.fingerprint() == first, "a second call gives another fingerprint")
        return first

    def _answer(self, genotype: Any, fidelity: Fidelity, seed: int | None = None) -> Any:
        return self.oracle.query(
            genotype, dataset=fidelity.dataset, split=fidelity.split, epochs=fidelity.epochs, seed=seed
        )

    def _all(self, fidelity: Fidelity) -> np.ndarray:
        return self.oracle.query_all(dataset=fidelity.dataset, split=fidelity.split, epochs=fidelity.epochs)

    def _everything(self) -> list[tuple[Fidelity, np.ndarray]]:
        return [(fidelity, self._all(fidelity)) for fidelity in self.oracle.fidelities()]
