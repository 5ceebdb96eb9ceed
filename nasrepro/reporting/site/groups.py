"""The runs of an item at its places as groups that stand in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nasrepro.errors import UserError
from nasrepro.reporting.ours import OursGroup
from nasrepro.reporting.site.material import Held, PlaceRuns


@dataclass(frozen=True)
class Groups:
    """What can be shown, and why the rest cannot."""

    shown: Sequence[OursGroup]
    refused: Sequence[str]
    """A sentence for each group of runs that must not stand in one table."""


def groups_of(places: Sequence[PlaceRuns]) -> Groups:
    """A group for each place that has runs.

    Fresh and published runs stand together, as they are the same runs on any machine, unless something forbids it, such
    as another ground truth: then they are groups of their own.
    """
    shown: list[OursGroup] = []
    refused: list[str] = []
    for place in places:
        parts = [[own for own in place.held if own.fresh is fresh] for fresh in (True, False)]
        together = _group(place.held) if all(parts) else None
        if together is not None and not _reason_against(together):
            shown.append(together)
            continue
        for group in (_group(part) for part in parts if part):
            if reason := _reason_against(group):
                refused.append(f"The runs of {group.label} cannot be shown: {reason}.")
            else:
                shown.append(group)
    return Groups(shown, refused)


def _reason_against(group: OursGroup) -> str:
    """Why the runs must not stand in one table; empty when they may."""
    try:
        return "" if group.analysis else "there are none"
    except UserError as error:
        return str(error)


def _group(held: Sequence[Held]) -> OursGroup:
    fresh, published = (sum(own.fresh is kind for own in held) for kind in (True, False))
    spec = held[0].record.spec
    whose = "ours" if not fresh else "ours, fresh" if not published else "ours, fresh and published"
    parts = [whose, spec.benchmark, spec.scale]
    label = ", ".join(parts + ([spec.protocol] if spec.protocol != "sound" else []))
    origin = f"{fresh} fresh runs and {published} published records, measured earlier" if fresh and published else ""
    return OursGroup(label, [own.record for own in held], fresh=published == 0, origin=origin)
