"""What a named method is: which parts it is made of, and which of their settings a scale or a protocol replaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from nasrepro.errors import UserError
from nasrepro.methods import regularizing
from nasrepro.methods.base import Search
from nasrepro.methods.bound import reason_against

if TYPE_CHECKING:
    from nasrepro.benchmarks import Benchmark
    from nasrepro.oracles.base import Oracle
    from nasrepro.training.settings import SupernetSettings

Blocks = Mapping[str, Mapping[str, Any]]
"""Settings by block: `training`, `sampler`, `regularizer`, `selector`, `search`."""

SAMPLERS = {
    "uniform": "uniform:UniformSampler",
    "gumbel": "gumbel:GumbelSampler",
    "gumbel-free": "gdas_a:ArgmaxSampler",
    "mixture": "darts:DartsSampler",
    "unrolled-mixture": "darts_v2:DartsV2Sampler",
    "template": "setn:SetnSampler",
    "controller": "enas:ControllerSampler",
    "pool": "nao_pool:PoolSampler",
    "latent": "e2nas:LatentSampler",
    "novelty": "en2as:NoveltySampler",
    "rewarded-novelty": "en2as:RewardedNoveltySampler",
}
SELECTORS = {
    "rs": "best_of:BestOf",
    "ea": "evolution:Evolution",
    "argmax": "argmax:Argmax",
    "proposed": "proposed:Proposed",
    "pool": "nao_pool:BestOfPool",
}
SOUND: Mapping[str, Blocks] = {"sound": {}}
RELEASED = "as-released"
"""The protocol that also has a benchmark's `released_settings`."""


@dataclass(frozen=True)
class Method:
    """A named combination. One-shot methods name a sampler, perhaps a regularizer, and a selector; multi-trial ones a
    search function.

    Parts are short names of `SAMPLERS`, `SELECTORS` and `regularizing.REGULARIZERS`, or `package.module:Name` in a
    plug-in.
    """

    name: str
    summary: str
    paper: str
    sampler: str | None = None
    regularizer: str | None = None
    """What is added to plain cross-entropy; None where nothing is."""
    selector: str | None = None
    base: str | None = None
    """The method whose part a composed one replaces."""
    training: str = "nasrepro.training.settings:SupernetSettings"
    """Settings of the shared-weight training; their defaults are the values published for this method."""
    sampler_class: str | None = None
    """`package.module:Class` of the sampler in a space that has its own form of it."""
    share_of_epochs: float = 1.0
    """Of the epochs that a scale gives every method; keeps the published proportion at scales that are not."""
    search: str | None = None
    """`module:function` of a multi-trial search."""
    trains: bool = False
    """True for a multi-trial search that trains a network of its own, and so needs the run's number of threads."""
    search_settings: str | None = None
    requires: str | None = None
    """`module:function` that is given benchmark and oracle before anything runs, and raises `UserError` where the
    method cannot do its work."""
    reads: str | None = None
    """`module:function` from resolved settings and the run's seed to the SHA-256 of files that a run reads, by name,
    beside truth and images; part of its key. Raises `UserError` where one is missing."""
    protocols: Mapping[str, Blocks] = field(default_factory=lambda: SOUND)
    """Settings that each protocol replaces, at any scale; `sound` is always among them."""
    scales: Mapping[str, Blocks] = field(default_factory=dict)
    """Settings that a scale replaces on every benchmark."""

    def inside(self, benchmark: Benchmark) -> Method:
        """This method made of the parts that the benchmark's space has for it; what scales say of a part is about the
        common one, and what `as-released` says about images."""
        sampler, training = self.sampler or "", benchmark.training
        protocols = self.protocols
        if training:
            protocols = {name: {} if name == RELEASED else blocks for name, blocks in protocols.items()}
        return replace(
            self,
            sampler_class=benchmark.parts.get(sampler, self.sampler_class),
            training=training or self.training,
            share_of_epochs=1.0 if training else self.share_of_epochs,
            protocols=protocols,
            scales={} if sampler in benchmark.parts else self.scales,
        )

    @property
    def one_shot(self) -> bool:
        """True when it trains a supernet."""
        return self.sampler is not None

    @property
    def computes(self) -> bool:
        """True when it trains anything."""
        return self.one_shot or self.trains

    def blocks(self) -> dict[str, type[BaseModel]]:
        """Settings models by block name; their defaults are the published values."""
        if not self.one_shot:
            return {"search": _load(self.search_settings)}
        return {
            "training": self.training_settings(),
            **{name: part.Settings for name, part in self.parts().items()},
        }

    def build(self) -> Search:
        """The search itself; imports torch."""
        if not self.one_shot:
            found: Search = self.parts()["search"]
            return found
        from nasrepro.methods.one_shot import OneShotSearch

        return OneShotSearch(**self.parts(), training=self.training_settings())

    def parts(self) -> dict[str, Any]:
        """What it is made of: `sampler`, `selector` and perhaps `regularizer` classes, or the `search` function.

        Raises `UserError` with the reason when the parts do not go together.
        """
        if not self.one_shot:
            return {"search": _load(self.search)}
        parts = {"sampler": self._part(self.sampler_class or self.sampler, SAMPLERS)}
        if self.regularizer is not None:
            parts["regularizer"] = regularizing.get(self.regularizer)
        parts["selector"] = self._part(self.selector, SELECTORS)
        self._refuse_impossible(parts["sampler"], parts["selector"])
        return parts

    def _refuse_impossible(self, sampler: Any, selector: Any) -> None:
        if self.regularizer is not None and sampler.mixes:
            raise UserError(
                f"method '{self.name}' is impossible: regularizer '{self.regularizer}' needs single paths, and sampler "
                f"'{self.sampler}' trains mixtures of all operations"
            )
        missing = [name for name in getattr(selector, "needs", ()) if not hasattr(sampler, name)]
        if missing:
            raise UserError(
                f"method '{self.name}' is impossible: selector '{self.selector}' asks the sampler for "
                f"'{missing[0]}', which sampler '{self.sampler}' does not have"
            )

    def training_settings(self) -> type[SupernetSettings]:
        """What the training of the shared weights can be told."""
        found: type[SupernetSettings] = _load(self.training)
        return found

    def check(self, benchmark: Benchmark, oracle: Oracle) -> None:
        """Raise `UserError` where this method cannot search on the benchmark with this truth."""
        if why := reason_against(self.sampler or self.search, benchmark.space.name):
            raise UserError(f"method '{self.name}' cannot search in space '{benchmark.space.name}': {why}")
        if self.requires:
            _load(self.requires)(benchmark, oracle)

    def hashes(self, settings: Mapping[str, Any], seed: int) -> dict[str, str]:
        """SHA-256 of the files that a run reads beside truth and images; raises `UserError` where one is missing."""
        return dict(_load(self.reads)(settings, seed)) if self.reads else {}

    @staticmethod
    def _part(name: str | None, known: Mapping[str, str]) -> Any:
        """A sampler or selector by its short name here, or by `package.module:Class`."""
        return _load(known.get(name or "", name))


def selector(name: str) -> Any:
    """The class of a selector by its short name; imports torch."""
    return _load(SELECTORS[name])


def _load(path: str | None) -> Any:
    """`module:name` of this room, or `package.module:name` of any package."""
    module, name = (path or "").split(":")
    return getattr(import_module(module if "." in module else f"nasrepro.methods.{module}"), name)
