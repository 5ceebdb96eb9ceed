"""A paper as data: what it is, and its items."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from nasrepro.papers.cells_figure import CellsItem
from nasrepro.papers.figure import FigureItem
from nasrepro.papers.part import Part
from nasrepro.papers.table import TableItem

PaperItem = TableItem | FigureItem | CellsItem
"""Told apart by their `kind`."""


class Paper(Part):
    """A paper and its items."""

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

    @model_validator(mode="after")
    def _items_belong_here(self) -> Self:
        names = [item.item for item in self.items]
        if len(set(names)) != len(names) or any(item.paper != self.slug for item in self.items):
            raise ValueError(f"the items of {self.slug} are not unique or name another paper")
        return self
