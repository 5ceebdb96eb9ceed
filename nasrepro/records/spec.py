"""What a run is: the complete specification, and the key under which its record is stored."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

PROTOCOL_VERSION = 1
"""Raised whenever the code would give another record for the same spec; old records then stay but are not reused."""

Scale = Literal["smoke", "laptop", "paper"]
Protocol = Literal["sound", "as-written", "as-released"]


class RunSpec(BaseModel):
    """One run: nothing that changes its record is missing here, and nothing else is in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    benchmark: str
    scale: Scale
    protocol: Protocol
    seed: int
    threads: int = 1
    device: str = "cpu"
    settings: dict[str, JsonValue] = {}
    """Every resolved setting: method, training and skeleton."""


def run_key(spec: BaseModel, data: dict[str, str], version: int = PROTOCOL_VERSION) -> str:
    """SHA-256 (first 20 hex digits) of a specification, data hashes and the version of the code that it is run by."""
    identity = {"spec": spec.model_dump(mode="json"), "data": data, "protocol_version": version}
    return hashlib.sha256(canonical_json(identity).encode()).hexdigest()[:20]


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
