"""Does a few pieces of a kind of work as a run does them, and says what one costs.

Images are noise and texts random words of the official sizes, so no data set needs to be there: what a step costs does
not depend on what is seen. Searches are measured as they begin, with archives filled: while alpha settles on cells
that are cheaper, or dearer, than uniform ones, steps change accordingly.
"""

from __future__ import annotations

import io
import math
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nasrepro import benchmarks
from nasrepro.benchmarks import Benchmark
from nasrepro.datasets.images import ImageData
from nasrepro.datasets.text import TextData
from nasrepro.datasets.text_streams import Segment
from nasrepro.experiments.capacity.clocks import Clock, PeakMemory
from nasrepro.experiments.capacity.costs import Cost
from nasrepro.experiments.capacity.kinds import Kind
from nasrepro.experiments.capacity.stand_ins import images_like, text_like
from nasrepro.experiments.jobs import Report
from nasrepro.methods import catalog
from nasrepro.methods.weights import shared_weights
from nasrepro.spaces.base import Genotype
from nasrepro.training.regularizer import WeightStep
from nasrepro.training.repeatable import prepare_torch
from nasrepro.training.supernet import SupernetTraining
from nasrepro.training.team import Team

_FEWEST, _MOST = 3, 60
_AGING = 16  # paths that a regularizer has seen before it is measured; more than any archive holds
_SLICE = {"step": 64, "training": 32, "large": 8}
"""On a CPU a step's cost is in proportion to its images, or columns of text. No more than so many are measured, because
some of the published batches do not fit into the memory of the machine."""
_SEED = 0
_TRAININGS = 3  # cells that a training from scratch is measured with


class _Enough(Exception):
    """Ends a training that has been measured."""


@dataclass
class _Laps:
    """Seconds between calls; the first lap, in which libraries settle, does not count."""

    clock: Clock
    budget: float
    tell: Report
    laps: list[float] = field(default_factory=list)
    _last: float | None = None

    def __call__(self, done: int = 0, total: int = 0) -> None:
        """End a lap; raises `_Enough` after the last one."""
        now = self.clock.now()
        if self._last is not None:
            self.laps.append(now - self._last)
        self._last = now
        self.tell(min(self.progress, 99), 100)
        if self.enough:
            raise _Enough

    @property
    def enough(self) -> bool:
        count, spent = len(self.laps), sum(self.laps)
        return count >= _MOST or (count >= _FEWEST and spent >= self.budget) or (count > 1 and spent >= 4 * self.budget)

    @property
    def progress(self) -> int:
        return int(100 * min(len(self.laps) / _FEWEST, sum(self.laps) / self.budget))


def measure(kind: Kind, device: str, seconds: float, *, report: Report) -> Cost:
    """The cost of one piece of a kind of work, judged by pieces that take about so many seconds together, in this
    process, with one thread."""
    prepare_torch(1, device)
    memory = PeakMemory(device)
    laps = _Laps(Clock(device), seconds, report)
    kind, share = _sliced(kind, device)
    found = _MEASURES[kind.family](kind, benchmarks.get(kind.benchmark), laps, device)
    per_piece = np.array(laps.laps) / (share * found.pop("pieces", 1))
    spread = float(per_piece.std(ddof=1)) / math.sqrt(len(per_piece))
    report(100, 100)
    return Cost(
        title=kind.title,
        seconds=_short(float(per_piece.mean())),
        error=_short(spread),
        repeats=len(per_piece),
        memory_bytes=memory.peak() if share == 1 else None,
        share=share,
        **found,
    )


def _sliced(kind: Kind, device: str) -> tuple[Kind, float]:
    """The kind with a smaller batch where that will do, and the share of the batch that it is."""
    training = kind.settings.get("training", {})
    if device != "cpu" or kind.family not in ("step", "training") or not training:
        return kind, 1.0
    large = kind.settings["skeleton"].get("image_size", 0) > 32
    most = _SLICE["large" if large else "training" if kind.family == "training" and "bptt" not in training else "step"]
    batch = min(training["batch_size"], most)
    settings = {**kind.settings, "training": {**training, "batch_size": batch}}
    return replace(kind, settings=settings), batch / training["batch_size"]


