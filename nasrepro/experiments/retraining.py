"""From a benchmark and a genotype to one training from scratch and its record, which is kept and never made twice."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

from nasrepro import benchmarks
from nasrepro.benchmarks import Benchmark
from nasrepro.errors import UserError, unknown
from nasrepro.experiments import provenance
from nasrepro.experiments.claiming import claimed
from nasrepro.experiments.jobs import Report
from nasrepro.methods.resolving import validated
from nasrepro.records.spec import Scale, run_key
from nasrepro.records.standalone import (
    FOLDER,
    TRAINING_VERSION,
    ScoredEpoch,
    StandaloneRecord,
    StandaloneSpec,
    get_training,
    put_training,
)
from nasrepro.records.store import RunStore
from nasrepro.spaces.base import Genotype
from nasrepro.spaces.darts_costs import with_auxiliary
from nasrepro.spaces.darts_skeleton import DartsSkeleton
from nasrepro.splits import Split
from nasrepro.training.retraining import Retraining, RetrainSettings

if TYPE_CHECKING:
    from nasrepro.training.darts_standalone import Data
    from nasrepro.training.standalone_loop import StandaloneProgress


@dataclass(frozen=True)
class PlannedTraining:
    """One training to do: its specification, the hashes of its images, and its key in the store."""

    spec: StandaloneSpec
    data: dict[str, str]
    key: str
    allow_unverified: bool = False


@dataclass(frozen=True)
class TrainingRecipe:
    """How the cells of a benchmark are trained at one scale; everything is resolved and possible."""

    benchmark: Benchmark
    scale: Scale
    dataset: str
    settings: RetrainSettings
    skeleton: DartsSkeleton
    threads: int = 1
    allow_unverified: bool = False

    @cached_property
    def images(self) -> tuple[dict[str, str], bool]:
        """Hashes of the images' files, and whether these are the official ones.

        Raises `UserError` where images are missing or do not fit the network.
        """
        from nasrepro.training.darts_standalone import fitting

        data = _load(self.dataset, self.skeleton, Split.TEST, self.allow_unverified)
        fitting(data, self.skeleton, self.settings, Split.TEST)
        return dict(data.hashes), data.verified

    @property
    def validates(self) -> bool:
        """Whether there are validation images, so that a search can have cells trained; a folder of photographs has
        none."""
        from nasrepro.datasets.loading import FOLDERS

        return self.dataset not in FOLDERS

    def planned(
        self, genotype: Genotype, seed: int, *, split: Split = Split.TEST, epochs: int | None = None
    ) -> PlannedTraining:
        """The training of a genotype with one seed, of the recipe's length unless another is wanted."""
        training = self.settings if epochs is None else self.settings.model_copy(update={"epochs": epochs})
        spec = StandaloneSpec(
            genotype=genotype.id,
            benchmark=self.benchmark.name,
            scale=self.scale,
            split=split.value,
            seed=seed,
            threads=self.threads,
            settings={"training": training.model_dump(mode="json"), "skeleton": dict(vars(self.skeleton))},
        )
        data, _ = self.images
        return PlannedTraining(spec, data, run_key(spec, data, TRAINING_VERSION), self.allow_unverified)


def recipe_for(
    benchmark: Benchmark,
    scale: str,
    *,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    threads: int = 1,
    allow_unverified: bool = False,
) -> TrainingRecipe:
    """How the benchmark's cells are trained: as published, replaced by the scale's values, then by `overrides`.

    Raises `UserError` for a benchmark whose truth is a table, and for settings that do not exist or cannot be.
    """
    how = benchmark.retraining
    if how is None:
        able = [name for name in benchmarks.names() if benchmarks.get(name).retraining is not None]
        raise UserError(f"benchmark '{benchmark.name}' has a table and trains no cells; allowed: {', '.join(able)}")
    if scale not in get_args(Scale):
        raise unknown("scale", scale, get_args(Scale))
    overrides = overrides or {}
    for block in overrides:
        if block not in ("training", "skeleton"):
            raise unknown("block of settings", block, ("training", "skeleton"))
    model = type(how.published)
    values = how.published.model_dump() | dict(how.scales.get(scale, {}).get("training", {}))
    return TrainingRecipe(
        benchmark=benchmark,
        scale=scale,  # type: ignore[arg-type]
        dataset=how.dataset,
        settings=model.model_validate(validated(model, "training", values | dict(overrides.get("training", {})))),
        skeleton=_skeleton(how, scale, overrides.get("skeleton", {})),
        threads=threads,
        allow_unverified=allow_unverified,
    )


