"""What a search may see: training and validation data, and validation queries. Asking for test raises."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasrepro.errors import TestSplitForbidden
from nasrepro.oracles.base import Fidelity, Oracle
from nasrepro.spaces.base import Genotype, Space
from nasrepro.splits import Split

if TYPE_CHECKING:  # torch takes seconds to import, and multi-trial methods need none
    from nasrepro.datasets.images import ImageData
    from nasrepro.datasets.text import TextData


@dataclass
class SearchContext:
    """Everything a search is given. It counts the queries made, per split."""

    space: Space[Any]
    seed: int
    settings: Mapping[str, Any]
    """Resolved settings: `training`, `skeleton`, `sampler`, `selector` or `search`."""
    search_fidelity: Fidelity
    """What multi-trial methods ask the oracle."""
    probe_cells: list[Genotype]
    work: Path
    """Folder for the checkpoint."""
    report: Callable[[int, int], None]
    """`report(done, total)`: drives the progress bar."""
    skeleton: Any = None
    """Of the supernet."""
    device: str = "cpu"
    """Where networks and data belong, as PyTorch calls it. What is drawn or decided stays on the CPU."""
    standalone: Any = None
    """Of the networks whose truth is looked up; parameters and MACs refer to it."""
    _oracle: Oracle | None = None
    _load_data: Callable[[], ImageData | TextData] | None = None
    single_number: bool = False
    """True where the truth holds one number per cell, so that searching and scoring read the same one."""
    higher_is_better: bool = True
    """False where perplexities are looked up."""
    queries: dict[str, int] = field(default_factory=lambda: {split.value: 0 for split in Split})

    def query(self, genotype: Genotype, *, split: Split = Split.VALID, epochs: int | None = None) -> float:
        """Looked-up accuracy in percent, or perplexity with its sign turned, so that higher is better; −inf where
        nothing was measured.

        `epochs` is one of `lengths()`; None is the benchmark's search fidelity. On a benchmark with a single number per
        cell that number is answered and counted as `scored`: such a search is optimization of the table, not
        selection by validation, and its record says so. Raises `TestSplitForbidden` for the test split.
        """
        self._refuse_test(split)
        asked, counted = self.search_fidelity, split.value
        if self.single_number:
            if epochs not in (None, asked.epochs):
                raise ValueError("a truth with one number per cell has one length of training")
            split, counted = asked.split, "scored"
        self.queries[counted] = self.queries.get(counted, 0) + 1
        answer = self._truth.query(genotype, dataset=asked.dataset, split=split, epochs=epochs or asked.epochs)
        if math.isnan(answer.value):
            return -math.inf
        return answer.value if self.higher_is_better else -answer.value

    def lengths(self) -> list[int]:
        """The lengths of training, in epochs, whose validation results on the search's data set may be asked."""
        return [] if self.single_number else self._truth.lengths(self.search_fidelity.dataset, Split.VALID)

    def one_training(self) -> bool:
        """True where results at several lengths are points of one training."""
        return self._truth.one_training(self.search_fidelity.dataset)

    def seconds(self, genotype: Genotype) -> float:
        """Training seconds behind a query at the search fidelity; raises `UserError` where none were measured."""
        asked = self.search_fidelity
        return self._truth.seconds(genotype, dataset=asked.dataset, epochs=asked.epochs)

    def data(self) -> ImageData | TextData:
        """The search's data set; its test split is empty."""
        if self._load_data is None:
            raise ValueError("this search was given no data")
        return self._load_data().without_test()

    @property
    def _truth(self) -> Oracle:
        if self._oracle is None:
            raise ValueError("this search was given no oracle")
        return self._oracle

    @staticmethod
    def _refuse_test(split: Split) -> None:
        if split is Split.TEST:
            raise TestSplitForbidden("a search asked for the test split")
