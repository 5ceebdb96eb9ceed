"""A weight-sharing search, composed of a sampler, a loss and a selector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nasrepro.datasets.images import ImageSet
from nasrepro.datasets.streams import BatchStream
from nasrepro.methods.base import Answer, SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.methods.shared_weights import SharedWeights
from nasrepro.records.record import Checkpoint
from nasrepro.records.watched import Look
from nasrepro.seeds import numpy_rng, torch_rng
from nasrepro.spaces.base import Genotype, Space
from nasrepro.training.evaluate import CellScore
from nasrepro.training.schedule import spread
from nasrepro.training.settings import SupernetSettings
from nasrepro.training.supernet import Progress, SupernetTraining
from nasrepro.training.watching import Watch


@dataclass(frozen=True)
class OneShotSearch:
    """The search made of these parts; `__call__` runs it."""

    sampler: type[Any]
    selector: type[Any]
    training: type[SupernetSettings]
    regularizer: type[Any] | None = None

    def __call__(self, context: SearchContext) -> SearchResult:
        assert context.skeleton is not None
        settings = self.training.model_validate(context.settings["training"])
        shared = SharedWeights.build(settings, context.space, context.skeleton, context.images(), context.seed)
        sampler = self._part(context, "sampler")
        selector = self.selector(context.space, self.selector.Settings.model_validate(context.settings["selector"]))

        def observe(progress: Progress) -> dict[str, Any]:
            scores = [shared.score(genotype) for genotype in context.probe_cells[: settings.probe_cells]]
            considered: set[Genotype] = set()

            def score(genotype: Genotype) -> CellScore:
                considered.add(genotype)
                return shared.score(genotype)

            answer = selector.select(sampler, score, numpy_rng(context.seed, "select", progress.steps))
            return {
                "step": progress.steps,
                "accuracy": [item.accuracy for item in scores],
                "loss": [item.loss for item in scores],
                "answer": answer.genotype.id,
                "value": answer.value,
                "considered": len(considered),
            }

        train, valid = self._streams(shared, context.seed)
        watch = Watch(
            context.probe_cells[: settings.watched_cells],
            shared.score,
            shared.judge.images,
            spread(settings.watch_points, settings.epochs * train.steps_per_epoch),
        )
        training = SupernetTraining(
            shared.network,
            sampler,
            train,
            valid,
            settings,
            shared.score,
            len(shared.judge.batches),
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
        return self._result(context, progress, sampler.curves(), shared.judge.images)

    def _part(self, context: SearchContext, block: str) -> Any:
        """The sampler or the regularizer, with this run's settings and seed."""
        kind = getattr(self, block)
        return kind(context.space, kind.Settings.model_validate(context.settings[block]), context.seed)

    @staticmethod
    def _streams(shared: SharedWeights, seed: int) -> tuple[BatchStream, BatchStream]:
        """Weights see the training split in epochs; samplers see uniform draws from the validation split.

        Both are augmented, as published: architecture parameters are trained on augmented images too.
        """

        data, settings = shared.data, shared.settings

        def stream(name: str, images: ImageSet, *, replacement: bool) -> BatchStream:
            return BatchStream(
                images,
                data,
                settings.batch_size,
                torch_rng(seed, name),
                augment=True,
                replacement=replacement,
                channels_last=settings.channels_last,
            )

        return stream("train", data.train, replacement=False), stream("valid", data.valid, replacement=True)

    @staticmethod
    def _result(
        context: SearchContext, progress: Progress, curves: dict[str, list[tuple[float, float]]], images: int
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
            watched_images=images if progress.looks else 0,
            loss=progress.loss,
            steps=progress.steps,
            path_steps=progress.path_steps,
            forward_passes=progress.forward_passes,
            samples=progress.samples,
            scored_cells=progress.observations[-1]["considered"],
            series=curves,
            seconds=progress.seconds,
        )


def _look(seen: dict[str, Any], space: Space[Any]) -> Look:
    """What the training kept of one update, with the trained path as text."""
    path = seen["path"]
    return Look(**{**seen, "path": None if path is None else space.path_id(tuple(path))})
