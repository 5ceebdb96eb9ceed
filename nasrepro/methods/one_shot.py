"""A weight-sharing search, composed of a sampler, a loss and a selector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nasrepro.methods.base import Answer, SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.methods.weights import shared_weights
from nasrepro.records.record import Checkpoint
from nasrepro.records.watched import Look
from nasrepro.seeds import numpy_rng
from nasrepro.spaces.base import Genotype, Space
from nasrepro.training.evaluate import CellScore
from nasrepro.training.schedule import spread
from nasrepro.training.supernet import Progress, SupernetTraining
from nasrepro.training.watching import Watch


@dataclass(frozen=True)
class OneShotSearch:
    """The search made of these parts; `__call__` runs it."""

    sampler: type[Any]
    selector: type[Any]
    training: type[Any]
    regularizer: type[Any] | None = None

    def __call__(self, context: SearchContext) -> SearchResult:
        assert context.skeleton is not None
        settings = self.training.model_validate(context.settings["training"])
        data, device = context.data(), context.device
        shared = shared_weights(settings, context.space, context.skeleton, data, context.seed, device)
        sampler = self._part(context, "sampler")
        selector = self.selector(context.space, self.selector.Settings.model_validate(context.settings["selector"]))

        def observe(progress: Progress) -> dict[str, Any]:
            probes = context.probe_cells[: settings.probe_cells]
            known = dict(zip(probes, shared.scores(probes), strict=True))
            scores = list(known.values())
            considered: set[Genotype] = set()

            def score(genotype: Genotype) -> CellScore:
                considered.add(genotype)
                return known.get(genotype) or shared.score(genotype)

            answer = selector.select(sampler, score, numpy_rng(context.seed, "select", progress.steps))
            return {
                "step": progress.steps,
                "accuracy": [item.accuracy for item in scores],
                "loss": [item.loss for item in scores],
                "answer": answer.genotype.id,
                "value": answer.value,
                "considered": len(considered),
            }

        train, valid = shared.streams(context.seed)
        watch = Watch(
            context.probe_cells[: settings.watched_cells],
            shared.score,
            shared.units,
            spread(settings.watch_points, sum(train.steps_in(epoch) for epoch in range(settings.epochs))),
        )
        training = SupernetTraining(
            shared.network,
            sampler,
            train,
            valid,
            settings,
            shared.score,
            shared.batches_per_score,
            self._part(context, "regularizer") if self.regularizer is not None else None,
            watch,
        )
        progress = training.run(
            context.work / "checkpoint.pt",
            observe_at=spread(settings.probe_points, settings.epochs),
            observe=observe,
            report=context.report,
            present=(lambda: selector.present(sampler).id) if hasattr(selector, "present") else None,
        )
        return self._result(context, progress, sampler.curves(), shared.units)

    def _part(self, context: SearchContext, block: str) -> Any:
        """The sampler or the regularizer, with this run's settings and seed."""
        kind = getattr(self, block)
        return kind(context.space, kind.Settings.model_validate(context.settings[block]), context.seed)

    @staticmethod
    def _result(
        context: SearchContext, progress: Progress, curves: dict[str, list[tuple[float, float]]], units: int
    ) -> SearchResult:
        trace = [
            (seen["step"], Answer(context.space.parse(seen["answer"]), seen["value"])) for seen in progress.observations
        ]
        return SearchResult(
            answer=trace[-1][1],
            trace=trace,
            visited=[(step, context.space.parse(cell)) for step, cell in progress.visited],
            probes=[
                Checkpoint(step=seen["step"], accuracy=seen["accuracy"], loss=seen["loss"])
                for seen in progress.observations
            ],
            looks=[_look(seen, context.space) for seen in progress.looks],
            watched_units=units if progress.looks else 0,
            loss=progress.loss,
            steps=progress.steps,
            path_steps=progress.path_steps,
            forward_passes=progress.forward_passes,
            samples=progress.samples,
            scored_cells=progress.observations[-1]["considered"],
            series=curves,
            seconds=progress.seconds,
            memory=progress.memory,
        )


def _look(seen: dict[str, Any], space: Space[Any]) -> Look:
    """What the training kept of one update, with the trained path as text."""
    path = seen["path"]
    return Look(**{**seen, "path": None if path is None else space.path_id(tuple(path))})
