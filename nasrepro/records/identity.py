"""What makes two runs the same whatever data they read and machine they ran on, known from a record alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nasrepro.records.record import RunRecord
from nasrepro.records.spec import RunSpec, canonical_json


@dataclass(frozen=True)
class Later:
    """A setting that is younger than some records, and what runs did before there was one."""

    benchmarks: str
    """What the names of the benchmarks concerned begin with; others had the setting from their first record on."""
    block: str
    name: str
    value: Any


LATER = (
    Later("nb201-", "training", "watched_cells", 0),
    Later("nb201-", "training", "watch_points", 100),
    Later("nb201-", "training", "nesterov", True),
    Later("nb201-", "training", "execution", "path"),
)


def completed(spec: RunSpec) -> dict[str, Any]:
    """All settings of a run, those that are younger than its record with what it did."""
    settings: dict[str, Any] = dict(spec.settings)
    for later in LATER:
        block = settings.get(later.block)
        if spec.benchmark.startswith(later.benchmarks) and isinstance(block, dict) and later.name not in block:
            settings[later.block] = {**block, later.name: later.value}
    return settings


def brought_up(record: RunRecord) -> RunRecord:
    """The record with all settings of today, so that it may stand in one row with younger runs of the same kind."""
    settings = completed(record.spec)
    if settings == record.spec.settings:
        return record
    return record.model_copy(update={"spec": record.spec.model_copy(update={"settings": settings})})


def digest(settings: Mapping[str, Any]) -> str:
    """SHA-256 (first 16 hex digits) of settings."""
    return hashlib.sha256(canonical_json(settings).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class RunIdentity:
    """A run without its data, and without its threads and its device, which change rounding only."""

    method: str
    benchmark: str
    scale: str
    protocol: str
    seed: int
    settings: str
    """Digest of all of them."""

    @classmethod
    def of(cls, spec: RunSpec) -> RunIdentity:
        """That of a record or of a planned run."""
        return cls(spec.method, spec.benchmark, spec.scale, spec.protocol, spec.seed, digest(completed(spec)))
