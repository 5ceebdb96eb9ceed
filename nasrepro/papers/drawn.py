"""The shape of figures that nothing is measured for: cells that a genotype draws again, and drawings by hand."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nasrepro.papers.item import Item
from nasrepro.papers.part import Part
from nasrepro.records.variant import Variant


class StillItem(Item):
    """A figure that no run of ours makes, so it is run nowhere."""

    benchmark: str = ""
    seeds: list[int] = Field(default_factory=list)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """None."""
        return ()


class DrawnCell(Part):
    """One cell, or the pair of a normal and a reduction cell that belong together."""

    title: str
    text: str
    """What `nasrepro show` takes: the name of a known cell, or a genotype as papers and code print it."""
    note: str = ""
    """Where it differs from the paper's drawing."""


class DrawnItem(StillItem):
    """A figure of cells."""

    kind: Literal["drawn"] = "drawn"
    cells: list[DrawnCell] = Field(min_length=1)


class SchematicItem(StillItem):
    """A figure that explains something, or one of which nothing is known that could be drawn."""

    kind: Literal["schematic"] = "schematic"
    why: str = Field(min_length=1)
    """Why there is nothing to regenerate, and where to read what it explains."""
