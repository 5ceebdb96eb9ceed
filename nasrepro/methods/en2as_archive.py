"""EN²AS's archive of continuous cells, and how novelty moves them (Zhang et al., Eq. 6 to 8). Trains nothing.

A cell is one number per gene, such as the operation of an edge in the order of the space's operations, and stands for
the genes it rounds to. That makes neighbors in the list of operations neighbors in the archive: a 1×1 convolution lies
between a skip connection and a 3×3 convolution for no better reason than that the list says so. The coding is the
paper's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from nasrepro.spaces.base import Space
from nasrepro.spaces.novelty import distances, novelty
from nasrepro.training.settings import Settings


class ArchiveSettings(Settings):
    """Published but for the length of a step and its baseline: at the published length hardly any cell ever changes."""

    published: ClassVar[str] = "Zhang et al., EN²AS, appendix"
    ours: ClassVar[tuple[str, ...]] = ("gamma", "centered", "kept", "compared")

    archive: int = Field(100, ge=2, description="cells S that novelty is measured against; the first S are uniform")
    perturbations: int = Field(10, ge=2, description="n, around the cell that moves in a step")
    sigma: float = Field(1.0, gt=0, description="standard deviation of a perturbation, in operations")
    gamma: float = Field(10.0, ge=0, description="step size γ; published: 0.1")
    neighbors: int = Field(10, ge=1, description="k nearest cells of the archive that novelty is the mean distance to")
    centered: bool = Field(
        True,
        description="a perturbation's score is compared with the mean of the others; the expected step stays, its "
        "variance shrinks",
    )
    kept: Literal["continuous", "rounded"] = Field(
        "continuous",
        description="what stays in the archive; as released the rounded cell, so that steps below one half are lost",
    )
    compared: int | None = Field(
        None,
        ge=1,
        description="how many of the first decisions of a cell (edges of NAS-Bench-201) distances look at, the others "
        "count as different; null looks at all",
    )

    @model_validator(mode="after")
    def _neighbors_are_in_the_archive(self) -> Self:
        if self.neighbors > self.archive:
            raise ValueError(f"{self.neighbors} neighbors in an archive of {self.archive}")
        return self


class Archive:
    """Cells of a space as continuous genes, G of them each."""

    def __init__(self, space: Space[Any], settings: ArchiveSettings) -> None:
        self.settings, self.space = settings, space
        self._last = np.array(space.gene_sizes) - 1
        self._high = np.nextafter(self._last + 0.5, 0)
        self.genes = np.empty((0, len(space.gene_sizes)))
        """As kept (m, G)."""
        self.codes = np.empty((0, len(space.gene_sizes)), dtype=np.int8)
        """As rounded (m, G)."""

    @property
    def full(self) -> bool:
        """True once cells no longer join but move."""
        return len(self.genes) >= self.settings.archive

    def join(self, cell: Sequence[int]) -> None:
        """A cell enters."""
        self._set(np.vstack([self.genes, np.array(cell, dtype=float)]))

    def perturbed(self, member: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Perturbations ε of a member (n, G), and the cells they lead to (n, G)."""
        noise = rng.standard_normal((self.settings.perturbations, self.genes.shape[1]))
        return noise, self._rounded(self.genes[member] + self.settings.sigma * noise)

    def novelty(self, codes: np.ndarray) -> np.ndarray:
        """Mean distance of cells (n, G) to their k nearest in the archive (n,), Eq. 6. The cell that is about to move
        is among them, since the archive is fixed at the beginning of a step."""
        paths, kept = self.space.decisions(codes), self.space.decisions(self.codes)
        decisions = paths.shape[1]
        seen = self._seen(decisions)
        found = novelty(self.space, paths[:, seen], kept[:, seen], self.settings.neighbors)
        whole: np.ndarray = 1 - (1 - found) * len(seen) / decisions
        return whole

    def _seen(self, decisions: int) -> np.ndarray:
        """Which decisions distances look at: the first ones of each cell."""
        each = decisions // self.space.cell_kinds
        first = np.arange(min(self.settings.compared or each, each))
        return (each * np.arange(self.space.cell_kinds)[:, None] + first).ravel()

    def move(self, member: int, noise: np.ndarray, scores: np.ndarray) -> bool:
        """Move a member up the gradient that scores (n,) of its perturbations estimate, Eq. 8; True if it rounds to
        another cell then."""
        settings = self.settings
        weights = scores / len(scores)
        if settings.centered:  # each against the mean of the others: dividing by n − 1 is all the difference
            weights = (scores - scores.mean()) / (len(scores) - 1)
        moved = self._bounded(self.genes[member] + settings.gamma / settings.sigma * (weights @ noise))
        after = self._rounded(moved)
        changed = bool((self.codes[member] != after).any())
        self.genes[member] = after if settings.kept == "rounded" else moved
        self.codes[member] = after
        return changed

    def distinct(self) -> int:
        """Number of different cells in the archive."""
        return len(np.unique(self.space.decisions(self.codes), axis=0))

    def spread(self) -> dict[str, float]:
        """Mean distances within the archive over all decisions, by name: of all pairs, to the nearest other cell, and
        to the k nearest others. Needs two cells."""
        paths = self.space.decisions(self.codes)
        apart = np.sort(distances(self.space, paths, paths), axis=1)[:, 1:]  # less itself, or one equal to it
        return {
            "mean distance in the archive": float(apart.mean()),
            "mean distance to the nearest cell": float(apart[:, 0].mean()),
            "mean novelty in the archive": float(apart[:, : self.settings.neighbors].mean()),
        }

    def state_dict(self) -> dict[str, Any]:
        return {"genes": self.genes.tolist()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._set(np.array(state["genes"], dtype=float).reshape(-1, self.genes.shape[1]))

    def _set(self, genes: np.ndarray) -> None:
        self.genes, self.codes = genes, self._rounded(genes)

    def _bounded(self, genes: np.ndarray) -> np.ndarray:
        """Within what rounds to an operation. Further out every perturbation would round to the same one, so that a
        gene would no longer feel novelty and hardly ever come back."""
        found: np.ndarray = np.clip(genes, -0.5, self._high)
        return found

    def _rounded(self, genes: np.ndarray) -> np.ndarray:
        nearest = np.floor(self._bounded(genes) + 0.5)
        codes: np.ndarray = np.minimum(nearest, self._last).astype(
            np.int8
        )  # just below ½ plus ½ is 1 in floating point
        return codes
