"""Every run that the papers' items are made of, with all of its settings resolved, as a file.

It is made by `python -m nasrepro.experiments.programme`, and a test says when it is older than the code. With it a
report finds the records behind an item without loading any method.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from pydantic import TypeAdapter

from nasrepro.papers.part import Part
from nasrepro.papers.place import Place

PROGRAMME_FILE = "programme.json"


class ProgrammeRun(Part):
    """A variant at a place, for all seeds of the place."""

    variant: str
    """As the item has it, in the words of the command line."""
    method: str
    settings: str
    """Digest of all of them (`records.identity`)."""


class PlannedPlace(Part):
    """The runs of an item at one place; those that its benchmark cannot do are none of them."""

    place: Place
    runs: list[ProgrammeRun]


Programme = dict[str, list[PlannedPlace]]
"""By item, at every scale."""


def programme_text(planned: Programme) -> str:
    """As it is stored."""
    return _ADAPTER.dump_json(planned, indent=1, exclude_defaults=True).decode() + "\n"


@lru_cache(maxsize=1)
def programme() -> Programme:
    """The stored one."""
    return _ADAPTER.validate_json(resources.files("nasrepro.papers").joinpath(PROGRAMME_FILE).read_bytes())


def planned_places(item: str, scale: str) -> list[PlannedPlace]:
    """The places of an item at a scale; none for an item that nothing is run for, or that the file does not know."""
    return [own for own in programme().get(item, []) if own.place.scale == scale]


_ADAPTER = TypeAdapter(Programme)
