"""Recurrent cells of the field under the names they are known by, with what was printed about them
(`darts_rnn_cells.json`).

Their names end with `RNN` where there is a pair of convolutional cells of the same name; within the space of recurrent
cells the plain name will do.
"""

from __future__ import annotations

from dataclasses import dataclass

from nasrepro.spaces import darts_rnn_text
from nasrepro.spaces.named import NamedCells


@dataclass(frozen=True)
class PrintedPerplexity:
    """What somebody printed about one training of a cell."""

    source: str
    """A table, a README or the log of a training."""
    dataset: str
    test: float
    """Test perplexity; with averaged weights, of the epoch that was best in validation."""
    valid: float | None = None
    """Validation perplexity of this epoch."""
    params_m: float | None = None
    """Millions of parameters as printed."""
    epochs: int | None = None
    hidden: int | None = None
    """Width, where it is not the usual one of the data set."""
    note: str = ""


CELLS = NamedCells("darts_rnn_cells.json", darts_rnn_text.read, PrintedPerplexity)
"""The recurrent cells that others refer to by name."""
