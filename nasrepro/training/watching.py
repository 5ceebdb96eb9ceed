"""Looking at some cells right before and right after single weight updates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nasrepro.spaces.base import Genotype, Path
from nasrepro.supernets.choice import Choice
from nasrepro.training.evaluate import CellScore


class Watch:
    """Scores `cells` on the fixed evaluation images (or words, `units` of them) around the updates whose numbers, from
    1, are in `at`.

    Scoring leaves no trace in weights or random streams, so a watched training is the same training.
    """

    def __init__(
        self, cells: Sequence[Genotype], score: Callable[[Genotype], CellScore], units: int, at: Sequence[int]
    ) -> None:
        self.cells, self._score, self._units, self._at = cells, score, units, frozenset(at)

    def wants(self, step: int) -> bool:
        """Whether this update is looked at."""
        return bool(self.cells) and step in self._at

    def scores(self) -> dict[str, list[Any]]:
        """Right answers and losses of all cells under the present weights."""
        found = [self._score(cell) for cell in self.cells]
        return {
            "right": [round(item.accuracy * self._units / 100) for item in found],
            "loss": [float(f"{item.loss:.6g}") for item in found],
        }


def look(step: int, choice: Choice, before: dict[str, list[Any]], after: dict[str, list[Any]]) -> dict[str, Any]:
    """What is kept of one update, in plain containers that a checkpoint can hold; a mixture has no path."""
    path: Path | None = choice if isinstance(choice, tuple) else None
    return {"step": step, "path": path, "before": before, "after": after}
