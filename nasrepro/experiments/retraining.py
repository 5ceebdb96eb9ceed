"""From a benchmark and a genotype to one training from scratch and its record, which is kept and never made twice."""

from __future__ import annotations

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
from nasrepro.experiments.training_tasks import TASKS, Order, TrainingTask
from nasrepro.methods.resolving import check_nodes, validated
from nasrepro.records.spec import Scale, run_key
from nasrepro.records.standalone import (
    FOLDER,
    TRAINING_VERSION,
    StandaloneRecord,
    StandaloneSpec,
    get_training,
    put_training,
)
from nasrepro.records.store import RunStore
from nasrepro.spaces.base import Genotype
from nasrepro.splits import Split
from nasrepro.training.retraining import UNCUT, Replication, Retraining

if TYPE_CHECKING:
    from pathlib import Path

    from nasrepro.training.team import Team


@dataclass(frozen=True)
class PlannedTraining:
    """One training to do: its specification, the hashes of its data, and its key in the store."""

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
    settings: Any
    """Of the type that the benchmark's published recipe has."""
    skeleton: Any
    threads: int = 1
    device: str = "cpu"
    replication: Replication = UNCUT
    allow_unverified: bool = False

    @property
    def task(self) -> TrainingTask:
        """What training means for the kind of data."""
        return TASKS[self.settings.task]

    @cached_property
    def data(self) -> tuple[dict[str, str], bool]:
        """Hashes of the data's files, and whether these are the official ones.

        Raises `UserError` where data are missing or do not fit the network.
        """
        return self.task.checked(self)

    @property
    def validates(self) -> bool:
        """Whether there is a validation part, so that a search can have cells trained."""
        return self.task.validates(self.dataset)

    def planned(
        self, genotype: Genotype, seed: int, *, split: Split = Split.TEST, epochs: int | None = None
    ) -> PlannedTraining:
        """The training of a genotype with one seed, of the recipe's length unless another is wanted."""
        training = self.settings if epochs is None else self.settings.model_copy(update={"epochs": epochs})
        spec = StandaloneSpec(
            genotype=genotype.id,
            benchmark=self.benchmark.name,
            scale=self.scale,
            split="both" if self.task.scores_both else split.value,
            seed=seed,
            threads=self.threads,
            device=self.device,
            replicas=self.replication.replicas,
            scaling=self.replication.scaling,
            settings={"training": training.model_dump(mode="json"), "skeleton": dict(vars(self.skeleton))},
        )
        data, _ = self.data
        return PlannedTraining(spec, data, run_key(spec, data, TRAINING_VERSION), self.allow_unverified)


def recipe_for(
    benchmark: Benchmark,
    scale: str,
    *,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    threads: int = 1,
    device: str = "cpu",
    replication: Replication = UNCUT,
    allow_unverified: bool = False,
) -> TrainingRecipe:
    """How the benchmark's cells are trained: as published, replaced by the scale's values, then by `overrides`.

    Raises `UserError` for a benchmark whose truth is a table, for settings that do not exist or cannot be, and for
    replicas of a language model.
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
    if replication.replicas > 1 and model.task == "text":
        raise UserError(
            f"{replication.replicas} replicas cannot train on the text of '{benchmark.name}', whose segments carry on "
            "where the last ones ended; allowed: 1"
        )
    values = how.published.model_dump() | dict(how.scales.get(scale, {}).get("training", {}))
    return TrainingRecipe(
        benchmark=benchmark,
        scale=scale,  # type: ignore[arg-type]
        dataset=how.dataset,
        settings=model.model_validate(validated(model, "training", values | dict(overrides.get("training", {})))),
        skeleton=_skeleton(benchmark, how, scale, overrides.get("skeleton", {})),
        threads=threads,
        device=device,
        replication=replication,
        allow_unverified=allow_unverified,
    )


def _skeleton(benchmark: Benchmark, how: Retraining, scale: str, overrides: Mapping[str, Any]) -> Any:
    allowed = {field.name: type(getattr(how.skeleton, field.name)) for field in fields(how.skeleton)}
    for name, value in overrides.items():
        if name not in allowed:
            raise unknown("setting of block 'skeleton'", name, allowed)
        if type(value) is not allowed[name]:
            words = {int: "a whole number", bool: "true or false", str: "a word"}
            raise UserError(f"impossible skeleton: '{name}' cannot be '{value}'; {words[allowed[name]]} is allowed")
        if name == "nodes":
            check_nodes(benchmark, value)
    try:
        return replace(how.skeleton, **{**how.scales.get(scale, {}).get("skeleton", {}), **overrides})
    except ValueError as error:
        raise UserError(f"impossible skeleton: {error}") from error


def train_planned(planned: PlannedTraining, store: RunStore, wait: bool = True, *, report: Report) -> StandaloneRecord:
    """Do the training in this process, continue it where it was interrupted, or read its record where it is done.

    A loss that became NaN gives a record of status `diverged`. While somebody else is at it, this waits for the record,
    or raises `Busy` without `wait`.
    """
    import torch

    from nasrepro.training.team import Team

    with claimed(store.root / FOLDER, planned.key, wait=wait) as claim:
        existing = get_training(store, planned.key)
        if existing is not None:
            return existing
        team = Team(torch.device(planned.spec.device))
        record = trained(planned, checkpoint_of(planned, store), claim.watched(report), team)
        claim.check()
        put_training(store, record)
    return record


def checkpoint_of(planned: PlannedTraining, store: RunStore) -> Path:
    """Where a training that is not finished is kept."""
    return store.work_folder(planned.key) / "checkpoint.pt"


def trained(planned: PlannedTraining, file: Path | None, report: Report, team: Team) -> StandaloneRecord:
    """Do the training as a process of `team`, or continue it from the checkpoint in `file`, which the leading process
    has; nothing else is read from a store or written into one."""
    from nasrepro.training.repeatable import peak_memory, prepare_torch

    spec = planned.spec
    prepare_torch(spec.threads, spec.device)
    benchmark = benchmarks.get(spec.benchmark)
    how = benchmark.retraining
    assert how is not None, spec.benchmark
    genotype = benchmark.space.parse(spec.genotype)
    order = Order(
        genotype=genotype,
        dataset=how.dataset,
        skeleton=type(how.skeleton)(**spec.settings["skeleton"]),  # type: ignore[arg-type]
        settings=type(how.published).model_validate(spec.settings["training"]),
        seed=spec.seed,
        split=spec.split,
        allow_unverified=planned.allow_unverified,
        replication=Replication(spec.replicas, spec.scaling),
    )
    found = TASKS[how.published.task].train(order, file, report, team)
    counted = benchmark.space.cost(genotype, order.skeleton)
    return StandaloneRecord(
        key=planned.key,
        spec=spec,
        text=str(genotype),
        data=planned.data,
        params=counted.params,
        macs=counted.macs,
        memory_bytes=peak_memory(spec.device),
        provenance=provenance.collect(),
        **{"params_with_auxiliary": counted.params, **found},
    )
