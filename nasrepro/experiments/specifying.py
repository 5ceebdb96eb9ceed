"""From methods, a benchmark, a scale, protocols and overrides to resolved settings; nothing is read or trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from nasrepro.benchmarks import Benchmark
from nasrepro.errors import unknown
from nasrepro.experiments.variants import Overrides
from nasrepro.methods import catalog
from nasrepro.methods.method import Method
from nasrepro.methods.resolving import resolve
from nasrepro.records.spec import Protocol, RunSpec, Scale
from nasrepro.records.variant import Variant


@dataclass(frozen=True)
class Specified:
    """A variant under one protocol with all of its settings; with a seed it is a run."""

    variant: Variant
    benchmark: str
    scale: Scale
    protocol: Protocol
    settings: dict[str, Any]
    device: str = "cpu"

    def spec(self, seed: int, threads: int) -> RunSpec:
        """The run with this seed."""
        return RunSpec(
            method=self.variant.method,
            benchmark=self.benchmark,
            scale=self.scale,
            protocol=self.protocol,
            seed=seed,
            threads=threads,
            device=self.device,
            settings=self.settings,
        )


def chosen_methods(variants: Sequence[Variant], target: Benchmark) -> dict[str, Method]:
    """The variants' methods by name, as they are in the benchmark's space."""
    return {name: catalog.get(name).inside(target) for name in dict.fromkeys(variant.method for variant in variants)}


def specified(
    variants: Sequence[Variant],
    target: Benchmark,
    *,
    scale: str,
    protocols: Sequence[str],
    overrides: Overrides,
    device: str = "cpu",
) -> list[Specified]:
    """Every variant under every one of the protocols that its method has; it must have one.

    What a variant states goes before `overrides`, of which a method takes what it knows. Networks are trained on the
    `device`; a run that trains none has nothing to do there. Raises `UserError` for whatever is wrong with the request.
    """
    chosen = chosen_methods(variants, target)
    if scale not in get_args(Scale):
        raise unknown("scale", scale, get_args(Scale))
    for name in protocols:
        check_protocol(name)
    asked = []
    for variant, rules in _pairs(variants, chosen, protocols):
        method = chosen[variant.method]
        stated = _joined(_own(method, overrides, list(chosen.values())), variant.settings)
        settings = resolve(method, target, scale, stated, protocol=rules)
        own = device if method.one_shot or target.retraining is not None else "cpu"
        asked.append(Specified(variant, target.name, scale, rules, settings, own))  # type: ignore[arg-type]
    return asked


def check_protocol(name: str) -> None:
    """Raise `UserError` for a protocol that is none."""
    if name not in get_args(Protocol):
        raise unknown("protocol", name, get_args(Protocol))


def _pairs(
    variants: Sequence[Variant], chosen: Mapping[str, Method], protocols: Sequence[str]
) -> list[tuple[Variant, str]]:
    """Every variant under every protocol that its method has."""
    return [(variant, rules) for variant in variants for rules in _under(chosen[variant.method], protocols)]


def _joined(first: Overrides, second: Overrides) -> Overrides:
    """Both; the second where they state the same."""
    return {block: {**first.get(block, {}), **second.get(block, {})} for block in {**first, **second}}


def _under(method: Method, protocols: Sequence[str]) -> Sequence[str]:
    """The protocols that the method has; all of them where it has none, for the refusal that names what it has."""
    return [name for name in protocols if name in method.protocols] or protocols


def _own(method: Method, overrides: Overrides, chosen: Sequence[Method]) -> Overrides:
    """The overrides that concern this method; one that concerns none of the chosen methods is refused later."""
    mine = {**method.blocks(), **({"skeleton": None} if method.one_shot else {})}
    someone = {block for other in chosen for block in (*other.blocks(), *(["skeleton"] if other.one_shot else []))}
    own: Overrides = {}
    for block, values in overrides.items():
        if block not in someone:
            raise unknown("block of settings", block, sorted(someone))
        if block not in mine:
            continue
        model = mine[block]
        for name, value in values.items():
            others = [m for m in chosen if m is not method and block in m.blocks()]
            known = model is None or name in model.model_fields
            if known or not any(name in other.blocks()[block].model_fields for other in others):
                own.setdefault(block, {})[name] = value
    return own
