"""The stand-alone loop for language models: averaged weights, the best weights kept, and a way back from NaN."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasrepro.datasets.text_streams import Segment
from nasrepro.splits import Split
from nasrepro.training.evaluate import CellScore, TextScore
from nasrepro.training.language import LanguageSettings
from nasrepro.training.standalone_loop import (
    Batches,
    EpochScores,
    Judge,
    StandaloneProgress,
    StandaloneTraining,
)
from nasrepro.training.supernet import Diverged
from nasrepro.training.team import ALONE, Team

_EXPLODED = 100.0  # nats per word: guessing blindly among 10,000 words costs 9.2


@dataclass
class LanguageProgress(StandaloneProgress):
    """What has happened so far. An epoch that was rolled back has NaN for its loss and the kept weights' score."""

    judged: ClassVar[type[CellScore]] = TextScore

    stored: list[float] = field(default_factory=list)
    """Validation losses of the epochs before averaging, by which it is decided when that begins."""
    kept: int = 0
    """Epoch whose weights are kept, the best on the validation text; 0 before any."""
    averages: int = 0
    """Epoch after which averaging began; 0 where it has not, or was gone back behind."""
    rollbacks: int = 0
    """How often the kept weights were gone back to."""


class LanguageTraining(StandaloneTraining[Segment]):
    """Trains a language model as Liu et al. (ICLR 2019) do, after Merity et al. (ICLR 2018).

    SGD becomes averaged SGD once the validation loss stops falling; from then on the averages are scored, and kept. A
    loss that is no number, or exploded, takes weights and optimizer back to those of the best epoch, and training goes
    on with the next one, as EN²AS and NSAS released it; so does a validation loss that is not finite. `logits` gives
    (T·B, V) of a segment.
    """

    progress: LanguageProgress

    def __init__(
        self,
        network: nn.Module,
        batches: Batches[Segment],
        valid: Judge[Segment],
        settings: LanguageSettings,
        logits: Callable[[Segment], Tensor],
        team: Team = ALONE,
    ) -> None:
        def loss(segment: Segment, targets: Tensor) -> Tensor:
            segment.begin()
            found = F.cross_entropy(logits(segment), targets)
            return found if segment.penalty is None else found + segment.penalty

        self._settings = settings
        super().__init__(
            network,
            torch.optim.SGD(network.parameters(), lr=settings.lr, weight_decay=settings.weight_decay),
            batches,
            {Split.VALID: valid},
            settings,
            loss=loss,
            logits=logits,
            clip=settings.clip,
            team=team,
        )
        self.progress = LanguageProgress()
        self._kept: dict[str, Any] | None = None

    def test(self, judge: Judge[Segment]) -> CellScore:
        """Score of the kept weights, which are the network's from now on."""
        self._restore_weights()
        return judge.score(self.network, self._logits)

    @property
    def averaging(self) -> bool:
        """Whether weights are averaged."""
        return isinstance(self.optimizer, torch.optim.ASGD)

    def _epoch(self, report: Callable[[int, int], None]) -> None:
        try:
            super()._epoch(report)
        except Diverged:
            if self._kept is None:
                raise
            self.progress.loss.append(math.nan)
            self.progress.epoch += 1
        else:
            if self.progress.loss[-1] > _EXPLODED and self._kept is not None:
                self.progress.loss[-1] = math.nan

    def _judge(self) -> None:
        """Score, and keep what is best; or go back. Raises `Diverged` where nothing with a finite loss is kept."""
        progress = self.progress
        score = None if math.isnan(progress.loss[-1]) else self._scored()
        if score is None:
            progress.loss[-1] = math.nan
            self._roll_back()
            progress.curve.append(EpochScores(progress.epoch, progress.curve[progress.kept - 1].scores))
            return
        progress.curve.append(EpochScores(progress.epoch, {Split.VALID: score}))
        if not self.averaging:
            if self._settings.asgd and self._is_time(score.loss):
                self._begin_averaging()
                progress.averages = progress.epoch
            progress.stored.append(score.loss)

    def _scored(self) -> CellScore | None:
        """On the validation text, the weights being kept when they are the best so far; None where the loss is not
        finite but others are kept."""
        progress = self.progress
        with self._averaged():
            score = self.judges[Split.VALID].score(self.network, self._logits)
            if not math.isfinite(score.loss):
                if self._kept is None:
                    raise Diverged(f"validation loss became {score.loss} in epoch {progress.epoch}")
                return None
            if not progress.kept or score.loss < progress.curve[progress.kept - 1].scores[Split.VALID].loss:
                progress.kept = progress.epoch
                self._kept = {
                    "weights": {name: weight.detach().clone() for name, weight in self.network.named_parameters()},
                    **self._optimizer_state(),
                }
        return score

    def _is_time(self, loss: float) -> bool:
        """Whether averaging begins after this epoch: a switch that follows noisy losses is noise itself where trainings
        are short, so its epoch can be told."""
        how = self._settings
        if how.average_from is not None:
            return self.progress.epoch >= how.average_from
        return stops_falling(self.progress.stored, loss, how.nonmono)

    def _begin_averaging(self) -> None:
        """Averages of all weights after every step from now on. This optimizer applies a learning rate one step late,
        in any version of it, so a segment trains at the rate of the one before."""
        how = self._settings
        self.optimizer = torch.optim.ASGD(
            self.network.parameters(), lr=how.lr, t0=0, lambd=0.0, weight_decay=how.weight_decay
        )

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """The network with averaged weights, where there are some."""
        if not self.averaging:
            yield
            return
        own = [weight.detach().clone() for weight in self._weights]
        with torch.no_grad():
            for weight in self._weights:
                weight.copy_(self.optimizer.state[weight]["ax"])
        try:
            yield
        finally:
            with torch.no_grad():
                for weight, before in zip(self._weights, own, strict=True):
                    weight.copy_(before)

    def _roll_back(self) -> None:
        """Weights as they were scored in the best epoch, and the optimizer as it was then."""
        self._restore_weights()
        assert self._kept is not None
        self._load_optimizer(self._kept)
        if not self.averaging:
            self.progress.averages = 0
        self.progress.rollbacks += 1

    def _restore_weights(self) -> None:
        assert self._kept is not None, "nothing is kept before the first epoch"
        with torch.no_grad():
            for name, weight in self.network.named_parameters():
                weight.copy_(self._kept["weights"][name])

    def _optimizer_state(self) -> dict[str, Any]:
        return {"averaging": self.averaging, "optimizer": _copied(self.optimizer.state_dict())}

    def _load_optimizer(self, state: Mapping[str, Any]) -> None:
        if state["averaging"]:
            self._begin_averaging()
        else:
            how = self._settings
            self.optimizer = torch.optim.SGD(self.network.parameters(), lr=how.lr, weight_decay=how.weight_decay)
        self.optimizer.load_state_dict(_copied(state["optimizer"]))

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), **self._optimizer_state(), "kept": self._kept}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._load_optimizer(state)
        super().load_state_dict(state)
        self._kept = state["kept"]


def stops_falling(stored: list[float], loss: float, nonmono: int) -> bool:
    """The rule by which averaging begins: with more than `nonmono` validation losses stored, the next one is above the
    least of all but the last `nonmono` (Merity et al., ICLR 2018)."""
    return len(stored) > nonmono and loss > min(stored[:-nonmono])


def _copied(state: Any) -> Any:
    """The same in new tensors: those of an optimizer's state are changed in place by its next step."""
    if isinstance(state, Tensor):
        return state.clone()
    if isinstance(state, dict):
        return {key: _copied(value) for key, value in state.items()}
    return [_copied(value) for value in state] if isinstance(state, list) else state
