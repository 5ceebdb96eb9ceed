"""Every method by name: which parts it is made of, and which settings replace the published ones at each scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from pydantic import BaseModel, ValidationError

from nasrepro import plugins
from nasrepro.benchmarks import Benchmark
from nasrepro.errors import UserError, unknown
from nasrepro.methods.base import Search
from nasrepro.spaces.base import Skeleton

SAMPLERS = {"uniform": "uniform:UniformSampler", "gumbel": "gumbel:GumbelSampler"}
SELECTORS = {"best-of": "best_of:BestOf", "argmax": "argmax:Argmax"}


@dataclass(frozen=True)
class Method:
    """A named combination. One-shot methods name a sampler and a selector, multi-trial ones a search function.

    Parts are short names of `SAMPLERS` and `SELECTORS`, or `package.module:Name` in a plug-in.
    """

    name: str
    summary: str
    paper: str
    sampler: str | None = None
    selector: str | None = None
    search: str | None = None
    """`module:function` of a multi-trial search."""
    search_settings: str | None = None
    protocols: tuple[str, ...] = ("sound",)
    scales: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def one_shot(self) -> bool:
        """True when it trains a supernet."""
        return self.sampler is not None

    def blocks(self) -> dict[str, type[BaseModel]]:
        """Settings models by block name; their defaults are the published values."""
        if not self.one_shot:
            return {"search": _load(self.search_settings)}
        from nasrepro.training.settings import SupernetSettings

        return {
            "training": SupernetSettings,
            "sampler": self._part(self.sampler, SAMPLERS).Settings,
            "selector": self._part(self.selector, SELECTORS).Settings,
        }

    def build(self) -> Search:
        """The search itself; imports torch."""
        if not self.one_shot:
            found: Search = _load(self.search)
            return found
        from nasrepro.methods.one_shot import OneShotSearch

        return OneShotSearch(self._part(self.sampler, SAMPLERS), self._part(self.selector, SELECTORS))

    @staticmethod
    def _part(name: str | None, known: Mapping[str, str]) -> Any:
        """A sampler or selector by its short name here, or by `package.module:Class`."""
        return _load(known.get(name or "", name))


def _load(path: str | None) -> Any:
    """`module:name` of this room, or `package.module:name` of any package."""
    module, name = (path or "").split(":")
    return getattr(import_module(module if "." in module else f"nasrepro.methods.{module}"), name)


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "random",
            "one uniform cell per seed: the reference of every test",
            "Sciuto et al., ICLR 2020",
            search="random:random",
            search_settings="random:RandomSettings",
        ),
        Method(
            "random-search",
            "the best of k uniform cells by looked-up validation accuracy",
            "Dong & Yang, ICLR 2020",
            search="random_search:random_search",
            search_settings="random_search:RandomSearchSettings",
        ),
        Method(
            "rea",
            "regularized evolution on looked-up validation accuracy",
            "Real et al., AAAI 2019; settings of Dong & Yang, ICLR 2020",
            search="rea:rea",
            search_settings="rea:REASettings",
        ),
        Method(
            "randomnas",
            "supernet trained on uniform paths; the best of 100 cells under inherited weights",
            "Li & Talwalkar, UAI 2019; settings of Dong & Yang, ICLR 2020",
            sampler="uniform",
            selector="best-of",
        ),
        Method(
            "gdas",
            "Gumbel-softmax sampling with a straight-through gradient; argmax of alpha",
            "Dong & Yang, CVPR 2019; settings of Dong & Yang, ICLR 2020",
            sampler="gumbel",
            selector="argmax",
        ),
    )
}


def names() -> list[str]:
    """All method names, plug-ins last."""
    return [*METHODS, *(name for name in plugins.announced("methods") if name not in METHODS)]


def get(name: str) -> Method:
    """The method called `name`, from here or from a plug-in; raises `UserError` suggesting the nearest one."""
    if name in METHODS:
        return METHODS[name]
    if name not in names():
        raise unknown("method", name, names())
    found: Method = plugins.load("methods", name, Method)
    return found


def resolve(
    method: Method, benchmark: Benchmark, scale: str, overrides: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """All settings of a run: published values, replaced by the benchmark's scale, the method's, then `overrides`.

    A scale's block may name settings of other methods (the temperature of GDAS means nothing to RandomNAS), so
    only those the method knows are taken from it. Overrides must name existing settings. Raises `UserError`.
    """
    blocks = method.blocks()
    overrides = overrides or {}
    allowed = [*blocks, "skeleton"] if method.one_shot else list(blocks)
    for block in overrides:
        if block not in allowed:
            raise unknown(f"block of settings for method '{method.name}'", block, allowed)
    resolved: dict[str, Any] = {}
    for block, model in blocks.items():
        values: dict[str, Any] = {}
        for source in (benchmark.scales[scale], method.scales.get(scale, {})):
            values |= {key: value for key, value in source.get(block, {}).items() if key in model.model_fields}
        resolved[block] = _validated(model, block, values | dict(overrides.get(block, {})))
    if method.one_shot:
        fields = benchmark.skeleton(scale)
        for key in overrides.get("skeleton", {}):
            if key not in fields:
                raise unknown("setting of block 'skeleton'", key, fields)
        resolved["skeleton"] = _skeleton(benchmark, {**fields, **overrides.get("skeleton", {})}).sizes()
    return resolved


def _skeleton(benchmark: Benchmark, fields: dict[str, Any]) -> Skeleton:
    """The supernet's skeleton; raises `UserError` when it cannot be built or does not fit the benchmark's images."""
    real = benchmark.standalone
    for name, value in fields.items():
        if type(value) is not int:
            raise UserError(f"impossible skeleton: '{name}' cannot be '{value}'; a whole number is allowed")
        if name in ("classes", "in_channels") and value != getattr(real, name):
            raise UserError(
                f"impossible skeleton: '{name}' cannot be {value}; the images of '{benchmark.name}' make it "
                f"{getattr(real, name)}"
            )
    try:
        skeleton = Skeleton(**fields)
    except ValueError as error:
        raise UserError(f"impossible skeleton: {error}") from error
    if skeleton.image_size < 1 or real.image_size % skeleton.image_size:
        raise UserError(
            f"impossible skeleton: images of side {real.image_size} cannot be pooled to side {skeleton.image_size}"
        )
    return skeleton


def _validated(model: type[BaseModel], block: str, values: dict[str, Any]) -> dict[str, Any]:
    for key in values:
        if key not in model.model_fields:
            raise unknown(f"setting of block '{block}'", key, model.model_fields)
    try:
        return model.model_validate(values).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join([block, *(str(part) for part in first["loc"])])
        raise UserError(f"setting '{name}' cannot be '{first.get('input')}': {first['msg']}") from error
