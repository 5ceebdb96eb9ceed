"""The shape of a paper's figure: its panels, which series of our records draw them, and what the paper says of it.

A figure prints no numbers, so it is drawn again from runs of ours; what the text states about it in numbers or as an
order is a `Claim`, which the same runs are held against.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from nasrepro.papers.item import Item, Part


class Axis(Part):
    """What an axis shows."""

    label: str
    unit: str = ""
    """Empty where the label says it all, as for counts."""


class Curve(Part):
    """One line of a panel."""

    key: str
    label: str
    method: str
    """Our method whose records hold the series."""
    series: str
    """Name in `RunRecord.series`."""


class Panel(Part):
    """One pair of axes; the x axis is the figure's."""

    title: str
    y: Axis
    digits: int = 2
    """Decimals in tables."""
    higher_is_better: bool | None = None
    curves: list[Curve]


class Place(Part):
    """A point of a curve."""

    curve: str
    """Key of the curve."""
    x: float


class Claim(Part):
    """A statement of the paper about the figure, as a quantity of ours that lies above or below a bound."""

    says: str
    """What the paper states, in our words with its number."""
    measured: str
    """What of ours is held against it, in words."""
    at: Place
    minus: Place | None = None
    """Subtracted, seed by seed, where the statement is about a difference."""
    relation: Literal["above", "below"] | None = None
    """None where the statement has no bound: ours is reported without a verdict."""
    bound: float | None = None
    """In the curve's unit."""
    line: str = ""
    """Name of the line that is drawn at the bound; none is drawn where it is empty."""

    @model_validator(mode="after")
    def _a_relation_needs_a_bound(self) -> Self:
        if (self.relation is None) != (self.bound is None):
            raise ValueError(f"claim '{self.says}': relation and bound belong together")
        return self


class FigureItem(Item):
    """A figure of a paper that our records can draw."""

    kind: Literal["figure"] = "figure"
    x: Axis
    panels: list[Panel]
    claims: list[Claim] = Field(default_factory=list)
    how: str
    """How ours is obtained and where it differs from the paper's, for the caption."""

    @property
    def curves(self) -> dict[str, Curve]:
        """Every curve by its key, panel by panel."""
        return {curve.key: curve for panel in self.panels for curve in panel.curves}

    @property
    def methods(self) -> tuple[str, ...]:
        """Of the curves."""
        return tuple(dict.fromkeys(curve.method for curve in self.curves.values()))

    def panel_of(self, key: str) -> Panel:
        """The panel that shows the curve `key`; raises KeyError."""
        for panel in self.panels:
            if any(curve.key == key for curve in panel.curves):
                return panel
        raise KeyError(key)

    @model_validator(mode="after")
    def _claims_are_about_curves(self) -> Self:
        keys = [curve.key for panel in self.panels for curve in panel.curves]
        if not keys or len(set(keys)) != len(keys):
            raise ValueError(f"{self.id}: there is no curve, or a key occurs twice")
        for claim in self.claims:
            for place in (claim.at, claim.minus):
                if place is not None and place.curve not in keys:
                    raise ValueError(f"{self.id}: a claim is about '{place.curve}', which is no curve")
        return self
