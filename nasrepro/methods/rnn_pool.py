"""NAO's pool in spaces of recurrent cells: as released for them, and as run in the space of two nodes."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from nasrepro.methods.nao_moves import Cell, random_cells
from nasrepro.methods.nao_pool import PoolSampler, PoolSettings
from nasrepro.spaces.base import Space
from nasrepro.training.sampler import Lessons


class RnnPoolSettings(PoolSettings):
    """Released: 1000 cells, scored five times; after each but the last, the best 650 stay beside 300 new ones, found
    by steps from the best 100, and 50 random ones."""

    published: ClassVar[str] = "released code of Luo et al. (NeurIPS 2018), recurrent cells with weight sharing"
    ours: ClassVar[tuple[str, ...]] = ("symmetry",)

    layers: int = Field(4, ge=0, description="ReLU layers of the predictor before its output")
    dropout: float = Field(0.0, ge=0, lt=1, description="after such a layer")
    pool: int = Field(1000, ge=2, description="cells, all different; random ones at first")
    largest_step: int = Field(30, ge=1, description="the search for new cells ends after a step of this size")
    seeds: int = Field(100, ge=1, description="best cells that steps are taken from")
    new_cells: int = Field(300, ge=0, description="decoded cells that join the pool at a renewal, at most")
    random_cells: int = Field(50, ge=0, description="random cells that join it beside them, as long as there are any")
    grows: bool = Field(False, description="whether cells that join replace none")
    symmetry: bool = Field(False, description="the coding of recurrent cells knows no mirror images")

    def climbing(self, cells: int) -> int:
        return min(self.seeds, cells)

    def decoded(self, cells: int) -> int:
        return self.new_cells


class RnnPoolSampler(PoolSampler):
    """A pool that may grow, and remembers which cells it began with."""

    Settings = RnnPoolSettings
    settings: RnnPoolSettings

    def __init__(self, space: Space[Any], settings: RnnPoolSettings, seed: int) -> None:
        super().__init__(space, settings, seed)
        self._initial = frozenset(self.pool)
        self._curves: dict[str, list[tuple[float, float]]] = {}

    def end_epoch(self, lessons: Lessons, epoch: int, epochs: int) -> int:
        """As the pool of images, and measures what was scored."""
        before = set(self.pool)
        passes = super().end_epoch(lessons, epoch, epochs)
        if passes:
            best = self.space.genes(self.best())
            for name, value in (
                ("cells in the pool", len(before)),
                ("share of the pool that it began with", len(self._initial & before) / len(before)),
                ("best cell was in the first pool", best in self._initial),
            ):
                self._curves.setdefault(name, []).append((float(epoch + 1), float(value)))
        return passes

    def curves(self) -> dict[str, list[tuple[float, float]]]:
        """By epoch, whenever the pool was scored: its size, the share of its cells that were in the first, random pool,
        and 1 where the best one was, else 0."""
        return self._curves

    def state_dict(self) -> dict[str, Any]:
        return {
            **super().state_dict(),
            "initial": sorted(self._initial),
            "curves": {name: list(points) for name, points in self._curves.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self._initial = frozenset(state["initial"])
        self._curves = {name: list(points) for name, points in state["curves"].items()}

    def _let_in(self, ranked: list[Cell], new: list[Cell]) -> None:
        known = {*ranked, *new}
        free = min(self.settings.random_cells, len(self.space) - len(known))
        joining = [*new, *random_cells(self.space, self._rng, known, free)]
        if not self.settings.grows:
            return super()._let_in(ranked, joining[: len(ranked)])
        self.pool = [*ranked, *joining]
