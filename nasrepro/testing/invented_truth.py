"""A truth for tests that need one and do not care which."""

from __future__ import annotations

import numpy as np

from nasrepro.oracles.base import Answer, Fidelity, Oracle
from nasrepro.seeds import derive
from nasrepro.spaces.base import Genotype
from nasrepro.splits import Split


class InventedTruth(Oracle):
    """An accuracy for every genotype of any space, drawn from its id; remembers which splits were asked for."""

    name = "invented"
    source = "drawn at random for a test"
    covers_space = False

    def __init__(self, search: Fidelity) -> None:
        self.search = search
        self.asked: set[Split] = set()

    def fidelities(self) -> list[Fidelity]:
        """Three lengths of training, so that a search may ask for shorter and longer ones."""
        asked = self.search
        return [Fidelity(asked.dataset, asked.split, asked.epochs * k // 2) for k in (1, 2, 4)]

    def seconds(self, genotype: Genotype, *, dataset: str, epochs: int) -> float:
        return 0.01 * epochs

    def query(self, genotype: Genotype, *, dataset: str, split: Split, epochs: int, seed: int | None = None) -> Answer:
        self.asked.add(split)
        return Answer(derive(0, genotype.id) % 10_000 / 100, 1, self.search, self.source)

    def query_all(
        self, *, dataset: str, split: Split, epochs: int, seed: int | None = None, quantity: str | None = None
    ) -> np.ndarray:
        raise NotImplementedError("an invented truth has no table")

    def fingerprint(self) -> str:
        return "0" * 64
