"""A paper as data: what it is, its items, and the numbers that only its text states."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from nasrepro.papers.cells_figure import CellsItem
from nasrepro.papers.drawn import DrawnItem, SchematicItem
from nasrepro.papers.figure import FigureItem
from nasrepro.papers.part import Part
from nasrepro.papers.quoted import Quoted
from nasrepro.papers.table import TableItem

PaperItem = TableItem | FigureItem | CellsItem | DrawnItem | SchematicItem
"""Told apart by their `kind`."""


class Paper(Part):
    """A paper, its items, and what else it states."""

    slug: str
    short: str
    title: str
    authors: list[str]
    venue: str
    year: int
    edition: str
    """Which version the numbers were read from."""
    reference: str
    """One line for a bibliography."""
    items: list[Annotated[PaperItem, Field(discriminator="kind")]]
    quoted: list[Quoted] = Field(default_factory=list)
    """Numbers that its text states apart from the tables, in the order of the text."""

    @model_validator(mode="after")
    def _items_belong_here(self) -> Self:
        names = [item.item for item in self.items]
        if len(set(names)) != len(names) or any(item.paper != self.slug for item in self.items):
            raise ValueError(f"the items of {self.slug} are not unique or name another paper")
        return self

    @model_validator(mode="after")
    def _quoted_once_and_measured_by_items_of_this_paper(self) -> Self:
        names = [quoted.name for quoted in self.quoted]
        if len(set(names)) != len(names):
            raise ValueError(f"two quoted numbers of {self.slug} have one name")
        known = {item.item for item in self.items}
        for quoted in self.quoted:
            if quoted.item and quoted.item not in known:
                raise ValueError(f"{self.slug}, '{quoted.name}': there is no item called '{quoted.item}'")
        return self
