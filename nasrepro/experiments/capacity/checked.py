"""How far predictions were from what the published runs at scale `laptop` took (`benchmarks/check_costs.py`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from pydantic import BaseModel, ConfigDict, TypeAdapter

FILE = "predictions.json"


class Prediction(BaseModel):
    """One method on one benchmark."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    benchmark: str
    method: str
    """With the settings that tell it from its relatives."""
    runs: int
    predicted: float
    """Core-seconds of a search."""
    recorded: float
    """Mean seconds of the records' searches."""

    @property
    def ratio(self) -> float:
        return self.predicted / self.recorded


@dataclass(frozen=True)
class Group:
    """The methods on a benchmark."""

    benchmark: str
    each: Sequence[Prediction]

    @property
    def methods(self) -> int:
        return len(self.each)

    @property
    def runs(self) -> int:
        return sum(own.runs for own in self.each)

    @property
    def ratio(self) -> float:
        """Geometric mean."""
        return math.exp(sum(math.log(own.ratio) for own in self.each) / len(self.each))

    @property
    def lowest(self) -> float:
        return min(own.ratio for own in self.each)

    @property
    def highest(self) -> float:
        return max(own.ratio for own in self.each)

    @property
    def spread(self) -> float:
        """Geometric standard deviation."""
        middle = math.log(self.ratio)
        squares = sum((math.log(own.ratio) - middle) ** 2 for own in self.each)
        return math.exp(math.sqrt(squares / max(1, len(self.each) - 1)))


@dataclass(frozen=True)
class Check(Group):
    """All of them."""

    @property
    def by_benchmark(self) -> list[Group]:
        names = dict.fromkeys(own.benchmark for own in self.each)
        return [Group(name, [own for own in self.each if own.benchmark == name]) for name in names]


def checked_predictions() -> Check:
    """Those that come with the package."""
    stored = resources.files("nasrepro.experiments.capacity").joinpath(FILE).read_bytes()
    return Check("all", TypeAdapter(list[Prediction]).validate_json(stored))
