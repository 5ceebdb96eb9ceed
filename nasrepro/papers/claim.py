"""What a paper states of a table or a figure of its own, in a form that runs of ours can be held against."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from nasrepro.papers.part import Part


class Statement(Part):
    """A statement of the paper, as a quantity of ours that lies above or below a bound."""

    says: str
    """What the paper states, in our words with its number."""
    measured: str
    """What of ours is held against it, in words."""
    relation: Literal["above", "below"] | None = None
    """None where the statement has no bound: ours is reported without a verdict."""
    bound: float | None = None
    """In the quantity's unit."""
    every: bool = False
    """Whether it is stated of every single run, so that one on the other side contradicts it; else of their mean."""

    @property
    def is_difference(self) -> bool:
        """Whether two quantities of ours are subtracted, seed by seed."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _a_relation_needs_a_bound(self) -> Self:
        if (self.relation is None) != (self.bound is None):
            raise ValueError(f"claim '{self.says}': relation and bound belong together")
        if self.every and self.bound is None:
            raise ValueError(f"claim '{self.says}': what holds of every run needs a bound")
        return self
