"""A weight-sharing search, composed of a sampler, a loss and a selector."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

from nasrepro.datasets.images import ImageData, ImageSet
from nasrepro.datasets.streams import BatchStream
from nasrepro.methods.base import Answer, SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.records.record import Checkpoint
from nasrepro.seeds import numpy_rng, torch_rng
from nasrepro.spaces.base import Genotype
from nasrepro.supernets.nb201 import NB201Network
from nasrepro.supernets.norm import BatchNormMode, recalibrate
from nasrepro.training.evaluate import Evaluator, ImageScore
from nasrepro.training.schedule import spread
from nasrepro.training.settings import SupernetSettings
from nasrepro.training.supernet import Diverged, Progress, SupernetTraining


@dataclass(frozen=True)
class OneShotSearch:
    """The search made of these parts; `__call__` runs it."""

    sampler: type[Any]
    selector: type[Any]

    def __call__(self, context: SearchContext) -> SearchResult:
        assert context.skeleton is not None
        settings = SupernetSettings.model_validate(context.settings["training"])
        data = (
            context.images().limited(settings.train_images, settings.valid_images).resized(context.skeleton.image_size)
        )
        network = NB201Network(
            context.skeleton,
            mode=BatchNormMode.BATCH if settings.bn == "batch" else BatchNormMode.RUNNING,
            channels_last=settings.channels_last,
            precision=settings.precision,
            rng=torch_rng(context.seed, "weights"),
        )
        sampler = self.sampler(
            context.space, self.sampler.Settings.model_validate(context.settings["sampler"]), context.seed
        )
        selector = self.selector(context.space, self.selector.Settings.model_validate(context.settings["selector"]))
        evaluator = Evaluator(data.valid.limited(settings.score_images), data, settings.eval_batch)

        calibration = Evaluator(data.train.limited(settings.calibration_images), data, settings.batch_size)

        def score(genotype: Genotype) -> ImageScore:
            forward = partial(network, path=genotype.ops)  # type: ignore[attr-defined]
            if settings.bn == "recalibrated":
                recalibrate(network, (x for x, _ in calibration.batches), forward)
            found = evaluator.score(network, forward)
            if not math.isfinite(found.loss):  # the last weight step overflowed: no later training loss would tell
                raise Diverged(f"the loss of {genotype.id} under inherited weights became {found.loss}")
            return found

        def observe(progress: Progress) -> dict[str, Any]:
            scores = [score(genotype) for genotype in context.probe_cells[: settings.probe_cells]]
            answer = selector.select(sampler, score, numpy_rng(context.seed, "select", progress.steps))
            return {
                "step": progress.steps,
                "accuracy": [item.accuracy for item in scores],
                "loss": [item.loss for item in scores],
                "answer": answer.genotype.id,
                "value": answer.value,
            }

        training = SupernetTraining(network, sampler, *self._streams(data, settings, context.seed), settings)
        progress = training.run(
            context.work / "checkpoint.pt",
            observe_at=spread(settings.probe_points, settings.epochs),
            observe=observe,
            report=context.report,
        )
        return self._result(context, progress)

    @staticmethod
    def _streams(data: ImageData, settings: SupernetSettings, seed: int) -> tuple[BatchStream, BatchStream]:
        """Weights see the training split in epochs; samplers see uniform draws from the validation split.

        Both are augmented, as published: architecture parameters are trained on augmented images too.
        """

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
    def _result(context: SearchContext, progress: Progress) -> SearchResult:
        trace = [
            (seen["step"], Answer(context.space.parse(seen["answer"]), seen["value"])) for seen in progress.observations
        ]
        return SearchResult(
            answer=trace[-1][1],
            trace=trace,
            probes=[
                Checkpoint(step=seen["step"], accuracy=seen["accuracy"], loss=seen["loss"])
                for seen in progress.observations
            ],
            loss=progress.loss,
            steps=progress.steps,
            path_steps=progress.path_steps,
            samples=progress.samples,
            seconds={"search": progress.seconds},
        )
