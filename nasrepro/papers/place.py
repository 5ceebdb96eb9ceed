"""Where a table or a figure is measured here: a benchmark, a scale, seeds, and what is set there."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from nasrepro.papers.part import Part
from nasrepro.records.spec import Scale
from nasrepro.records.variant import StatedSettings, Variant

EVERY_METHOD = ""


class Place(Part):
    """One way to run an item: every variant of it, on this benchmark, with these seeds."""

    benchmark: str
    scale: Scale = "laptop"
    seeds: str = "0-1"
    """As on the command line: `0-9`, `0,1`."""
    settings: dict[str, StatedSettings] = Field(default_factory=dict)
    """What is set here beyond the scale: for one method under its name, and under the empty name for all, of whom each
    takes what it knows."""
    note: str = ""
    """What a reader must know of this place, such as that it stands in for data that cannot be had."""

    def stated(self, variant: Variant) -> Variant:
        """The variant with what is set here for its method; what it states itself goes before."""
        own = self.settings.get(variant.method, {})
        blocks = {**own, **variant.settings}
        settings = {block: {**own.get(block, {}), **variant.settings.get(block, {})} for block in blocks}
        return Variant(method=variant.method, settings=settings)

    @model_validator(mode="after")
    def _names_a_benchmark(self) -> Self:
        if not self.benchmark:
            raise ValueError("a place needs a benchmark")
        return self
