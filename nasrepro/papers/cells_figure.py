"""The shape of a figure about all cells of a small space: where searches land in their true order, and how weights that
are shared order them.

Nothing in it is drawn over a setting or over time alone: each view is one way to look at the worth of every cell, by
itself and under shared weights. What the text states is a claim about a number that every run has.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from nasrepro.papers.claim import Statement
from nasrepro.papers.item import Item
from nasrepro.papers.part import Part
from nasrepro.records.variant import StatedSettings, Variant

Form = Literal["strip", "truth", "rank-changes", "taus", "twins", "sharing", "training", "shared-training"]
"""How a view is drawn. `strip`: the cells in their true order, a row of markers per policy for its answers. `truth`:
bars of the true worth in that order, beside the worth under shared weights. `rank-changes`: the best cells by truth
and their places under shared weights, in the runs with the highest, the lowest and the middle τ. `taus`: the τ of
all runs beside what chance gives. `twins`: places of cells that compute the same function. `sharing`: the cells in the
order of shared weights, colored by how many matrices they share. `training`: the place of every cell while it is
trained by itself. `shared-training`: its place under shared weights while these are trained."""

Quantity = Literal["rank", "alike", "tau", "class tau", "sharing tau", "early tau"]
"""What a claim is about, a number for each run. `rank`: the true place of the answer, 1 for the best cell. `alike`:
share of the policy's other runs with the same answer. `tau`: Kendall τ-b of the order under shared weights against
truth. `class tau`: the same on functional classes, means over their cells. `sharing tau`: Kendall τ-b of the number of
shared matrices against the loss under shared weights. `early tau`: Kendall τ-b of the order of the cells trained by
themselves after a share of the training against their order at its end, for each seed of the trainings."""

_TRAINED_ALONE: frozenset[Quantity] = frozenset({"early tau"})
"""What no run of a search tells, but the truth's own trainings do."""


class Policy(Part):
    """A way to search, as a row of the figure; or the training of shared weights alone."""

    label: str
    method: str
    """Our method whose records are shown."""
    settings: StatedSettings = Field(default_factory=dict)

    @property
    def variant(self) -> Variant:
        """Whose runs are shown."""
        return Variant(method=self.method, settings=self.settings)


class View(Part):
    """One drawing of the figure."""

    form: Form
    title: str
    ours: bool = False
    """Whether the paper has no such drawing."""
    top: int | None = Field(None, ge=1)
    """Only so many of the best cells are shown."""
    marks: list[float] = Field(default_factory=list)
    """Shares of the training at which lines are drawn."""

    @model_validator(mode="after")
    def _fits_its_form(self) -> Self:
        if (self.top is not None and self.form != "rank-changes") or (self.marks and self.form != "training"):
            raise ValueError(f"view '{self.title}': {self.form} has no such part")
        return self


class CellsClaim(Statement):
    """A statement about a number of every run of a policy, or about the truth's own trainings."""

    quantity: Quantity
    policy: str = ""
    """Label of the policy; empty for a quantity of the truth's own trainings."""
    share: float | None = Field(None, gt=0, lt=1)
    """With `early tau`: the share of the training."""

    @property
    def is_difference(self) -> bool:
        return False

    @model_validator(mode="after")
    def _is_measured_of_something(self) -> Self:
        if (self.quantity in _TRAINED_ALONE) == bool(self.policy):
            raise ValueError(f"claim '{self.says}': '{self.quantity}' is of runs or of the truth, and says of which")
        if (self.quantity == "early tau") != (self.share is not None):
            raise ValueError(f"claim '{self.says}': a share of the training belongs to 'early tau'")
        return self


class CellsItem(Item):
    """A figure about all cells of a small space."""

    kind: Literal["cells"] = "cells"
    policies: list[Policy] = Field(default_factory=list)
    views: list[View]
    released_order: list[str] = Field(default_factory=list)
    """Ids of all cells, the truly best first, as the paper's authors released it: a truth of another size and corpus,
    which ours can be held against."""
    claims: list[CellsClaim] = Field(default_factory=list)
    how: str
    """How ours is obtained and where it differs from the paper's, for the caption."""

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Of the policies."""
        return tuple(policy.variant for policy in self.policies)

    @property
    def needs_trainings(self) -> bool:
        """Whether the truth must tell how its cells were trained, epoch by epoch."""
        return any(view.form == "training" for view in self.views)

    def policy(self, label: str) -> Policy:
        """The policy that is labeled so; raises KeyError."""
        return {policy.label: policy for policy in self.policies}[label]

    @model_validator(mode="after")
    def _claims_are_about_policies(self) -> Self:
        labels = [policy.label for policy in self.policies]
        if not self.views or len(set(labels)) != len(labels):
            raise ValueError(f"{self.id}: there is no view, or two policies are labeled alike")
        for claim in self.claims:
            if claim.policy and claim.policy not in labels:
                raise ValueError(f"{self.id}: a claim is about '{claim.policy}', which is no policy")
            if not claim.policy and not self.needs_trainings:
                raise ValueError(f"{self.id}: a claim is about trainings that no view shows")
        return self
