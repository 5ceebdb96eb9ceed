"""Which records may stand in one table, and in what order their methods stand there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

from nasrepro.errors import UserError
from nasrepro.records.record import RunRecord, Score
from nasrepro.records.spec import Protocol
from nasrepro.reporting.table_model import join_words

PRIMARY = "test"
REFERENCE_METHOD = "random"


def checked(records: Sequence[RunRecord], *, several_protocols: bool = False) -> list[RunRecord]:
    """The records without repetitions, sorted for display; raises `UserError` when they must not share a table.

    One table has one benchmark, scale, protocol, code protocol version and truth; one row has one setting of its
    method and each seed once. With `several_protocols` a table may have more than one protocol; a row never has.
    """
    unique = list({record.key: record for record in records}.values())
    if not unique:
        raise UserError("there are no records to report")
    rules: list[tuple[str, Callable[[RunRecord], object]]] = [
        ("benchmark", lambda r: r.spec.benchmark),
        ("scale", lambda r: r.spec.scale),
        ("protocol", lambda r: r.spec.protocol),
        ("protocol version", lambda r: r.protocol_version),
        ("ground truth", lambda r: f"{r.truth.source} ({r.truth.fingerprint[:12]})"),
        ("primary scoring", lambda r: fidelity(primary(r)) if primary(r) else None),
    ]
    if several_protocols:
        rules = [rule for rule in rules if rule[0] != "protocol"]
    for what, read in rules:
        values = sorted({str(read(record)) for record in unique if read(record) is not None})
        if len(values) > 1:
            raise UserError(
                f"records of different {what} cannot share a table: {join_words(values)}; render them apart"
            )
    _check_rows(unique)
    methods = {name: i for i, name in enumerate(method_order(unique))}
    order = get_args(Protocol)
    return sorted(unique, key=lambda r: (methods[r.spec.method], order.index(r.spec.protocol), r.spec.seed))


def protocols_of(records: Sequence[RunRecord]) -> list[str]:
    """The protocols of the records, in the order in which protocols are named everywhere."""
    present = {record.spec.protocol for record in records}
    return [name for name in get_args(Protocol) if name in present]


def rows_of(records: Sequence[RunRecord]) -> dict[str, list[RunRecord]]:
    """The records by row, in their order: a row is a method, in a table of several protocols `gdas · as-released`."""
    several = len(protocols_of(records)) > 1
    rows: dict[str, list[RunRecord]] = {}
    for record in records:
        spec = record.spec
        rows.setdefault(f"{spec.method} · {spec.protocol}" if several else spec.method, []).append(record)
    return rows


def _check_rows(records: Sequence[RunRecord]) -> None:
    seen: dict[tuple[str, str], RunRecord] = {}
    seeds: set[tuple[str, str, int]] = set()
    for record in records:
        spec = record.spec
        if (spec.method, spec.protocol, spec.seed) in seeds:
            raise UserError(f"two different records of '{spec.method}' have seed {spec.seed}; a row has each seed once")
        seeds.add((spec.method, spec.protocol, spec.seed))
        first = seen.setdefault((spec.method, spec.protocol), record).spec
        if first.model_copy(update={"seed": spec.seed}) != spec:
            differing = sorted(
                k for k in {*first.settings, *spec.settings} if first.settings.get(k) != spec.settings.get(k)
            )
            pair = f"records of '{spec.method}' with seeds {first.seed} and {spec.seed}"
            raise UserError(
                f"{pair} differ in {join_words(differing) or 'threads or device'}; one row never mixes them"
            )


def method_order(records: Sequence[RunRecord]) -> list[str]:
    """The reference first, then methods that train nothing, then weight sharing; by name within each."""
    trains = {record.spec.method: False for record in records}
    for record in records:
        trains[record.spec.method] |= record.cost.steps > 0
    return sorted(trains, key=lambda name: (name != REFERENCE_METHOD, trains[name], name))


def primary(record: RunRecord) -> Score | None:
    """The score under the benchmark's primary scoring."""
    return next((score for score in record.scores if score.scoring == PRIMARY), None)


def probe_truth(records: Sequence[RunRecord]) -> str:
    """What the probe cells are ranked against, in words; empty without probes."""
    name = next((record.probes.truth_scoring for record in records if record.probes is not None), "")
    scores = (score for record in records for score in record.scores if score.scoring == name)
    return fidelity(next(scores, None)) or name


def fidelity(score: Score | None) -> str:
    """`cifar10 test after 200 epochs`."""
    return "" if score is None else f"{score.dataset} {score.split} after {score.epochs:,} epochs"