def _short(value: float) -> float:
    """Four significant digits."""
    return float(f"{value:.4g}")


def _until_enough(laps: _Laps, piece: Callable[[], object]) -> None:
    with suppress(_Enough):
        laps()
        while True:
            piece()
            laps()


def _step(kind: Kind, benchmark: Benchmark, laps: _Laps, device: str) -> dict[str, Any]:
    training = _search(kind, benchmark, device)
    _aged(training)
    with tempfile.TemporaryDirectory() as folder, suppress(_Enough):
        training.run(Path(folder) / "none.pt", observe_at=(), observe=lambda progress: {}, report=laps)
    return {
        "checkpoint_bytes": _stored(training.state_dict()),
        "weights_bytes": _stored(training.network.state_dict()),
    }


def _search(kind: Kind, benchmark: Benchmark, device: str) -> SupernetTraining:
    """The training of a search, as `OneShotSearch` puts it together."""
    method, settings = catalog.get(kind.method).inside(benchmark), kind.settings
    how = method.training_settings().model_validate(settings["training"])
    shared = _shared(kind, benchmark, how, device)
    parts = method.parts()

    def part(block: str) -> Any:
        return parts[block](benchmark.space, parts[block].Settings.model_validate(settings[block]), _SEED)

    train, valid = shared.streams(_SEED)
    return SupernetTraining(
        shared.network,
        part("sampler"),
        train,
        valid,
        how,
        shared.score,
        shared.batches_per_score,
        part("regularizer") if method.regularizer is not None else None,
    )


def _shared(kind: Kind, benchmark: Benchmark, how: Any, device: str) -> Any:
    skeleton = benchmark.space.supernet_skeleton(dict(kind.settings["skeleton"]))
    return shared_weights(how, benchmark.space, skeleton, _stand_in(benchmark, skeleton), _SEED, device)


def _stand_in(benchmark: Benchmark, skeleton: Any) -> ImageData | TextData:
    assert benchmark.data is not None
    if benchmark.language:
        return text_like(benchmark.data, skeleton.vocabulary)
    return images_like(benchmark.data, skeleton)


def _aged(training: SupernetTraining) -> None:
    """Fill the archives of sampler and regularizer, with steps on a sliver of a batch where there must be steps."""
    x, y = training.train_stream.next()
    if isinstance(x, Segment):
        sliver: Any = (Segment(x.tokens[:2]), y[: 2 * x.tokens.shape[1]])
    else:
        sliver = (x[:2], y[:2])
    archive = getattr(training.sampler, "archive", None)
    while archive is not None and not archive.full:
        training.sampler.learn(training.lessons, sliver)
    if training.regularizer is None:
        return
    for _ in range(_AGING):
        if isinstance(sliver[0], Segment):
            sliver[0].begin()
        if training.sampler.learns_first:
            training.sampler.learn(training.lessons, sliver)
        step = WeightStep(training.network, training.sampler.sample(), sliver)  # type: ignore[arg-type]
        training.regularizer.loss(step)
        training.regularizer.after_step(step)


def _scoring(kind: Kind, benchmark: Benchmark, laps: _Laps, device: str) -> dict[str, Any]:
    how = catalog.get(kind.method).inside(benchmark).training_settings().model_validate(kind.settings["training"])
    few = {"score_tokens": 40 * how.eval_batch} if benchmark.language else {"score_images": how.eval_batch}
    shared = _shared(kind, benchmark, how.model_copy(update=few), device)
    cells = iter(benchmark.space.sample(np.random.default_rng(number)) for number in range(_MOST + 1))
    shared.score(next(cells))
    _until_enough(laps, lambda: shared.score(next(cells)))
    return {"pieces": shared.units}


