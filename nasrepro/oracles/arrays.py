"""An oracle over arrays in index order, wherever the arrays come from: a table file or an installed package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from nasrepro.errors import UserError, unknown
from nasrepro.oracles.base import Answer, Fidelity, Oracle
from nasrepro.oracles.table_format import UNITS, Layout
from nasrepro.spaces.base import Genotype
from nasrepro.splits import Split


class Arrays(Protocol):
    """Named arrays as in `nasrepro-table/1`, decoded on demand."""

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def meta(self) -> Mapping[str, Any]: ...

    @property
    def layout(self) -> Layout: ...

    @property
    def sha256(self) -> str: ...

    def array(self, name: str) -> np.ndarray: ...


class ArrayOracle(Oracle):
    """Looks genotypes up by their index; means, trials and counts are found once per array."""

    def __init__(self, arrays: Arrays, *, name: str) -> None:
        self.name = name
        self.meta = arrays.meta
        self.source = str(arrays.meta["source"])
        if arrays.meta.get("verified") is False:
            self.source += " (unverified)"
        self._arrays = arrays
        self._space = str(arrays.meta["space"])
        self._main = arrays.layout.main
        self._fidelities = sorted(
            Fidelity(dataset, Split(split), int(epochs))
            for kind, dataset, split, epochs in (n.split("/") for n in arrays.names if n.count("/") == 3)
            if kind == self._main
        )
        self._values: dict[tuple[str, int | None], np.ndarray] = {}
        self._counts: dict[str, np.ndarray | None] = {}
        self._trials: dict[str, np.ndarray | None] = {}
        self._seconds: dict[tuple[str, int], np.ndarray] = {}
        self._named: dict[tuple[str, str, Split, int], str] = {}

    def fidelities(self) -> list[Fidelity]:
        return list(self._fidelities)

    def query(self, genotype: Genotype, *, dataset: str, split: Split, epochs: int, seed: int | None = None) -> Answer:
        """Accuracy in percent, or perplexity: the mean over trials, or the trial of one seed.

        Raises `UserError` for a fidelity or seed that is not there and for a genotype of another space.
        """
        value = float(self.query_all(dataset=dataset, split=split, epochs=epochs, seed=seed)[self._index(genotype)])
        if seed is None:
            counts = self.trials(dataset, split, epochs)
            n_trials = None if counts is None else int(counts[self._index(genotype)])
        else:
            n_trials = 1
        return Answer(value, 0 if np.isnan(value) else n_trials, Fidelity(dataset, split, epochs), self.source)

    def query_all(
        self, *, dataset: str, split: Split, epochs: int, seed: int | None = None, quantity: str | None = None
    ) -> np.ndarray:
        """Float32 of shape (n,), read-only, NaN where nothing was measured; raises `UserError` as `query` does.

        Training time belongs to the run that the validation number comes from, so it is asked with `Split.VALID`:
        on CIFAR-10 the test number comes from another run, on twice the images.
        """
        name = self._array_name(quantity or self._main, dataset, split, epochs)
        key = (name, seed)
        if key not in self._values:
            values = self._mean(name) if seed is None else self._column(name, seed)
            values.setflags(write=False)
            self._values[key] = values
        return self._values[key]

    def values(
        self,
        indices: np.ndarray,
        *,
        dataset: str,
        split: Split,
        epochs: int,
        seed: int | None = None,
        quantity: str | None = None,
    ) -> np.ndarray:
        """`query_all` at the given indices (integers of any shape); raises `UserError` outside the space."""
        wanted = np.asarray(indices)
        if wanted.size and not 0 <= wanted.min() <= wanted.max() < self._arrays.layout.size:
            raise UserError(
                f"indices from {wanted.min()} to {wanted.max()} are not all in space '{self._space}'; "
                f"allowed: 0 to {self._arrays.layout.size - 1}"
            )
        everything = self.query_all(dataset=dataset, split=split, epochs=epochs, seed=seed, quantity=quantity)
        return np.asarray(everything[wanted])

    def trials(self, dataset: str, split: Split, epochs: int) -> np.ndarray | None:
        """Trials behind each mean of `query_all`, int64 of shape (n,); None when the table does not say."""
        name = self._array_name(self._main, dataset, split, epochs)
        if name not in self._counts:
            self._counts[name] = self._count(name)
        return self._counts[name]

    def trial_values(self, genotype: Genotype, *, dataset: str, split: Split, epochs: int) -> tuple[float, ...]:
        trials = self.all_trials(dataset=dataset, split=split, epochs=epochs)
        if trials is None:
            return ()
        row = trials[self._index(genotype)]
        return tuple(float(value) for value in row[~np.isnan(row)])

    def all_trials(self, *, dataset: str, split: Split, epochs: int) -> np.ndarray | None:
        name = self._array_name(self._main, dataset, split, epochs)
        if name not in self._trials:
            values = self._arrays.array(name)
            values.setflags(write=False)
            self._trials[name] = values if values.ndim == 2 else None
        return self._trials[name]

    def one_training(self, dataset: str) -> bool:
        """As the recipe of a measured table says; the official tables trained each length by itself."""
        return "report_epochs" in self.meta.get("recipe", {})

    def seconds(self, genotype: Genotype, *, dataset: str, epochs: int) -> float:
        """The measured seconds, or those of the next longer training (else the longest) in proportion to its length.

        Raises `UserError` where no time of this data set or genotype is held.
        """
        if (dataset, epochs) not in self._seconds:
            self._seconds[dataset, epochs] = self._all_seconds(dataset, epochs)
        found = float(self._seconds[dataset, epochs][self._index(genotype)])
        if np.isnan(found):
            raise UserError(f"{self.name} holds no training time of '{genotype.id}' on '{dataset}'")
        return found

    def seeds(self, dataset: str, split: Split, epochs: int) -> tuple[int, ...]:
        """The oracle seeds that can be asked one by one; empty when only means are stored."""
        name = self._array_name(self._main, dataset, split, epochs)
        return tuple(self.meta.get("seeds", {}).get(name, ()))

    def fingerprint(self) -> str:
        return self._arrays.sha256

    def _index(self, genotype: Genotype) -> int:
        found = self._arrays.layout.index(genotype.id)
        if found is None:
            raise UserError(f"genotype '{genotype.id}' is not of space '{self._space}', which {self.name} is over")
        return found

    def _all_seconds(self, dataset: str, epochs: int) -> np.ndarray:
        timed = sorted(int(n.rpartition("/")[2]) for n in self._arrays.names if n.startswith(f"time/{dataset}/"))
        if not timed:
            raise UserError(f"{self.name} holds no training times for '{dataset}'")
        length = next((held for held in timed if held >= epochs), timed[-1])
        times = self.query_all(dataset=dataset, split=Split.VALID, epochs=length, quantity="time")
        return times.astype(np.float64) * epochs / length

    def _array_name(self, quantity: str, dataset: str, split: Split, epochs: int) -> str:
        """The array of one quantity; raises `UserError`. Searches ask for the same one thousands of times."""
        asked = (quantity, dataset, split, epochs)
        if asked not in self._named:
            self._named[asked] = self._find_name(*asked)
        return self._named[asked]

    def _find_name(self, quantity: str, dataset: str, split: Split, epochs: int) -> str:
        """The array of one quantity, or a `UserError` that says which part of the question has no answer."""
        if quantity not in UNITS:
            raise unknown("quantity", quantity, UNITS)
        there = self._fidelities
        for kind, value, allowed in (
            ("data set", dataset, [f.dataset for f in there]),
            ("split", split, [f.split for f in there if f.dataset == dataset]),
            ("number of epochs", epochs, [f.epochs for f in there if (f.dataset, f.split) == (dataset, split)]),
        ):
            if value not in allowed:
                where = "" if kind == "data set" else f" for '{dataset}'"
                raise unknown(f"{kind} in {self.name}{where}:", value, dict.fromkeys(allowed))
        name = f"{quantity}/{dataset}/{Split(split).value}/{epochs}"
        if quantity == "time":
            name = f"time/{dataset}/{epochs}"
            if split != Split.VALID and any((f.dataset, f.split) == (dataset, Split.VALID) for f in there):
                raise UserError(f"training time in {self.name} is of the run behind the valid split; ask for 'valid'")
        if name not in self._arrays.names:
            raise UserError(f"{self.name} holds no {quantity} of {Fidelity(dataset, Split(split), epochs)}")
        return name

    def _mean(self, name: str) -> np.ndarray:
        values = self._arrays.array(name)
        if values.ndim == 1:
            return values
        there = ~np.isnan(values)
        count = there.sum(axis=1)
        total = np.where(there, values, 0.0).sum(axis=1, dtype=np.float64)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)

    def _column(self, name: str, seed: int) -> np.ndarray:
        values = self._arrays.array(name)
        seeds = self.meta.get("seeds", {}).get(name)
        if values.ndim == 1:
            raise UserError(f"{self.name} stores only means over trials of '{name}', so no single seed {seed}")
        if seeds is None:
            raise UserError(f"{self.name} does not say of which seeds the trials of '{name}' are, so no seed {seed}")
        if seed not in seeds:
            raise unknown(f"oracle seed of '{name}' in {self.name}:", seed, seeds)
        return np.ascontiguousarray(values[:, seeds.index(seed)])

    def _count(self, name: str) -> np.ndarray | None:
        """Stated counts first, then counted trials, then the one number in the meta; otherwise unknown."""
        values = self._arrays.array(name)
        stated = name.replace(f"{self._main}/", "trials/", 1)
        everywhere = self.meta.get("trials", {}).get(name)
        if stated in self._arrays.names:
            counts = self._arrays.array(stated).astype(np.int64)
        elif values.ndim == 2:
            return np.asarray(np.sum(~np.isnan(values), axis=1, dtype=np.int64))
        elif everywhere is not None:
            counts = np.full(values.shape[0], int(everywhere), dtype=np.int64)
        else:
            return None
        counts[np.isnan(self._mean(name))] = 0
        return counts
