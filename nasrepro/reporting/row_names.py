"""What the rows of a table are called: the method, and whatever tells the rows of one method apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from nasrepro.records.record import RunRecord
from nasrepro.records.spec import Protocol
from nasrepro.records.variant import value_text

_UNSET = object()
_Place = tuple[tuple[int, float, str], ...]


class RowNames:
    """Names within one table. Settings are named where records of one method and protocol differ in them, and by
    their last part alone where that is clear."""

    def __init__(self, records: Sequence[RunRecord]) -> None:
        self._several = len(protocols_of(records)) > 1
        self._differing = _differing(records)
        full = [path for paths in self._differing.values() for path in paths]
        last = [path.rpartition(".")[2] for path in dict.fromkeys(full)]
        self._short = {
            path: name if last.count(name) == 1 else path for path in full for name in [path.rpartition(".")[2]]
        }

    def differing(self, method: str) -> list[str]:
        """Full names of the settings in which the method's rows differ, such as `sampler.tau_start`."""
        return self._differing.get(method, [])

    def row(self, record: RunRecord) -> str:
        """`gdas`, `gdas · as-released`, `gdas · tau_start=5`, `gdas · as-released · tau_start=5`."""
        protocol = [record.spec.protocol] if self._several else []
        return " · ".join([record.spec.method, *protocol, *self._settings(record)])

    def variant(self, record: RunRecord) -> str:
        """The row's name without its protocol."""
        return " · ".join([record.spec.method, *self._settings(record)])

    def settings(self, record: RunRecord) -> str:
        """The settings by which the row differs, in full: `sampler.tau_start=5;training.lr=0.1`."""
        flat = _flat(record.spec.settings)
        return ";".join(_assigned(path, flat.get(path, _UNSET)) for path in self.differing(record.spec.method))

    def place(self, record: RunRecord) -> _Place:
        """Sorts the rows of a method by the values of their settings: numbers rising, then texts, then none."""
        flat = _flat(record.spec.settings)
        return tuple(_rank(flat.get(path, _UNSET)) for path in self.differing(record.spec.method))

    def _settings(self, record: RunRecord) -> list[str]:
        flat = _flat(record.spec.settings)
        return [_assigned(self._short[path], flat.get(path, _UNSET)) for path in self.differing(record.spec.method)]


def protocols_of(records: Sequence[RunRecord]) -> list[str]:
    """The protocols of the records, in the order in which protocols are named everywhere."""
    present = {record.spec.protocol for record in records}
    return [name for name in get_args(Protocol) if name in present]


def _differing(records: Sequence[RunRecord]) -> dict[str, list[str]]:
    """By method: the settings that differ between records of one protocol; a protocol is itself a set of settings."""
    by_kind: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for record in records:
        by_kind.setdefault((record.spec.method, record.spec.protocol), []).append(_flat(record.spec.settings))
    found: dict[str, set[str]] = {}
    for (method, _), flats in by_kind.items():
        first = flats[0]
        for other in flats[1:]:
            paths = {path for path in {*first, *other} if first.get(path, _UNSET) != other.get(path, _UNSET)}
            found.setdefault(method, set()).update(paths)
    return {method: sorted(paths) for method, paths in found.items() if paths}


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`{"sampler": {"gamma": 0.2}}` → `{"sampler.gamma": 0.2}`."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": found for inner, found in _flat(value).items()}
        else:
            flat[name] = value
    return flat


def _assigned(name: str, value: Any) -> str:
    return f"{name} unset" if value is _UNSET else f"{name}={value_text(value)}"


def _rank(value: Any) -> tuple[int, float, str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0, float(value), ""
    if value is None or value is _UNSET:
        return 2, 0.0, ""
    return 1, 0.0, value_text(value)