def _predictor(kind: Kind, benchmark: Benchmark, laps: _Laps, device: str) -> dict[str, Any]:
    from nasrepro.latent.spelling import tokens_of
    from nasrepro.methods.nao_moves import codes, random_cells
    from nasrepro.training.predictor import CellPredictor
    from nasrepro.training.predictor_settings import PredictorSettings

    known = {name: kind.settings["predictor"][name] for name in PredictorSettings.model_fields}
    rounds = 20
    how = PredictorSettings.model_validate({**known, "predictor_epochs": rounds})
    rng = np.random.default_rng(_SEED)
    cells = codes(random_cells(benchmark.space, rng, (), min(how.predictor_batch, len(benchmark.space))))
    predictor = CellPredictor(how, _SEED, tokens_of(benchmark.space))
    predictor.fit(cells, rng.random(len(cells)), _SEED)
    _until_enough(laps, lambda: predictor.fit(cells, rng.random(len(cells)), _SEED))
    return {"pieces": rounds}


def _training(kind: Kind, benchmark: Benchmark, laps: _Laps, device: str) -> dict[str, Any]:
    budget, found = laps.budget, 0
    for number, genotype in enumerate(_usual(benchmark), 1):
        training = _alone(kind, benchmark, genotype, device)
        laps.budget = number * budget / _TRAININGS
        laps._last = None
        with suppress(_Enough):
            training.run(None, partial(_lap, laps, len(laps.laps) + 1))
        found = _stored(training.state_dict())
    return {"checkpoint_bytes": found}


def _lap(laps: _Laps, fewest: int, done: int, total: int) -> None:
    """One cell after another: enough for one of them is less than enough for all."""
    try:
        laps()
    except _Enough:
        if len(laps.laps) >= fewest:
            raise
        return
    if len(laps.laps) >= fewest and sum(laps.laps) >= laps.budget:
        raise _Enough


def _testing(kind: Kind, benchmark: Benchmark, laps: _Laps, device: str) -> dict[str, Any]:
    training = _alone(kind, benchmark, _usual(benchmark)[0], device, testing=True)
    (judge,) = training.judges.values()
    _until_enough(laps, lambda: judge.score(training.network, training._logits))
    return {"pieces": judge.units if benchmark.language else judge.images}


def _usual(benchmark: Benchmark) -> list[Genotype]:
    """Probe cells that are nearest to the mean of all of them in their multiplications."""
    cells = benchmark.probes()
    macs = {cell: benchmark.space.cost(cell, benchmark.standalone).macs for cell in cells}
    middle = sum(macs.values()) / len(macs)
    return sorted(cells, key=lambda cell: abs(macs[cell] - middle))[:_TRAININGS]


def _stored(state: Any) -> int:
    """Bytes of a checkpoint."""
    file = io.BytesIO()
    torch.save(state, file)
    return file.tell()


def _alone(kind: Kind, benchmark: Benchmark, genotype: Genotype, device: str, *, testing: bool = False) -> Any:
    """A training from scratch; with few images or words to score where it is scoring that is measured."""
    from nasrepro.training.darts_standalone import darts_training
    from nasrepro.training.language_standalone import language_training

    how = benchmark.retraining
    assert how is not None
    team = Team(torch.device(device))
    skeleton: Any = type(how.skeleton)(**kind.settings["skeleton"])
    settings: Any = type(how.published).model_validate(kind.settings["training"])
    if benchmark.language:
        text = text_like(how.dataset, skeleton.vocabulary)
        few = text.limited(valid=40 * settings.valid_batch) if testing else text
        return language_training(genotype, few, skeleton, settings, _SEED, team=team)  # type: ignore[arg-type]
    images = images_like(how.dataset, skeleton, scored=min(100, settings.eval_batch))
    return darts_training(genotype, images, skeleton, settings, _SEED, team=team)  # type: ignore[arg-type]


_MEASURES: dict[str, Callable[[Kind, Benchmark, _Laps, str], dict[str, Any]]] = {
    "step": _step,
    "scoring": _scoring,
    "predictor": _predictor,
    "training": _training,
    "testing": _testing,
}
