"""One run again, from nothing but its record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydantic import JsonValue

from nasrepro.errors import UserError
from nasrepro.experiments.plan import PlannedRun, plan
from nasrepro.records.comparing import Comparison, compare_records
from nasrepro.records.identity import completed
from nasrepro.records.record import RunRecord
from nasrepro.records.spec import PROTOCOL_VERSION
from nasrepro.records.store import RunStore
from nasrepro.records.variant import Variant


@dataclass(frozen=True)
class Repetition:
    """A run that is to be made once more."""

    before: RunRecord
    planned: PlannedRun
    filled: dict[str, JsonValue]
    """Settings that are newer than the record, as `block.name`: with what runs did before there was one, where that is
    known, else with what method, benchmark, scale and protocol give them today."""

    def compare(self, again: RunRecord) -> Comparison:
        """Hold the record against the one made again; newer settings, and the key that they change, do not count."""
        before = self.before
        if self.filled:
            settings: dict[str, Any] = {**before.spec.settings}
            for name in self.filled:
                block, _, setting = name.partition(".")
                settings[block] = {**settings.get(block, {}), setting: self.filled[name]}
            spec = before.spec.model_copy(update={"settings": settings})
            before = before.model_copy(update={"spec": spec, "key": self.planned.key})
        return compare_records(before, again)


def repetition(record: RunRecord, store: RunStore) -> Repetition:
    """Plan the run of a record once more, to be carried out in `store`, which should be empty.

    Raises `UserError` when it cannot be the same run: made by another version of the code, with a setting that is gone,
    or with other data than lie here.
    """
    spec = record.spec
    if record.protocol_version != PROTOCOL_VERSION:
        raise UserError(
            f"record '{record.key}' was made under version {record.protocol_version} of the code protocol; this "
            f"nasrepro runs version {PROTOCOL_VERSION}, which may give another record"
        )
    recorded: Any = spec.settings
    (planned,) = plan(
        [Variant(method=spec.method, settings=completed(spec))],
        spec.benchmark,
        [spec.seed],
        scale=spec.scale,
        protocol=spec.protocol,
        threads=spec.threads,
        device=spec.device,
        overrides={},
        store=store,
        allow_unverified=record.truth.unverified,
    )
    _refuse_other_data(record, planned)
    resolved: Any = planned.spec.settings
    filled = {
        f"{block}.{name}": value
        for block, values in resolved.items()
        for name, value in values.items()
        if name not in recorded.get(block, {})
    }
    # its variant states every setting, which is nothing to call a run by
    called = replace(planned, variants=(Variant(method=spec.method),))
    return Repetition(record, called, filled)


def _refuse_other_data(record: RunRecord, planned: PlannedRun) -> None:
    names = {**record.data, **planned.data}
    different = [name for name in names if record.data.get(name) != planned.data.get(name)]
    if different:
        told = "; ".join(
            f"'{name}' is {_short(planned.data.get(name))}, not {_short(record.data.get(name))}" for name in different
        )
        raise UserError(f"the data are not those of record '{record.key}': {told}")


def _short(digest: str | None) -> str:
    return f"{digest[:12]}…" if digest else "absent"
