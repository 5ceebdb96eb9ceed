"""Which runs make a paper's item at one of its places, known without any data, and which of them records hold.

Runs are told apart by their specification alone. A record that is older than a setting counts as a run with that
setting's default, which is what it did.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache

from nasrepro import benchmarks
from nasrepro.errors import UserError
from nasrepro.experiments.specifying import Specified, specified
from nasrepro.experiments.variants import Overrides
from nasrepro.methods import catalog
from nasrepro.methods.bound import reason_against
from nasrepro.methods.resolving import resolve
from nasrepro.papers.model import PaperItem
from nasrepro.papers.place import EVERY_METHOD, Place
from nasrepro.records.spec import RunSpec, canonical_json
from nasrepro.records.variant import Variant


def able(item: PaperItem, place: Place, protocol: str = "sound") -> list[Variant]:
    """The item's variants, with what the place sets of single methods, whose methods exist, know the protocol and can
    search on the place's benchmark."""
    target = benchmarks.get(place.benchmark)
    found = []
    for variant in item.variants:
        if not catalog.knows(variant.method):
            continue
        method = catalog.get(variant.method)
        refused = reason_against(method.sampler or method.search, target.space.name)
        untrainable = method.one_shot and target.data is None
        if protocol in method.protocols and not refused and not untrainable:
            found.append(place.stated(variant))
    return found


def for_every_method(place: Place, overrides: Overrides | None = None) -> Overrides:
    """What the place sets for all methods, and `overrides` where both set the same."""
    common, more = place.settings.get(EVERY_METHOD, {}), overrides or {}
    return {block: {**common.get(block, {}), **more.get(block, {})} for block in {**common, **more}}


def expected(item: PaperItem, place: Place, protocol: str = "sound") -> list[Specified]:
    """The runs of the item at the place, one for all seeds of a variant. Raises `UserError` where the place sets what
    none of its methods has."""
    variants = able(item, place, protocol)
    if not variants:
        return []
    return specified(
        variants,
        benchmarks.get(place.benchmark),
        scale=place.scale,
        protocols=[protocol],
        overrides=for_every_method(place),
    )


def identity(spec: RunSpec) -> str:
    """What makes two runs the same, whatever data they read: the specification without its threads, which change
    rounding only, as text."""
    return canonical_json(spec.model_dump(mode="json", exclude={"threads"}))


def settled(spec: RunSpec) -> RunSpec:
    """A record's specification with settings that are newer than the record; unchanged where its method, benchmark or
    settings are not known here."""
    settings = _settled(spec.method, spec.benchmark, spec.scale, spec.protocol, canonical_json(spec.settings))
    return spec if settings is None else spec.model_copy(update={"settings": dict(settings)})


@lru_cache(maxsize=4096)
def _settled(method: str, benchmark: str, scale: str, protocol: str, settings: str) -> dict[str, object] | None:
    try:
        target = benchmarks.get(benchmark)
        return resolve(catalog.get(method).inside(target), target, scale, json.loads(settings), protocol=protocol)
    except UserError:
        return None


def identities(own: Specified, seeds: Sequence[int]) -> list[str]:
    """Of the runs of one variant with these seeds."""
    return [identity(own.spec(seed, threads=1)) for seed in seeds]
