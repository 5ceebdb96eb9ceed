"""Stand-alone training as the truth of a benchmark without a table: what is asked for is trained once and kept."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable

import numpy as np

from nasrepro.benchmarks import Benchmark
from nasrepro.errors import UserError
from nasrepro.experiments.jobs import Job, Report
from nasrepro.experiments.retraining import PlannedTraining, TrainingRecipe, recipe_for, train_planned
from nasrepro.oracles.base import Answer, Fidelity, Oracle
from nasrepro.records.spec import canonical_json
from nasrepro.records.standalone import TRAINING_VERSION, StandaloneRecord, get_training
from nasrepro.records.store import RunStore
from nasrepro.spaces.base import Genotype
from nasrepro.splits import Split
from nasrepro.training.retraining import UNCUT


def _silent(done: int, total: int) -> None:
    """For those who do not want to know how far a training is."""


def truth_of(
    benchmark: Benchmark,
    store: RunStore,
    scale: str,
    threads: int = 1,
    allow_unverified: bool = False,
    report: Report = _silent,
    *,
    device: str = "cpu",
    wait: bool = True,
) -> Oracle:
    """The benchmark's table, or where it has none the trainings of its cells at this scale, kept in the store;
    `report` is told how far each of them is. Without `wait` it raises `Busy` for one that somebody else is at.

    Raises `UserError` where neither is to be had.
    """
    if benchmark.retraining is None:
        return benchmark.open_oracle(store.root)
    recipe = recipe_for(benchmark, scale, threads=threads, device=device, allow_unverified=allow_unverified)
    return StandaloneOracle(recipe, store, benchmark.retraining.trials_at(scale), report, wait=wait)


def _last(record: StandaloneRecord, split: Split) -> float:
    return record.worth(split.value)


def _best(record: StandaloneRecord, split: Split) -> float:
    return record.best.accuracy if record.best else math.nan


class StandaloneOracle(Oracle):
    """Trains a genotype when it is asked for, with seeds 0 to `trials` - 1 whatever the search's seed is.

    On the test split there is one length of training, the recipe's. On the validation split, where the data have one,
    any length up to it can be asked for; each is a training of its own, its schedule as long as itself: of images on
    the training images alone. Of a text one training of a length answers for both splits.
    """

    covers_space = False
    trains = True

    def __init__(
        self,
        recipe: TrainingRecipe,
        store: RunStore,
        trials: int = 1,
        report: Report = _silent,
        *,
        wait: bool = True,
    ) -> None:
        self._report, self._wait = report, wait
        self.recipe, self.store, self.trials = recipe, store, trials
        self.name = recipe.benchmark.name
        self._dataset = recipe.benchmark.primary.fidelity.dataset

    @property
    def source(self) -> str:  # type: ignore[override]
        """How the numbers come about."""
        recipe = self.recipe
        times = "once" if self.trials == 1 else f"with {self.trials} seeds"
        data, network = recipe.task.words(recipe)
        length = "1 epoch" if recipe.settings.epochs == 1 else f"{recipe.settings.epochs} epochs"
        return (f"every cell trained {times} from scratch on {data} by this project: {network}, {length}") + (
            "" if recipe.data[1] else " (unverified)"
        )

    def fidelities(self) -> list[Fidelity]:
        longest = self.recipe.settings.epochs
        lengths = range(1, longest + 1) if self.recipe.validates else ()
        valid = [Fidelity(self._dataset, Split.VALID, epochs) for epochs in lengths]
        return [Fidelity(self._dataset, Split.TEST, longest), *valid]

    def query(self, genotype: Genotype, *, dataset: str, split: Split, epochs: int, seed: int | None = None) -> Answer:
        """Accuracy in percent after the last epoch, or perplexity of the kept weights. Trains what is not in the store,
        which may take hours.

        A training that diverged is a missing trial. Raises `UserError` as every oracle does, and `Busy` where somebody
        else is at a training that this oracle does not wait for.
        """
        return self._answer(genotype, Fidelity(dataset, split, epochs), seed)

    def best(self, genotype: Genotype, *, dataset: str, split: Split, epochs: int) -> Answer:
        """The same after the best of the scored epochs of every trial. Raises `UserError` for a text, whose test part
        is scored once."""
        if self.recipe.task.scores_both:
            raise UserError(f"{self.name} scores a test text once, so that no epoch can be called the best")
        return self._answer(genotype, Fidelity(dataset, split, epochs), None, _best)

    def learning_curve(self, genotype: Genotype) -> list[tuple[int, float]]:
        """Of a language model; up to the epoch that all finished trials have, and without those in which a loss
        exploded."""
        if not self.recipe.task.scores_both:
            return []
        asked = Fidelity(self._dataset, Split.TEST, self.recipe.settings.epochs)
        records = [self._trained(own) for own in self.planned(genotype, asked)]
        curves = [[point.perplexity for point in record.curve] for record in records if record.status == "done"]
        means = enumerate((float(np.mean(points)) for points in zip(*curves, strict=False)), 1)
        return [(epoch, value) for epoch, value in means if math.isfinite(value)]

    def query_all(
        self, *, dataset: str, split: Split, epochs: int, seed: int | None = None, quantity: str | None = None
    ) -> np.ndarray:
        raise UserError(f"the cells of {self.name} are trained one by one; only single cells can be asked for")

    def trial_values(self, genotype: Genotype, *, dataset: str, split: Split, epochs: int) -> tuple[float, ...]:
        asked = Fidelity(dataset, split, epochs)
        return tuple(value for value in self._values(genotype, asked, None) if not math.isnan(value))

    def fingerprint(self) -> str:
        """SHA-256 of everything that the numbers depend on but the genotype."""
        recipe = self.recipe
        content = {
            "benchmark": recipe.benchmark.name,
            "scale": recipe.scale,
            "training": recipe.settings.model_dump(mode="json"),
            "skeleton": vars(recipe.skeleton),
            "threads": recipe.threads,
            "trials": self.trials,
            "images": recipe.data[0],
            "version": TRAINING_VERSION,
            **({} if recipe.device == "cpu" else {"device": recipe.device}),
            **({} if recipe.replication == UNCUT else vars(recipe.replication)),
        }
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    def planned(self, genotype: Genotype, asked: Fidelity, seed: int | None = None) -> list[PlannedTraining]:
        """The trainings behind one answer. Raises `UserError` for a fidelity or seed that there is not."""
        if asked not in self.fidelities():
            longest = self.recipe.settings.epochs
            others = f", and {self._dataset} valid after 1 to {longest}" if self.recipe.validates else ""
            raise UserError(f"{self.name} has no {asked}; it has: {self._dataset} test after {longest} epochs{others}")
        if seed is not None and not 0 <= seed < self.trials:
            raise UserError(f"{self.name} trains cells with seeds 0 to {self.trials - 1}, not {seed}")
        seeds = range(self.trials) if seed is None else [seed]
        return [self.recipe.planned(genotype, number, split=asked.split, epochs=asked.epochs) for number in seeds]

    def _answer(
        self,
        genotype: Genotype,
        asked: Fidelity,
        seed: int | None,
        value: Callable[[StandaloneRecord, Split], float] = _last,
    ) -> Answer:
        found = [number for number in self._values(genotype, asked, seed, value) if not math.isnan(number)]
        mean = float(np.mean(found)) if found else math.nan
        return Answer(mean, len(found), asked, self.source)

    def _values(
        self,
        genotype: Genotype,
        asked: Fidelity,
        seed: int | None,
        value: Callable[[StandaloneRecord, Split], float] = _last,
    ) -> list[float]:
        return [value(self._trained(own), asked.split) for own in self.planned(genotype, asked, seed)]

    def _trained(self, planned: PlannedTraining) -> StandaloneRecord:
        return train_planned(planned, self.store, self._wait, report=self._report)


def untrained(trainings: Iterable[PlannedTraining], store: RunStore) -> list[PlannedTraining]:
    """Those that have no record yet, each once."""
    return [
        planned
        for planned in {planned.key: planned for planned in trainings}.values()
        if get_training(store, planned.key) is None
    ]


def job_of(planned: PlannedTraining, store: RunStore, *, expected: float | None = None) -> Job:
    """One training, which is `expected` to take so many seconds."""
    spec = planned.spec
    return Job(
        planned.key,
        f"{spec.genotype} seed {spec.seed}",
        train_planned,
        (planned, store.absolute(), False),  # there is other work to do meanwhile
        group=f"training {spec.benchmark} {spec.scale}",
        threads=spec.threads,
        gpu=spec.device != "cpu",
        expected=expected,
    )
