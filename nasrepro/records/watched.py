"""How the inherited scores of a few fixed cells change while others are trained: what forgetting is measured from."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scored(_Part):
    """One-shot scores of the watched cells at one moment, index-aligned with `Watched.cells`."""

    right: list[int]
    """Right answers among `Watched.images` validation images."""
    loss: list[float]
    """Mean cross-entropy in nats, six significant digits."""


class Look(_Part):
    """The watched cells right before and right after one weight update.

    Where a regularizer runs more paths than the sampled one, their weights move in between as well; with replayed paths
    that have updates of their own, so do those.
    """

    step: int
    """Number of that update, counted from 1."""
    path: str | None
    """Id of the sampled cell; None where a mixture was trained."""
    before: Scored
    after: Scored


class Watched(_Part):
    """Everything that was seen of the watched cells.

    The images and their batches are the same at every look, so a score changes only when weights do.
    """

    cells: list[str]
    truth: list[float | None]
    """Primary scoring, joined after the search."""
    images: int
    looks: list[Look]
