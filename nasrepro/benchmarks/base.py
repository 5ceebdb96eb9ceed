"""What do we compare on? A benchmark is a space, a skeleton per scale, one search data set and a list of scorings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasrepro.errors import UserError
from nasrepro.oracles.base import Fidelity, Oracle
from nasrepro.spaces.base import Genotype, Space

if TYPE_CHECKING:
    from nasrepro.training.retraining import Retraining

_PROBE_SEED = 2020
PROBE_CELLS = 200
SCALES = ("smoke", "laptop", "paper")
BEST = "test.best"
"""Name of the scoring by the best epoch on the test images, which some papers quote."""


@dataclass(frozen=True)
class Scoring:
    """One number a genotype is judged by. The primary scoring of a benchmark is called `test`."""

    name: str
    fidelity: Fidelity
    higher_is_better: bool = True
    best_epoch: bool = False
    """The best epoch of a training instead of its last, chosen on the very images that are scored."""


@dataclass(frozen=True)
class Benchmark:
    """Everything that must be fixed before two methods can be compared."""

    name: str
    summary: str
    space: Space[Any]
    data: str | None
    """Data set that supernets are trained on; None when there is none to be had."""
    search: Fidelity
    """What multi-trial methods look up while they search."""
    scorings: tuple[Scoring, ...]
    """How the found genotype is judged; the first one is primary."""
    standalone: Any
    """Skeleton of the networks whose truth is looked up; params and MACs refer to it."""
    scales: Mapping[str, Mapping[str, Any]]
    """Per scale, what replaces the published settings: blocks `skeleton`, `training`, `search`, …"""
    open_oracle: Callable[[Path], Oracle] = field(repr=False)
    """Opens the table that is the truth; the path is the run store's root. Where cells are trained when they are asked
    for it raises `UserError`: `experiments.standalone_oracle.truth_of` opens either."""
    space_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What was published for every search in this space, where that is not what a block's defaults say."""
    sampler_settings: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    """The same for single samplers, by their short names; goes before `space_settings`."""
    space_sources: Mapping[str, str] = field(default_factory=dict)
    """Where `space_settings` were published, by block, and under `skeleton` where `supernet` was."""
    sampler_sources: Mapping[str, str] = field(default_factory=dict)
    """Where `sampler_settings` were published, by sampler."""
    released_settings: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    """By sampler, and by method where that says more: what released code of searches in this space did otherwise, for
    the protocol `as-released` of methods that have it; goes before what they say of it, which for networks of another
    kind than images (`training`) does not count."""
    retraining: Retraining | None = None
    """How the worth of a cell is measured where there is no table."""
    supernet: Any = None
    """Skeleton of the supernet as published; None where it is that of the networks whose truth is looked up."""
    probe_count: int = PROBE_CELLS
    """Fixed cells on which a supernet's ranking is watched; few where each of them must be trained."""
    training: str | None = None
    """`module:class` of the settings of shared-weight training where the networks are of another kind than images."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """`module:class` of samplers, by short name, that have another form in this space."""

    @property
    def primary(self) -> Scoring:
        return self.scorings[0]

    @property
    def language(self) -> bool:
        """True where texts are modelled, and lower perplexity is better."""
        return not self.primary.higher_is_better

    @property
    def single_number(self) -> bool:
        """True where the truth holds one number per cell: searches then look up the number they are scored by."""
        return self.search == self.primary.fidelity

    def at(self, scale: str) -> Benchmark:
        """This benchmark at a scale: with a table the same; else its cells are trained, and judged, as the scale has
        it."""
        if self.retraining is None:
            return self
        how, epochs = self.retraining, self.retraining.epochs(scale)
        return replace(
            self,
            standalone=replace(how.skeleton, **how.scales.get(scale, {}).get("skeleton", {})),
            search=replace(self.search, epochs=epochs),
            scorings=tuple(replace(s, fidelity=replace(s.fidelity, epochs=epochs)) for s in self.scorings),
        )

    def skeleton(self, scale: str) -> dict[str, Any]:
        """Fields of the supernet's skeleton at a scale."""
        return {**self.searched.sizes(), **self.scales[scale].get("skeleton", {})}

    def stated(self, sampler: str | None) -> dict[tuple[str, str], tuple[Any, str]]:
        """What was published for searches in this space with a sampler: by block and name, the value and where."""
        found: dict[tuple[str, str], tuple[Any, str]] = {}
        for block, values in self.space_settings.items():
            where = self.space_sources.get(block, "not stated")
            found |= {(block, name): (value, where) for name, value in values.items()}
        where = self.sampler_sources.get(sampler or "", "not stated")
        for block, values in self.sampler_settings.get(sampler or "", {}).items():
            found |= {(block, name): (value, where) for name, value in values.items()}
        return found

    @property
    def searched(self) -> Any:
        """Skeleton of the supernet as published, which fits the images of the search."""
        return self.supernet or self.standalone

    def load_data(self, *, allow_unverified: bool = False) -> Any:
        """The search's images or text; raises `UserError` when the benchmark has none or the files are missing."""
        from nasrepro.datasets import loading

        if self.data is None:
            raise UserError(f"benchmark '{self.name}' has no data to train a supernet on; only its table is available")
        reads = loading.load_text if self.language else loading.load
        return reads(self.data, allow_unverified=allow_unverified)

    def probes(self) -> list[Genotype]:
        """The fixed cells on which a supernet's ranking is watched, the same for every method, seed and data set."""
        return list(probe_cells(self.space, self.probe_count))


@lru_cache(maxsize=8)
def probe_cells(space: Space[Any], count: int = PROBE_CELLS) -> tuple[Genotype, ...]:
    """Distinct cells drawn once, uniformly, from the space."""
    import numpy as np

    rng = np.random.default_rng(_PROBE_SEED)
    if len(space) < 2**31:
        return tuple(space.parse(str(index)) for index in rng.choice(len(space), size=count, replace=False))
    found: dict[Genotype, None] = {}
    while len(found) < count:
        found[space.sample(rng)] = None
    return tuple(found)
