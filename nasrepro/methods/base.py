"""The three answers of a one-shot method, and what any search returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from nasrepro.methods.context import SearchContext
from nasrepro.records.record import Checkpoint
from nasrepro.records.watched import Look
from nasrepro.spaces.base import Genotype

if TYPE_CHECKING:
    from nasrepro.training.evaluate import CellScore
    from nasrepro.training.sampler import Sampler


@dataclass(frozen=True)
class Answer:
    """A genotype and the validation score that selected it."""

    genotype: Genotype
    value: float | None

    def turned(self) -> Answer:
        """The same with the score's sign turned."""
        return self if self.value is None else Answer(self.genotype, -self.value)


@dataclass
class SearchResult:
    """What a search hands back. Nothing in it comes from test data."""

    answer: Answer
    trace: list[tuple[int, Answer]] = field(default_factory=list)
    """(weight updates or queries so far, the answer it would have given then)."""
    visited: list[tuple[int, Genotype]] = field(default_factory=list)
    """(weight updates so far, the cell it would have answered with after that epoch), wherever that changed; empty for
    searches that must score cells before they can answer."""
    probes: list[Checkpoint] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    """At the watched cells, around single weight updates."""
    watched_units: int = 0
    """How many validation images, or words of a text, they are scored on."""
    loss: list[float] = field(default_factory=list)
    steps: int = 0
    path_steps: int = 0
    forward_passes: int = 0
    samples: int = 0
    scored_cells: int = 0
    """Different cells scored under the final weights to choose the answer."""
    series: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """Curves that the method measured of itself, by name, as (x, y) points."""
    seconds: dict[str, float] = field(default_factory=dict)
    memory: int = 0
    """Bytes that tensors on a GPU took at most; 0 on a CPU."""
    notes: list[str] = field(default_factory=list)

    def turned(self) -> SearchResult:
        """With perplexities as they are, for a search that looked them up with their sign turned."""
        return replace(self, answer=self.answer.turned(), trace=[(at, answer.turned()) for at, answer in self.trace])


class Selector(Protocol):
    """Answers which genotype is returned, given the trained sampler and one-shot scores.

    One that needs no scores may have a method `present(sampler) -> Genotype`: its answers are recorded after every
    epoch.
    """

    def select(self, sampler: Sampler, score: Callable[[Genotype], CellScore], rng: np.random.Generator) -> Answer: ...


class Search(Protocol):
    """A complete method: from a context to a result."""

    def __call__(self, context: SearchContext) -> SearchResult: ...
