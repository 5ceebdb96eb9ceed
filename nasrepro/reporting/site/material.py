"""What the site is made of: plain data that other rooms hand over, and what its parts make of it.

Parts are worked out independently, an item of a paper or a benchmark each, possibly in several processes; pages are put
together from their results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from nasrepro.papers.ledger import Difference
from nasrepro.papers.model import Paper, PaperItem
from nasrepro.papers.place import Place
from nasrepro.records.record import RunRecord
from nasrepro.reporting.cells_values import Trainings

State = Literal["done", "partial", "missing", "reported", "schematic", "drawn"]
"""Of an item: all of its runs are there, some, none; or there is nothing to run, because its numbers are only quoted,
it was drawn by hand in the paper, or it is a drawing of cells."""

Files = dict[str, str | bytes]
"""By path relative to the site, with forward slashes."""


@dataclass(frozen=True)
class Held:
    """A record and where it lies."""

    record: RunRecord
    path: Path
    fresh: bool
    """Of the run store; otherwise published earlier."""


@dataclass(frozen=True)
class PlaceRuns:
    """The runs of an item at one of its places."""

    place: Place
    state: Literal["done", "partial", "missing"]
    done: int
    wanted: int
    """Runs: variants that the place's benchmark can do, times seeds."""
    held: Sequence[Held]


@dataclass(frozen=True)
class ItemMaterial:
    """An item of a paper and the runs that make it."""

    item: PaperItem
    state: State
    places: Sequence[PlaceRuns]
    trainings: Mapping[str, Trainings] = field(default_factory=dict)
    """By benchmark, how all cells of its space fared, for an item that shows it."""


@dataclass(frozen=True)
class BenchmarkMaterial:
    """A benchmark and the runs that are compared on it, at one scale and protocol: of each method those with one
    setting."""

    name: str
    facts: Mapping[str, str]
    """What it is, as label and text in the order to be read: space, search data, scorings, truth, how to get its
    data."""
    held: Sequence[Held]


@dataclass(frozen=True)
class MethodMaterial:
    """A method, in words."""

    name: str
    summary: str
    paper: str
    kind: str
    """`one-shot method` or `multi-trial method`."""
    parts: Mapping[str, str]
    """Sampler, loss and selector, or the search, by these words."""
    answers: Mapping[str, str]
    """The question that a method answers, and this one's answer."""
    protocols: Sequence[str]
    differences: Sequence[Difference]
    """Entries of the ledger that concern it."""


@dataclass(frozen=True)
class SiteMaterial:
    """Everything the site shows."""

    papers: Sequence[Paper]
    items: Mapping[str, ItemMaterial]
    """By id, such as `e2nas/table-1`, in the order of the papers."""
    benchmarks: Sequence[BenchmarkMaterial]
    methods: Sequence[MethodMaterial]
    ledger: Sequence[Difference]
    held: Sequence[Held]
    """Every record that stands behind the site, once."""
    unread: Sequence[str] = ()
    """Why a record could not be read, a sentence each."""
    command: str = "nasrepro site"


@dataclass(frozen=True)
class ClaimRow:
    """A statement of a paper beside what one group of our runs says of it."""

    paper: str
    item: str
    """Id of the item, whose section has the statement in full."""
    says: str
    measured: str
    source: str
    """The group of our runs in words, such as `ours, rnn-ptb`."""
    benchmark: str
    scale: str
    effect: float | None
    """Mean of the quantity over seeds, in its unit."""
    low: float | None
    high: float | None
    bound: float | None
    n: int
    p: float | None
    verdict: str
    records: Sequence[str]
    """Keys."""
    digits: int = 2
    relation: Literal["above", "below"] | None = None
    """Where the paper puts the quantity, seen from the bound; None without one."""
    every: bool = False
    """Whether it is said of every single run, so that no test of the mean decides."""
    fulfilled: int = 0
    """Seeds on the stated side of the bound."""
    difference: bool = False
    """Whether the effect is one quantity minus another, and so has a sign."""


@dataclass(frozen=True)
class ItemResult:
    """An item worked out: files beside the pages, its section of the paper's page, and its verdicts."""

    id: str
    files: Files
    body: str
    """HTML of the section below its heading, with links relative to a page one folder below the site's root."""
    claims: Sequence[ClaimRow]
    findings: Sequence[str]


@dataclass(frozen=True)
class MethodRow:
    """What a benchmark's comparison says of one method, for the method's own page."""

    method: str
    benchmark: str
    scale: str
    quantity: str
    """The primary scoring in words, such as `Test accuracy (%)`."""
    higher_is_better: bool
    mean: float | None
    std: float | None
    low: float | None
    high: float | None
    n: int
    tau: float | None
    tau_low: float | None
    tau_high: float | None
    against_random: float | None
    """Mean difference to one uniform cell per seed; None where that was not run."""
    p: float | None
    """Of that difference, adjusted over the benchmark's methods; None with too few seeds."""
    steps: float | None
    """Mean path steps of a run."""
    seconds: float | None
    records: Sequence[str]


@dataclass(frozen=True)
class BenchmarkResult:
    """A benchmark worked out."""

    name: str
    files: Files
    body: str
    """As in `ItemResult`."""
    rows: Sequence[MethodRow]
    findings: Sequence[str]


@dataclass(frozen=True)
class Results:
    """Of all parts, by id and by name."""

    items: Mapping[str, ItemResult]
    benchmarks: Mapping[str, BenchmarkResult]
