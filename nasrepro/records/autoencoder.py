"""What is known of an autoencoder of cells: how it was trained, and what its latent points are worth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from nasrepro.errors import UserError
from nasrepro.files import write_atomically
from nasrepro.records.record import Provenance

Kind = Literal["graph", "lstm"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AutoencoderTraining(_Part):
    """One training, told beside its weights."""

    schema_version: Literal[1] = 1
    kind: Kind
    label: str
    """As in the measures."""
    seed: int
    recipe: dict[str, Any]
    """Every setting of the training."""
    cells: int
    """Trained on; the others of the space were held out."""
    losses: list[list[float]]
    """By epoch: reconstruction loss and KL divergence in nats per cell, or the one weighted loss of the LSTM."""
    seconds: float
    reconstructed: float
    """Share of the cells trained on that greedy decoding gives back exactly."""
    reconstructed_held_out: float | None
    weights: str
    """SHA-256 of the file of weights."""
    provenance: Provenance


class Prior(_Part):
    """What points drawn from N(0, I) decode to."""

    samples: int
    connected: float
    """Share with a path from input to output."""
    few: int
    distinct_of_few: int
    """Different cells among the first `few` samples."""
    distinct: int
    """Different cells among all."""


class Origin(_Part):
    """The cell that z = 0 decodes to."""

    genotype: str
    text: str
    worth: float | None


class Gap(_Part):
    """How much two cells differ on average."""

    accuracy: float
    """In points."""
    rank: float
    """In percent of all cells by which their ranks by accuracy differ; a third for random pairs."""


class AutoencoderMeasures(_Part):
    """What a trained autoencoder makes of all cells of the space."""

    kind: Kind
    label: str
    """Which of its kind, to people; the same for those that differ in their seed only."""
    seed: int
    numbers: int
    """Of which a latent point consists."""
    reconstructed: float
    """Share of all cells that decode ∘ encode gives back."""
    image: int
    """Different cells that decode ∘ encode gives."""
    sharing: int
    """Cells that decode to what another one decodes to as well."""
    closest: float
    """Smallest distance of two cells, in units of the median distance to the nearest neighbour."""
    nearest_of_none: int
    nearest_of_one: int
    nearest_of_several: int
    """Cells that are nobody's nearest neighbour, one other cell's, several others'."""
    isomorphic_closest: float
    """Smallest distance of two cells of one official class, in the same unit."""
    isomorphic_nearest: float
    """Share, of the cells of classes with more than one, whose nearest neighbour is of their class."""
    nearest_one_edge: float
    """Share of cells whose nearest neighbour differs on one edge."""
    nearest_gap: Gap
    """Between a cell and its nearest neighbour."""
    correlation: float
    """Pearson's, of the distance with the number of edges that differ."""
    gaps: list[Gap]
    """Between a cell and its neighbours by rank of distance, between the bounds of the reference."""
    prior: Prior | None = None
    origin: Origin | None = None


class SpaceReference(_Part):
    """The same measures where nothing is learned."""

    truth: str
    """Whose accuracies: benchmark, data set, split and epochs."""
    source: str
    fingerprint: str
    cells: int
    sample: int
    """Cells around which neighbours are sorted."""
    bounds: list[int]
    """Ranks between which neighbours are grouped."""
    random_pairs: Gap
    one_edge: Gap
    """Between two cells that differ on one edge."""
    by_edges: list[Gap]
    """The curve of neighbours sorted by the number of edges that differ, in random order where that is equal."""
    isomorphic_random: float
    """Share of cells whose random neighbour would be of their class, as `isomorphic_nearest`."""
    prior: Prior
    """Cells drawn uniformly."""


class AutoencoderStudy(_Part):
    """Everything that a page about autoencoders shows."""

    reference: SpaceReference
    measures: list[AutoencoderMeasures]
    trainings: list[AutoencoderTraining]


def write_training(path: Path, training: AutoencoderTraining) -> None:
    """Store what is known of a training as readable JSON."""
    text = json.dumps(training.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(path, (text + "\n").encode())


def read_training(path: Path) -> AutoencoderTraining:
    """What is known of a training; raises `UserError` naming the file when it is missing or damaged."""
    try:
        return AutoencoderTraining.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = error.strerror if isinstance(error, OSError) else error.errors()[0]["msg"]
        raise UserError(f"'{path}' cannot be read as a training of an autoencoder: {reason}") from error
