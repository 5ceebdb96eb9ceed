"""Weight steps of a regularizer on a tiny supernet, one by one, to look at each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from nasrepro.seeds import derive, torch_rng
from nasrepro.spaces.base import Path, Space
from nasrepro.supernets.catalog import supernet
from nasrepro.training.regularizer import Regularizer, WeightStep
from nasrepro.training.sampler import Batch

WARM_UP = 10
"""Steps after which a regularizer is looked at: it may need some to have anything to remember."""


class Play:
    """A regularizer on a tiny supernet in double precision, some weight steps into a training."""

    def __init__(
        self, kind: type[Regularizer], space: Space[Any], seed: int = 0, steps: int = WARM_UP, **network: Any
    ) -> None:
        self.regularizer = kind(space, kind.Settings(), seed)  # type: ignore[call-arg]
        skeleton = replace(space.tiny, channels=3, classes=3, in_channels=1)
        self.network = cast(Any, supernet(space, skeleton, rng=torch_rng(0, "weights"), **network).train())
        if not network:
            self.network.double().dtype = torch.float64
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.05)
        rng = np.random.default_rng(derive(0, "paths"))
        drawn = (space.sample(rng) for _ in iter(int, 1))
        self._paths: Iterator[Path] = (cell.path for cell in drawn if getattr(cell, "reaches_output", True))
        self.losses: list[float] = []
        self.regularizer.begin_epoch(0, 1)
        for _ in range(steps):
            self.step()

    @cached_property
    def batch(self) -> Batch:
        """The one that all steps see."""
        rng = torch_rng(0, "batch")
        dtype = next(self.network.parameters()).dtype
        return torch.randn(8, 1, 8, 8, generator=rng, dtype=dtype), torch.randint(3, (8,), generator=rng)

    @cached_property
    def path(self) -> Path:
        """That of the step that is looked at."""
        return next(self._paths)

    def begun(self, path: Path | None = None) -> WeightStep:
        """A weight step in which nothing was asked yet."""
        return WeightStep(self.network, path or self.path, self.batch)

    def step(self) -> None:
        """One whole weight step on the next path."""
        step = self.begun(next(self._paths))
        loss = self.regularizer.loss(step)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        step.weights_moved()
        self.regularizer.after_step(step)
        self.losses.append(loss.item())

    def gradient(self, loss: Tensor) -> Tensor:
        """Of all weights, in one row; zero where a weight has no part in the loss."""
        weights = list(self.network.parameters())
        found = torch.autograd.grad(loss, weights, allow_unused=True)
        pairs = zip(weights, found, strict=True)
        return torch.cat([(torch.zeros_like(w) if g is None else g).flatten() for w, g in pairs])


@contextmanager
def watched(network: Any) -> Iterator[list[tuple[Any, ...]]]:
    """Inside, the arguments of every pass through the network are kept, those of paths that run together path by path;
    gates would be the third of them. The network normalizes by batch statistics, or it would run them one by one."""
    seen: list[tuple[Any, ...]] = []

    def note(_: torch.nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        seen.append((*args, *named.values()))

    def many(x: Tensor, paths: Sequence[Path]) -> Tensor:
        seen.extend((x, path) for path in paths)
        logits: Tensor = type(network).many(network, x, paths)
        return logits

    handle = network.register_forward_pre_hook(note, with_kwargs=True)
    together = hasattr(network, "many")
    if together:
        network.many = many
    try:
        yield seen
    finally:
        handle.remove()
        if together:
            del network.many
