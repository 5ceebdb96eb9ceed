"""An oracle that measures: cells are trained from scratch when they are asked for, and every result is kept."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from nasrepro.datasets.images import ImageData
from nasrepro.errors import UserError
from nasrepro.experiments.provenance import collect
from nasrepro.files import write_atomically
from nasrepro.oracles.base import Answer, Fidelity, Oracle
from nasrepro.records.spec import PROTOCOL_VERSION, canonical_json
from nasrepro.spaces.base import Genotype, Skeleton
from nasrepro.spaces.nb201 import NB201Genotype
from nasrepro.splits import Split
from nasrepro.training.standalone import StandaloneSettings, train_standalone

DIGITS_RECIPE = StandaloneSettings(
    epochs=12, batch_size=64, optimizer="adamw", lr=0.02, weight_decay=0.01, eval_batch=360, report_epochs=(4, 12)
)
DIGITS_SKELETON = Skeleton(4, 1, 2, 8, 10, in_channels=1)


@contextmanager
def one_thread() -> Iterator[None]:
    """Measure with a single thread, whatever the caller uses: a truth must not depend on who asked for it."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass
class StandaloneOracle(Oracle):
    """Trains `trials` networks per cell with one recipe; results live in `folder`, one file per cell and seed."""

    name: str
    folder: Path
    dataset: str
    skeleton: Skeleton
    recipe: StandaloneSettings
    load: Callable[[], ImageData]
    trials: int = 2
    covers_space: bool = False

    @classmethod
    def on_digits(cls, folder: Path) -> StandaloneOracle:
        """NAS-Bench-201 cells on scikit-learn's digits."""
        from nasrepro.datasets.digits import load_digits_data

        return cls("digits, trained on the spot", folder, "digits", DIGITS_SKELETON, DIGITS_RECIPE, load_digits_data)

    @property
    def source(self) -> str:  # type: ignore[override]
        shape, recipe = self.skeleton, self.recipe
        return (
            f"stand-alone networks trained on the spot for this run store ({self.dataset}, C={shape.channels}, "
            f"N={shape.cells}, {shape.stages} stages, {recipe.epochs} epochs of {recipe.optimizer}, "
            f"{self.trials} trials a cell); only cells that were needed are trained, so there is no optimum"
        )

    def fidelities(self) -> list[Fidelity]:
        return [
            Fidelity(self.dataset, split, epochs)
            for split in (Split.VALID, Split.TEST)
            for epochs in self.recipe.report_epochs
        ]

    def query(self, genotype: Genotype, *, dataset: str, split: Split, epochs: int, seed: int | None = None) -> Answer:
        if seed is not None and not 0 <= seed < self.trials:
            raise UserError(f"the truth '{self.name}' has no oracle seed {seed}; allowed: 0 to {self.trials - 1}")
        trials = range(self.trials) if seed is None else [seed]
        values = self._values(genotype, trials, dataset, split, epochs)
        return Answer(float(np.mean(values)), len(values), Fidelity(dataset, split, epochs), self.source)

    def trial_values(self, genotype: Genotype, *, dataset: str, split: Split, epochs: int) -> tuple[float, ...]:
        return self._values(genotype, range(self.trials), dataset, split, epochs)

    def _values(
        self, genotype: Genotype, trials: Iterable[int], dataset: str, split: Split, epochs: int
    ) -> tuple[float, ...]:
        fidelity = Fidelity(dataset, split, epochs)
        if fidelity not in self.fidelities():
            held = "; ".join(str(item) for item in self.fidelities())
            raise UserError(f"the truth '{self.name}' has no {fidelity}; it has: {held}")
        measured = (self.measure(genotype, trial)["scores"][str(epochs)][split.value] for trial in trials)
        return tuple(scores["accuracy"] for scores in measured)

    def query_all(
        self, *, dataset: str, split: Split, epochs: int, seed: int | None = None, quantity: str = "acc"
    ) -> np.ndarray:
        raise UserError(f"the truth '{self.name}' does not cover the whole space")

    @cached_property
    def _data(self) -> ImageData:
        return self.load()

    def fingerprint(self) -> str:
        """Hash of recipe, skeleton, data and code protocol: what a result depends on."""
        content = {
            "recipe": self.recipe.model_dump(mode="json"),
            "skeleton": vars(self.skeleton),
            "data": dict(self._data.hashes),
            "trials": self.trials,
            "protocol_version": PROTOCOL_VERSION,
        }
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    def path(self, genotype: Genotype, seed: int) -> Path:
        """File of one measurement."""
        return self.folder / self.fingerprint()[:12] / f"{genotype.id.replace(':', '-')}-{seed}.json"

    def measure(
        self, genotype: Genotype, seed: int, report: Callable[[int, int], None] = lambda done, total: None
    ) -> dict[str, Any]:
        """The stored measurement of one cell and seed, made now if there is none."""
        path = self.path(genotype, seed)
        try:
            found: dict[str, Any] = json.loads(path.read_bytes())
            if found["genotype"] == genotype.id and set(found["scores"]) == set(map(str, self.recipe.report_epochs)):
                return found
        except (OSError, ValueError, KeyError, TypeError):
            pass  # not measured yet, or a damaged file: measure (again)
        assert isinstance(genotype, NB201Genotype)
        began = time.perf_counter()
        with one_thread():
            curve = train_standalone(genotype.ops, self._data, self.skeleton, self.recipe, seed, report)
        measured = {
            "genotype": genotype.id,
            "seed": seed,
            "scores": {
                str(point.epoch): {split.value: vars(score) for split, score in point.scores.items()} for point in curve
            },
            "seconds": time.perf_counter() - began,
            "provenance": collect().model_dump(mode="json"),
        }
        write_atomically(path, (json.dumps(measured, indent=1) + "\n").encode())
        return measured


def measure_digits(
    folder: Path, indices: list[int], report: Callable[[int, int], None] = lambda done, total: None
) -> int:
    """Measure these cells on digits, all trials; a job for the executor. Returns how many networks exist now."""
    from nasrepro.spaces.nb201 import from_index

    oracle = StandaloneOracle.on_digits(folder)
    total = len(indices) * oracle.trials
    for done, (index, seed) in enumerate(((i, s) for i in indices for s in range(oracle.trials)), start=1):
        oracle.measure(from_index(index), seed)
        report(done, total)
    return total
