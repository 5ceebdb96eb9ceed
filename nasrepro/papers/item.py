"""What every item of a paper has, whether it is a table or a figure."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A piece of a paper as data: frozen, and nothing in it that is not known here."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(Part):
    """One numbered table or figure."""

    paper: str
    """Slug of the paper."""
    item: str
    """Such as `table-1`."""
    title: str
    caption: str
    """What the item shows, in our words."""
    benchmark: str
    """Where ours is run unless the reader asks for another place."""
    measured_on: str = ""
    """What the paper measured on, in words, where that is no benchmark of ours; empty when it is `benchmark`."""
    seeds: list[int]
    """Search seeds that the paper states for its own runs; empty where it states none."""
    run_seeds: str = "0-4"
    """Seeds of ours unless the reader asks for others."""
    notes: list[str] = []

    @property
    def id(self) -> str:
        """`<paper>/<item>`, the name used on the command line."""
        return f"{self.paper}/{self.item}"

    @property
    def methods(self) -> tuple[str, ...]:
        """Our names of the methods whose runs make the item, in its order."""
        raise NotImplementedError
