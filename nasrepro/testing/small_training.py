"""A supernet training that takes a second: the real loop, on few digits, with a regularizer."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from torch import Tensor

from nasrepro import benchmarks
from nasrepro.datasets.images import ImageSet
from nasrepro.datasets.streams import BatchStream
from nasrepro.methods.gumbel import GumbelSampler, GumbelSettings
from nasrepro.methods.uniform import UniformSampler, UniformSettings
from nasrepro.seeds import torch_rng
from nasrepro.supernets.catalog import supernet
from nasrepro.training.evaluate import CellScore
from nasrepro.training.regularizer import Regularizer
from nasrepro.training.settings import SupernetSettings
from nasrepro.training.supernet import SupernetTraining

_BATCH = 32


class SmallTraining:
    """The same for the same arguments."""

    def __init__(
        self,
        kind: type[Regularizer],
        *,
        benchmark: str = "nb201-digits",
        sampler: str = "uniform",
        epochs: int = 3,
        lr: float = 0.05,
    ) -> None:
        where = benchmarks.get(benchmark)
        space, images = where.space, where.load_data().limited(150, 60)
        self.network = supernet(space, replace(space.tiny, in_channels=1), rng=torch_rng(0, "weights"))
        self._sampler = (
            UniformSampler(space, UniformSettings(), 0)
            if sampler == "uniform"
            else GumbelSampler(space, GumbelSettings(), 0)
        )

        def stream(name: str, part: ImageSet, *, replacement: bool) -> BatchStream:
            return BatchStream(part, images, _BATCH, torch_rng(0, name), augment=True, replacement=replacement)

        self._training = SupernetTraining(
            self.network,
            self._sampler,
            stream("train", images.train, replacement=False),
            stream("valid", images.valid, replacement=True),
            SupernetSettings(epochs=epochs, batch_size=_BATCH, lr=lr),
            _scoreless,
            regularizer=kind(space, kind.Settings(), 0),  # type: ignore[call-arg]
        )

    @property
    def losses(self) -> list[float]:
        return self._training.progress.loss

    @property
    def steps(self) -> int:
        return self._training.progress.steps

    @property
    def path_steps(self) -> int:
        return self._training.progress.path_steps

    @property
    def alpha(self) -> Tensor:
        """Of the sampler, where it has one."""
        assert isinstance(self._sampler, GumbelSampler)
        return self._sampler.alpha

    def weights(self) -> list[Tensor]:
        return [weight.detach() for weight in self.network.parameters()]

    def of_validation(self) -> list[Any]:
        """Where the stream of validation batches stands, as plain values."""
        state = self._training.valid_stream.state_dict()
        return [value.tolist() if isinstance(value, Tensor) else value for value in state.values()]

    def weight_steps(self, count: int) -> None:
        """So many steps of the weights alone; nothing is learned of the architecture."""
        self.network.train()
        for _ in range(count):
            self._training._weight_step(*self._training.train_stream.next())

    def finish(self, folder: FilePath | None = None, stop_after: int | None = None) -> SmallTraining:
        """Train to the end, or until interrupted after so many steps, with a checkpoint in `folder`."""

        def report(done: int, total: int) -> None:
            if done == stop_after:
                raise KeyboardInterrupt

        with tempfile.TemporaryDirectory() as thrown_away:
            file = (folder or FilePath(thrown_away)) / "checkpoint.pt"
            try:
                self._training.run(file, observe_at=(), observe=lambda progress: {}, report=report)
            except KeyboardInterrupt:
                if stop_after is None:
                    raise
        return self


def _scoreless(_: object) -> CellScore:
    raise AssertionError("weight steps score nothing")
