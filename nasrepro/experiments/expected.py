"""Which runs make a paper's item at one of its places, known without any data."""

from __future__ import annotations

from nasrepro import benchmarks
from nasrepro.experiments.specifying import Specified, specified
from nasrepro.experiments.variants import Overrides
from nasrepro.methods import catalog
from nasrepro.methods.bound import reason_against
from nasrepro.papers.model import PaperItem
from nasrepro.papers.place import EVERY_METHOD, Place
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
