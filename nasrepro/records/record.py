"""What happened in a run, complete enough to render any table or figure without running or looking up anything."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from nasrepro.records.later import LaterFields
from nasrepro.records.spec import PROTOCOL_VERSION, RunSpec
from nasrepro.records.watched import Watched

SCHEMA_VERSION = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Found(_Part):
    """The genotype the search returned."""

    genotype: str
    """Id such as `nb201:6111`."""
    text: str
    """The space's own notation."""
    params: int
    macs: int
    """Of the stand-alone network the truth was measured with."""
    selection_value: float | None = None
    """The score that selected it (one-shot or queried validation accuracy in percent), never a test value."""


class Score(_Part):
    """The found genotype's worth under one scoring of the benchmark, looked up after the search."""

    scoring: str
    """`test` for the primary one, else `<dataset>.<split>`."""
    dataset: str
    split: str
    epochs: int
    value: float | None
    n_trials: int | None
    """None where the source does not say."""
    higher_is_better: bool = True
    optimum: float | None = None
    """Best value in the space, where the truth covers the space."""
    random_mean: float | None = None
    random_std: float | None = None
    """Exact mean and standard deviation of one uniform cell, where the truth covers the space."""
    percentile: float | None = None
    """Share of the space this value beats, ties counted half, in [0, 1]."""


class Checkpoint(_Part):
    """One-shot scores of the probe cells after `step` weight updates; index-aligned with `Probes.cells`."""

    step: int
    accuracy: list[float]
    """Percent."""
    loss: list[float]
    """Nats."""


class Probes(_Part):
    """How the supernet ranks the fixed probe cells while it is trained, with their truth joined afterwards."""

    cells: list[str]
    truth: list[float | None]
    truth_scoring: str
    truth_std: list[float | None] = []
    """Sample standard deviation of a cell's single trials, where trials are known."""
    truth_trials: list[int | None] = []
    """Trials behind each truth."""
    truth_std_of: str = ""
    """Which measurement `truth_std` is of, when the truth itself holds only means."""
    params: list[int]
    macs: list[int]
    live_conv_params: list[int]
    """Size of the convolutions that lie on a path from input to output: 1 for a 1×1, 9 for a 3×3."""
    checkpoints: list[Checkpoint]


class TracePoint(_Part):
    """The answer the method would have given at this point of its budget."""

    at: int
    """Weight updates, or validation queries of a multi-trial method."""
    genotype: str
    selection_value: float | None
    truth: float | None
    """Primary scoring of that genotype, joined after the search."""


class Visited(_Part):
    """A cell that the search would have answered with after an epoch, and until the next entry."""

    at: int
    """Weight updates."""
    genotype: str
    truth: float | None
    """Primary scoring of that genotype, joined after the search."""


class Cost(LaterFields, _Part):
    """What was spent, in counts that do not depend on the machine."""

    later: ClassVar[tuple[str, ...]] = ("memory_bytes",)

    steps: int = 0
    """Weight updates."""
    path_steps: int = 0
    """Forward-backward passes of one path, weights and architecture parameters together; a mixture of five operations
    counts as five."""
    forward_passes: int = 0
    """Batches scored without a backward pass to reward or score paths while the sampler learns."""
    samples: int = 0
    """Images (or tokens) seen in training."""
    scored_cells: int = 0
    """Different cells scored under the final inherited weights to choose the answer; 0 in records that are older."""
    queries: dict[str, int] = {}
    """Oracle queries during the search per split; `test` is always 0."""
    seconds: dict[str, float] = {}
    """Wall-clock; not part of equality. `search` is all of it but `watching` and `scoring`; `steps` is its part in
    which a supernet and its sampler are trained."""
    memory_bytes: int | None = None
    """The most that a search took of the memory of its GPU; not part of equality. None on CPUs, where a process is
    known only by the most that all its jobs took, and where no network is trained."""

    @property
    def wall_clock(self) -> float:
        """Seconds of the whole run."""
        return sum(value for name, value in self.seconds.items() if name != "steps")

    @property
    def ms_per_step(self) -> float | None:
        """Milliseconds of training per weight update; None where that is unknown."""
        return 1000 * self.seconds["steps"] / self.steps if self.steps and "steps" in self.seconds else None


class Truth(_Part):
    """Where the looked-up numbers come from."""

    source: str
    fingerprint: str
    unverified: bool = False
    note: str = ""


class Provenance(_Part):
    """Which code, packages and machine; not part of equality."""

    nasrepro: str
    commit: str | None
    dirty: bool | None
    python: str
    packages: dict[str, str]
    hardware: str
    command: str
    finished: str
    """UTC, ISO 8601."""


class RunRecord(_Part):
    """The result of one run."""

    schema_version: int = SCHEMA_VERSION
    protocol_version: int = PROTOCOL_VERSION
    key: str
    spec: RunSpec
    data: dict[str, str]
    """SHA-256 of every data set and table used."""
    status: Literal["done", "diverged", "failed"]
    """`diverged`: the loss became NaN; no genotype is returned."""
    error: str | None = None
    found: Found | None = None
    scores: list[Score] = []
    probes: Probes | None = None
    trace: list[TracePoint] = []
    visited: list[Visited] = []
    """Epoch by epoch, for a search that has an answer at any time; empty for others, and in records that are older."""
    watched: Watched | None = None
    """Where cells were watched while others were trained."""
    loss: list[float] = []
    """Mean training loss per epoch."""
    series: dict[str, list[tuple[float, float]]] = {}
    """Curves that the method measured of itself, by name, as (x, y) points."""
    cost: Cost = Cost()
    truth: Truth
    notes: list[str] = []
    provenance: Provenance

    def comparable(self) -> dict[str, Any]:
        """Everything two equal runs must share: the record without seconds, memory, host, command and time of day."""
        content = self.model_dump(mode="json", exclude={"provenance"})
        content["cost"].pop("seconds")
        content["cost"].pop("memory_bytes", None)
        return content
