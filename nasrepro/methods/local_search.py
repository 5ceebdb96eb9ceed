"""Hill climbing over the neighbours of a cell, restarted at every local optimum (White et al., UAI 2021)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from nasrepro.methods.base import SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.methods.multi_trial import Proposals, Queries, search_by_looking_up
from nasrepro.seeds import numpy_rng
from nasrepro.spaces.base import Genotype, Space
from nasrepro.training.settings import Settings


class LocalSearchSettings(Settings):
    """Published: a climb begins at the best of 10 random cells.

    The paper's Algorithm 1 asks all neighbours before it moves (`best`); the released code by default moves to the
    first better one (`first`), which spends a small budget better.
    """

    published: ClassVar[str] = "White et al. (UAI 2021), defaults of their release naszilla"
    ours: ClassVar[tuple[str, ...]] = ("queries",)

    queries: int = Field(100, ge=1, description="stand-alone validation results looked up")
    starts: int = Field(10, ge=1, description="random cells a climb begins at the best of")
    move: Literal["first", "best"] = Field(
        "first", description="first: to the first better neighbour, in random order; best: to the best of all"
    )


def local_search(context: SearchContext) -> SearchResult:
    """Climb from the best of a few random cells to a local optimum, again and again; the best of all cells wins.

    No cell is looked up twice: what is known of a neighbour decides without a query.
    """
    settings = LocalSearchSettings.model_validate(context.settings["search"])
    climbs = climbing(
        context.space,
        numpy_rng(context.seed, "local-search"),
        starts=settings.starts,
        all_neighbours=settings.move == "best",
    )
    return search_by_looking_up(context, climbs, Queries(settings.queries))


def climbing(space: Space[Any], rng: np.random.Generator, *, starts: int, all_neighbours: bool) -> Proposals:
    """The cells that climbs need to know, each once; ends when nothing of the space is unknown."""
    known: dict[Genotype, float] = {}
    while len(known) < len(space):
        fresh, drawn = min(starts, len(space) - len(known)), list[Genotype]()
        while len(drawn) < fresh:
            genotype = space.sample(rng)
            if genotype not in known:
                known[genotype] = yield genotype
                drawn.append(genotype)
        present: Genotype | None = max(drawn, key=known.__getitem__)
        while present is not None:
            present = yield from _step(space.neighbours(present), known, known[present], rng, all_neighbours)


def _step(
    neighbours: list[Genotype], known: dict[Genotype, float], height: float, rng: np.random.Generator, all_of_them: bool
) -> Generator[Genotype, float, Genotype | None]:
    """Look at neighbours in random order, those not known yet by asking; returns where to move, None at an optimum."""
    best: Genotype | None = None
    for k in rng.permutation(len(neighbours)):
        genotype = neighbours[int(k)]
        if genotype not in known:
            known[genotype] = yield genotype
        if known[genotype] > (height if best is None else known[best]):
            best = genotype
            if not all_of_them:
                break
    return best