def _skeleton(how: Retraining, scale: str, overrides: Mapping[str, Any]) -> DartsSkeleton:
    allowed = {field.name: type(getattr(how.skeleton, field.name)) for field in fields(how.skeleton)}
    for name, value in overrides.items():
        if name not in allowed:
            raise unknown("setting of block 'skeleton'", name, allowed)
        if type(value) is not allowed[name]:
            words = {int: "a whole number", bool: "true or false", str: "a word"}
            raise UserError(f"impossible skeleton: '{name}' cannot be '{value}'; {words[allowed[name]]} is allowed")
    try:
        return replace(how.skeleton, **{**how.scales.get(scale, {}).get("skeleton", {}), **overrides})
    except ValueError as error:
        raise UserError(f"impossible skeleton: {error}") from error


def train_planned(planned: PlannedTraining, store: RunStore, *, report: Report) -> StandaloneRecord:
    """Do the training in this process, continue it where it was interrupted, or read its record where it is done.

    A loss that became NaN gives a record of status `diverged`. Two processes that share a store wait for each other.
    """
    with claimed(store.root / FOLDER, planned.key):  # a lock file of its own: a run may hold its lock meanwhile
        existing = get_training(store, planned.key)
        if existing is not None:
            return existing
        record = _trained(planned, store, report)
        put_training(store, record)
    return record


def _trained(planned: PlannedTraining, store: RunStore, report: Report) -> StandaloneRecord:
    from nasrepro.training.darts_standalone import darts_training, fitting
    from nasrepro.training.repeatable import prepare_torch
    from nasrepro.training.supernet import Diverged

    spec = planned.spec
    prepare_torch(spec.threads)
    how = benchmarks.get(spec.benchmark).retraining
    assert how is not None, spec.benchmark
    genotype = benchmarks.get(spec.benchmark).space.parse(spec.genotype)
    skeleton = DartsSkeleton(**spec.settings["skeleton"])  # type: ignore[arg-type]
    settings = type(how.published).model_validate(spec.settings["training"])
    split = Split(spec.split)
    data = _load(how.dataset, skeleton, split, planned.allow_unverified)
    images = fitting(data, skeleton, settings, split)
    training = darts_training(genotype, images, skeleton, settings, spec.seed, split=split)
    problem = None
    try:
        training.run(store.work_folder(planned.key) / "checkpoint.pt", report)
    except Diverged as error:
        problem = str(error)
    counted = benchmarks.get(spec.benchmark).space.cost(genotype, skeleton)
    return StandaloneRecord(
        key=planned.key,
        spec=spec,
        text=str(genotype),
        data=planned.data,
        verified=data.verified,
        status="diverged" if problem else "done",
        problem=problem,
        params=counted.params,
        params_with_auxiliary=with_auxiliary(genotype, skeleton),
        macs=counted.macs,
        images=len(images.train),
        loss=training.progress.loss,
        curve=_curve(training.progress, split),
        seconds=round(training.progress.seconds, 3),
        provenance=provenance.collect(),
    )


def _curve(progress: StandaloneProgress, split: Split) -> list[ScoredEpoch]:
    scored = [(point.epoch, point.scores[split]) for point in progress.curve]
    return [
        ScoredEpoch(epoch=epoch, accuracy=score.accuracy, loss=score.loss if math.isfinite(score.loss) else None)
        for epoch, score in scored
    ]


def _load(dataset: str, skeleton: DartsSkeleton, split: Split, allow_unverified: bool) -> Data:
    """For the test split without a validation part, as some data sets have none; else with it."""
    from nasrepro.datasets.loading import load, load_to_train

    if split is Split.TEST:
        return load_to_train(dataset, classes=skeleton.classes, allow_unverified=allow_unverified)
    return load(dataset, allow_unverified=allow_unverified)
