"""What every item of a paper has, whether it is a table or a figure."""

from __future__ import annotations

import itertools
from typing import Self

from pydantic import Field, model_validator

from nasrepro.papers.part import Part
from nasrepro.papers.place import Place
from nasrepro.records.spec import Scale
from nasrepro.records.variant import Variant


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
    trained: bool = False
    """Whether the paper trained the cells that it prints numbers of: then no table holds them, and ours are trained at
    the size that the run's scale says."""
    seeds: list[int]
    """Search seeds that the paper states for its own runs; empty where it states none."""
    run_seeds: str = "0-4"
    """Seeds of ours unless the reader asks for others."""
    places: list[Place] = Field(default_factory=list)
    """Where ours is run at scale laptop, a benchmark that needs no download first; empty where nothing of it is run."""
    notes: list[str] = Field(default_factory=list)

    @property
    def id(self) -> str:
        """`<paper>/<item>`, the name used on the command line."""
        return f"{self.paper}/{self.item}"

    def places_at(self, scale: Scale) -> list[Place]:
        """Where ours is run at a scale: for small runs the first place alone with one seed, at the published size the
        paper's own place."""
        if scale == "laptop" or not self.variants:
            return self.places
        if scale == "paper":
            return [Place(benchmark=self.benchmark, scale=scale, seeds=self.run_seeds)]
        return [Place(benchmark=place.benchmark, scale=scale, seeds="0") for place in self.places[:1]]

    @property
    def travels(self) -> bool:
        """Whether the primary scoring of any benchmark may stand for the paper's own, because no number of it could be
        looked up anyway."""
        return self.trained or bool(self.measured_on)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Whose runs make the item, in its order: methods of ours with the settings that the item states of them."""
        raise NotImplementedError

    @property
    def methods(self) -> tuple[str, ...]:
        """Of the variants, each once."""
        return tuple(dict.fromkeys(variant.method for variant in self.variants))

    @model_validator(mode="after")
    def _a_run_belongs_to_one_variant(self) -> Self:
        """Nothing may depend on what a method's defaults are, so variants of one method state what they differ in."""
        for first, second in itertools.combinations(self.variants, 2):
            if first != second and not first.excludes(second):
                raise ValueError(
                    f"{self.id}: a run could be of '{first.text}' and of '{second.text}'; both must state a setting in "
                    "which they differ"
                )
        return self
