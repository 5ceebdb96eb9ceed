"""What a method may add to the cross-entropy that its weights descend, and what it is given to do so."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import torch.nn.functional as F
from pydantic import BaseModel
from torch import Tensor, nn

from nasrepro.spaces.base import Path
from nasrepro.training.sampler import Batch


@runtime_checkable
class RunsMany(Protocol):
    """A network that can run many paths on one batch better than one by one."""

    def many(self, x: Any, paths: Sequence[Path]) -> Tensor:
        """Images (B, C, H, W), or a segment of text, → logits of every path (paths, B, classes), as `forward` has them
        up to rounding."""
        ...


class WeightStep:
    """One weight step as a regularizer sees it: the network, the sampled path, and losses on the training batch.

    No architecture parameter and no validation image can be reached from here.
    """

    def __init__(self, network: nn.Module, path: Path, batch: Batch) -> None:
        self.network, self.path = network, path
        self.paths_run = 0
        """Paths run so far in this step, each forward and, as part of what is descended, backward."""
        self._batch = batch
        self._logits: dict[Path, Tensor] = {}
        self._known: dict[Path, Tensor] = {}

    def cross_entropy(self, path: Path) -> Tensor:
        """Mean cross-entropy of the batch, in nats, differentiable in the weights. Asked twice, a path runs once."""
        return self.cross_entropies([path])[0]

    def cross_entropies(self, paths: Sequence[Path]) -> list[Tensor]:
        """The cross-entropies of many paths; one that is there twice, or known already, is not run again. The others
        run together where the network can, so that their last bits depend on the company."""
        self._run(paths)
        for path in paths:
            if path not in self._known:
                self._known[path] = F.cross_entropy(self._logits[path], self._batch[1])
        return [self._known[path] for path in paths]

    def losses(self, path: Path) -> Tensor:
        """Cross-entropy of each image (B,), in nats, from the pass whose mean `cross_entropy` is."""
        self._run([path])
        return F.cross_entropy(self._logits[path], self._batch[1], reduction="none")

    def _run(self, paths: Sequence[Path]) -> None:
        x, new = self._batch[0], [path for path in dict.fromkeys(paths) if path not in self._logits]
        if len(new) > 1 and isinstance(self.network, RunsMany):
            self._logits.update(zip(new, self.network.many(x, new), strict=True))
        else:
            self._logits.update((path, self.network(x, path)) for path in new)
        self.paths_run += len(new)

    def weights_moved(self) -> None:
        """Forget the losses, which are those of other weights now."""
        self._logits.clear()
        self._known.clear()


class Regularizer(ABC):
    """Answers with what loss the sampled path is trained. Built as `kind(space, kind.Settings(…), seed)`.

    It needs single paths: the weights of a mixture belong to every path, so there is nothing to protect from another.
    """

    Settings: type[BaseModel]

    def begin_epoch(self, epoch: int, epochs: int) -> None:  # noqa: B027 - most regularizers have nothing to do
        """Called before each epoch, counted from 0."""

    @abstractmethod
    def loss(self, step: WeightStep) -> Tensor:
        """What the weights descend in this step; the cross-entropy of `step.path` must be part of it."""

    def replayed(self, step: WeightStep) -> Sequence[Path]:
        """Paths that are trained after the present one, each by a weight update of its own on the same batch.

        Asked for when the weights have moved. Their updates descend plain cross-entropy and are counted as paths, not
        as steps: steps are batches.
        """
        return ()

    def after_step(self, step: WeightStep) -> None:  # noqa: B027 - nor do most of them look back
        """Called when the weights have moved, last; `step.cross_entropy` is that of the moved weights then. The weights
        still hold the gradient that moved them, clipped."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue, random generators included."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None: ...
