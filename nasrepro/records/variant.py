"""A method with some of its settings stated: what an ablation compares, and what a row of a paper's table is."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from nasrepro.records.spec import RunSpec

StatedSettings = dict[str, dict[str, JsonValue]]
"""Block → setting → value, as in `{"sampler": {"gamma": 0.2}}`."""


class Variant(BaseModel):
    """A method and the settings that are stated of it; whatever is not stated is as the method has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    settings: StatedSettings = {}

    @property
    def text(self) -> str:
        """As on the command line: `gdas`, `gdas[sampler.tau_start=5;training.lr=0.1]`."""
        stated = [
            f"{block}.{name}={value_text(value)}"
            for block, values in self.settings.items()
            for name, value in values.items()
        ]
        return f"{self.method}[{';'.join(stated)}]" if stated else self.method

    def fits(self, spec: RunSpec) -> bool:
        """Whether a run is one of this variant: of its method, with all the stated settings among the resolved ones."""
        return spec.method == self.method and all(
            _holds(spec.settings.get(block), name, value)
            for block, values in self.settings.items()
            for name, value in values.items()
        )

    def excludes(self, other: Variant) -> bool:
        """Whether no run can fit both: other methods, or a setting that both state with different values."""
        if self.method != other.method:
            return True
        return any(
            name in other.settings.get(block, {}) and other.settings[block][name] != value
            for block, values in self.settings.items()
            for name, value in values.items()
        )


def _holds(block: Any, name: str, value: JsonValue) -> bool:
    return isinstance(block, dict) and name in block and bool(block[name] == value)


def value_text(value: JsonValue) -> str:
    """A value as people type it: texts bare, whole numbers without a point, everything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)
