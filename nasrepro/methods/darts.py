"""First-order DARTS (Liu et al. 2019) as run on NAS-Bench-201: mixtures train the weights, argmax per edge decides."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from torch import Tensor

from nasrepro.methods.alpha import MixingSampler
from nasrepro.training.settings import SupernetSettings


class DartsTraining(SupernetSettings):
    """The shared-weight training of Dong & Yang (2020) with the 50 epochs they give DARTS."""

    published: ClassVar[str] = "Dong & Yang (ICLR 2020), DARTS"

    epochs: int = Field(50, ge=1, description="passes over the training half of the data")


class DartsSampler(MixingSampler):
    """The softmax of alpha weights all operations, `none` included; alpha learns after each weight step."""

    mixes = True

    def sample(self) -> Tensor:
        return self.weights().detach()
