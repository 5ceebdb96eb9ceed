"""Makes the file of `papers/programme.py`: `python -m nasrepro.experiments.programme`."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from nasrepro import papers
from nasrepro.experiments.expected import expected
from nasrepro.files import write_atomically
from nasrepro.papers.catalog import papers as all_papers
from nasrepro.papers.model import PaperItem
from nasrepro.papers.programme import PROGRAMME_FILE, PlannedPlace, Programme, ProgrammeRun, programme_text
from nasrepro.records.identity import digest
from nasrepro.records.spec import Scale


def made() -> Programme:
    """What every item of every paper runs at its places, by the present code."""
    items = [item for paper in all_papers().values() for item in paper.items]
    return {item.id: planned for item in items if (planned := _of(item))}


def _of(item: PaperItem) -> list[PlannedPlace]:
    places = [place for scale in get_args(Scale) for place in item.places_at(scale)]
    return [
        PlannedPlace(
            place=place,
            runs=[
                ProgrammeRun(variant=own.variant.text, method=own.variant.method, settings=digest(own.settings))
                for own in expected(item, place)
            ],
        )
        for place in places
    ]


if __name__ == "__main__":
    write_atomically(Path(papers.__file__).with_name(PROGRAMME_FILE), programme_text(made()).encode())
