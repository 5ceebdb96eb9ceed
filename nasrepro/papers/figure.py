"""The shape of a paper's figure: its panels, what of our records draws them, and what the paper says of it.

A figure prints no numbers, so it is drawn again from runs of ours; what the text states about it in numbers or as an
order is a `Claim`, which the same runs are held against.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from nasrepro.papers.claim import Statement
from nasrepro.papers.item import Item
from nasrepro.papers.part import Part
from nasrepro.records.variant import StatedSettings, Variant


class Axis(Part):
    """What an axis shows."""

    label: str
    unit: str = ""
    """Empty where the label says it all, as for counts."""


class Over(Part):
    """A setting that is varied along the x axis."""

    block: str
    name: str
    values: list[float]
    """The points of the curve, in rising order."""

    @model_validator(mode="after")
    def _values_rise(self) -> Self:
        if len(self.values) < 2 or self.values != sorted(set(self.values)):
            raise ValueError(f"the values of '{self.block}.{self.name}' are not at least two in rising order")
        return self


class Curve(Part):
    """One line of a panel: a series inside each run, or the worth of the answers of runs with different settings."""

    key: str
    label: str
    method: str
    """Our method whose records draw it."""
    settings: StatedSettings = Field(default_factory=dict)
    """What the curve states of the method, where that is more than its name."""
    series: str | None = None
    """Name of a series that the record holds, or of one that is derived from it."""
    level: str | None = None
    """Beside `series`: the name of another that is drawn dashed in the same color, such as what its cell is worth."""
    over: Over | None = None
    scoring: str | None = None
    """With `over`: what is measured at each of its values, `test` for the primary scoring, else `<dataset>.<split>`."""

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Whose runs draw the curve: one, or one for each point."""
        return tuple(self.at(x) for x in self.over.values) if self.over else (self._stated({}),)

    @property
    def quantity(self) -> str:
        """Name of what is drawn: the series', or the scoring's."""
        return self.series or self.scoring or ""

    def at(self, x: float) -> Variant:
        """Whose runs have the point at `x`."""
        return self._stated({self.over.block: {self.over.name: x}} if self.over else {})

    def _stated(self, more: StatedSettings) -> Variant:
        blocks = {**self.settings, **more}
        settings = {block: {**self.settings.get(block, {}), **more.get(block, {})} for block in blocks}
        return Variant(method=self.method, settings=settings)

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.series is None) == (self.over is None) or (self.over is None) != (self.scoring is None):
            raise ValueError(f"curve '{self.key}' needs a series, or a setting it is drawn over and a scoring")
        if self.level is not None and self.series is None:
            raise ValueError(f"curve '{self.key}' has a level beside no series")
        return self


class Panel(Part):
    """One pair of axes; the x axis is the figure's."""

    title: str
    y: Axis
    digits: int = 2
    """Decimals in tables."""
    higher_is_better: bool | None = None
    one_run: bool = False
    """Drawn from the run with the lowest seed, where a mean over seeds would hide what the panel is to show."""
    best_run: bool = False
    """Each curve drawn from the run in which it ends best; with `higher_is_better`."""
    levels: str = ""
    """What the levels of its curves are, for the caption."""
    curves: list[Curve]

    @property
    def of_single_runs(self) -> bool:
        """Whether each curve is one run's and no mean."""
        return self.one_run or self.best_run

    @model_validator(mode="after")
    def _levels_are_named(self) -> Self:
        if any(curve.level is not None for curve in self.curves) != bool(self.levels):
            raise ValueError(f"panel '{self.title}': levels are drawn and named, or neither")
        if self.best_run and (self.one_run or self.higher_is_better is None):
            raise ValueError(f"panel '{self.title}': the best run is one of several, and needs to know what is better")
        return self


class Place(Part):
    """A point of a curve, or the mean of its points over a range."""

    curve: str
    """Key of the curve."""
    x: float | None = None
    share: float | None = Field(None, ge=0, le=1)
    """Instead of `x`: the point nearest to this share of the way from 0 to the curve's end, which is 1 at any scale."""
    since: float | None = Field(None, ge=0, le=1)
    """With `share`: the mean of all points after this share of the way and up to `share`, where one point alone would
    say little, as of a curve that jumps."""

    @property
    def where(self) -> str:
        """On the x axis, in words."""
        if self.x is not None:
            return f"{self.x:g}"
        end = "the end" if self.share == 1 else f"{100 * (self.share or 0):g} % of the way"
        return end if self.since is None else f"{100 * self.since:g} % to {end}"

    @model_validator(mode="after")
    def _is_said_in_one_way(self) -> Self:
        if (self.x is None) == (self.share is None):
            raise ValueError(f"a place on '{self.curve}' needs either x or the share of the way")
        if self.since is not None and (self.share is None or self.since >= self.share):
            raise ValueError(f"a place on '{self.curve}' since {self.since:g} needs a later share of the way")
        return self


class Claim(Statement):
    """A statement about a place of a curve, or about the difference of two."""

    at: Place
    minus: Place | None = None
    """Subtracted, seed by seed, where the statement is about a difference."""
    line: str = ""
    """Name of the line that is drawn at the bound; none is drawn where it is empty."""

    @property
    def is_difference(self) -> bool:
        return self.minus is not None


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
    def variants(self) -> tuple[Variant, ...]:
        """Of the curves, each once."""
        found = [variant for curve in self.curves.values() for variant in curve.variants]
        return tuple({variant.text: variant for variant in found}.values())

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
                if place is None:
                    continue
                if place.curve not in keys:
                    raise ValueError(f"{self.id}: a claim is about '{place.curve}', which is no curve")
                over = self.curves[place.curve].over
                if over is not None and place.x not in over.values:
                    raise ValueError(f"{self.id}: a claim is about '{place.curve}' at {place.where}, which is no point")
        return self
