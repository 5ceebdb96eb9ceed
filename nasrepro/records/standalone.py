"""One training of one network from scratch: what it was, how it went, and what it says of the genotype."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from nasrepro.records.later import LaterFields
from nasrepro.records.record import Provenance
from nasrepro.records.spec import Scale
from nasrepro.records.store import PLAIN, RunStore, read_model, write_record

SCHEMA_VERSION = 1
TRAINING_VERSION = 1
"""Raised whenever the code would give another record for the same specification; old ones are not reused then."""
FOLDER = "standalone"
"""Where a run store keeps them."""
_OVERFLOW = 700.0  # nats


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StandaloneSpec(LaterFields, _Part):
    """One training: nothing that changes its record is missing here, and nothing else is in it."""

    later: ClassVar[tuple[str, ...]] = ("replicas", "scaling")

    genotype: str
    """Id such as `darts:…`."""
    benchmark: str
    scale: Scale
    split: Literal["valid", "test", "both"]
    """What was scored. For `test` all other images were trained on, for `valid` the training images alone. A text is
    scored on `both`: on the validation part after every epoch, on the test part once."""
    seed: int
    threads: int = 1
    device: str = "cpu"
    replicas: int = 1
    """Parts that every batch is cut into, each normalised by its own statistics; in processes or in turn."""
    scaling: Literal["fixed", "linear"] = "fixed"
    """`linear`: batch size and learning rate of the settings are those of one replica."""
    settings: dict[str, JsonValue]
    """Every resolved setting: blocks `training` and `skeleton`."""


class ScoredEpoch(_Part):
    """The network after `epoch` epochs, with running statistics; a language model with averaged weights, where they are
    averaged."""

    epoch: int
    accuracy: float
    """Percent, of images or of next words."""
    loss: float | None
    """Mean cross-entropy in nats; None where it is no number."""

    @property
    def error(self) -> float:
        """Percent of wrong answers."""
        return 100 - self.accuracy

    @property
    def perplexity(self) -> float:
        """Of a language model: exp of the loss, infinite where that is too large or no number."""
        return math.exp(self.loss) if self.loss is not None and self.loss < _OVERFLOW else math.inf


class StandaloneRecord(LaterFields, _Part):
    """The result of one training. `final` is what an honest table quotes; `best` was chosen on the scored images.

    A language model is scored on the test text with the weights that were best on the validation text.
    """

    later: ClassVar[tuple[str, ...]] = ("memory_bytes",)

    schema_version: int = SCHEMA_VERSION
    training_version: int = TRAINING_VERSION
    key: str
    spec: StandaloneSpec
    text: str
    """The genotype in its space's own notation."""
    data: dict[str, str]
    """SHA-256 of the files of images or text."""
    verified: bool = True
    """False where the data could not be verified as the official ones."""
    status: Literal["done", "diverged"]
    """`diverged`: the loss became NaN; there is no score."""
    problem: str | None = None
    """Why it diverged."""
    images: int
    """Trained on; of a text its words."""
    loss: list[float | None] = []
    """Mean training loss per epoch, with whatever was added to it; None where it exploded and was rolled back."""
    curve: list[ScoredEpoch] = []
    """On the scored images, or on the validation text; a rolled back epoch repeats the kept weights' score."""
    kept: int | None = None
    """Of a text: the epoch whose weights were kept."""
    test: ScoredEpoch | None = None
    """Of a text: the kept weights on the test part."""
    averaged_after: int | None = None
    """Of a text: the epoch after which weights were averaged, if they were."""
    rollbacks: int = 0
    """Of a text: how often training went back to the kept weights."""
    params: int
    params_with_auxiliary: int
    macs: int
    seconds: float
    """Of all epochs and scorings, by the clock; not part of equality."""
    memory_bytes: int | None = None
    """The most that was taken of the memory of one GPU; not part of equality. None on processors, whose workers do many
    jobs."""
    provenance: Provenance

    @property
    def final(self) -> ScoredEpoch | None:
        """After the last epoch; of a text the kept weights on the test part."""
        if self.status != "done":
            return None
        return self.test if self.of_text else self.curve[-1]

    @property
    def of_text(self) -> bool:
        """Whether a language model was trained."""
        return self.spec.split == "both"

    def worth(self, split: str) -> float:
        """What the genotype is judged by: accuracy in percent after the last epoch, or the perplexity of the kept
        weights on the split. NaN where the training diverged."""
        if self.final is None:
            return math.nan
        if not self.of_text:
            return self.final.accuracy
        return self.curve[(self.kept or 0) - 1].perplexity if split == "valid" else self.final.perplexity

    @property
    def best(self) -> ScoredEpoch | None:
        """The most accurate of the scored epochs, the first of equals. On test images no honest number, but one that
        papers quote."""
        return max(self.curve, key=lambda point: point.accuracy) if self.status == "done" else None

    def comparable(self) -> dict[str, Any]:
        """Everything two equal trainings must share: the record without seconds, memory, host, command and time of
        day."""
        return self.model_dump(mode="json", exclude={"seconds", "memory_bytes", "provenance"})


def training_path(store: RunStore, key: str) -> Path:
    """Where the record of the training lies, or will lie."""
    return store.root / FOLDER / f"{key}{PLAIN}"


def get_training(store: RunStore, key: str) -> StandaloneRecord | None:
    """The finished record, or None when the training has yet to be done; raises `UserError` naming a damaged file."""
    path = training_path(store, key)
    return read_training_record(path) if path.exists() else None


def put_training(store: RunStore, record: StandaloneRecord) -> None:
    """Store a finished record and drop its working folder; the record is safe before anything is deleted."""
    write_record(training_path(store, record.key), record)
    store.drop_work(record.key)


def read_training_record(path: Path) -> StandaloneRecord:
    """Load one record; raises `UserError` naming the file when it is damaged or of another schema."""
    return read_model(path, StandaloneRecord, SCHEMA_VERSION)
