"""The shape of a number that a paper states in its text and in none of its tables."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nasrepro.papers.part import Part

QuotedKind = Literal["setting", "cost", "result", "space"]
"""What a quoted number is of: how something was run, what it took, what came out, or how large a space is."""


class Quoted(Part):
    """One number of the text, with what it is said of."""

    name: str
    """Short, for people; unique in the paper."""
    says: str
    """What the paper states, in our words."""
    value: str = Field(min_length=1)
    """As printed; with its unit, where the paper gives one."""
    where: str
    """Section, caption or footnote."""
    kind: QuotedKind
    ours: str = ""
    """What of ours stands beside it: an item of the paper, a colon, and which part of it; or how to get ours, such as
    a command. Empty where the number is only reported."""

    @property
    def item(self) -> str:
        """Name of the item of this paper that measures ours, such as `figure-4`; empty where none does."""
        name, colon, _ = self.ours.partition(":")
        return name if colon and " " not in name else ""
